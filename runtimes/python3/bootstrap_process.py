"""Makes the pre-started process the function's own: environment, folders; and ends it."""
import os
import sys
import time

# Where AWS Lambda's layers keep modules; looked at after the function's own.
LAYER_FOLDERS = ['/opt/python', '/opt/python/lib/python%d.%d/site-packages' % sys.version_info[:2]]


def adopt_function(header):
    """@param header of INIT"""
    os.environ.update(header['env'])
    time.tzset()
    os.chdir(header['taskRoot'])
    sys.path.insert(0, header['taskRoot'])
    if 'layersRoot' in header:
        sys.path[1:1] = LAYER_FOLDERS


def complete_interpreter(own_folder):
    """What an interpreter otherwise does first; it takes long, so it is done when nobody waits."""
    import site
    import traceback  # used by bootstrap_handler
    site.main()  # the image's own packages, and `exit`
    sys.path[:] = [folder for folder in sys.path if folder != own_folder]


def end_process(error):
    """As `sys.exit` ends a program. @param error SystemExit"""
    if error.code is None or isinstance(error.code, int):
        os._exit((error.code or 0) & 0xFF)
    os.write(2, f'{error.code}\n'.encode())
    os._exit(1)
