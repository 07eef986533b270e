"""The `logging` module as AWS Lambda sets it up: a root handler whose lines go to the call that writes them."""
import logging
import time


class RootHandler(logging.Handler):
    def __init__(self, logs, meter_now):
        super().__init__()
        self._logs, self._meter_now = logs, meter_now

    def emit(self, record):
        at = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))
        request_id = self._meter_now().request_id
        self._logs.write(2, f'[{record.levelname}]\t{at}.{int(record.msecs):03d}Z\t{request_id}\t{self.format(record)}\n')


def take_over(logs, meter_now):
    """The root logger's level stays WARNING until the user sets it."""
    logging.getLogger().addHandler(RootHandler(logs, meter_now))
