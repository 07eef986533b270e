"""A handler that every runtime process loads and runs once before it is attached."""


def handler(event, context):
    print('rehearsal', context.request_id, context.get_remaining_time_in_millis())
    return event
