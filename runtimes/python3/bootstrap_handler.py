"""Finds and loads the user's handler, and describes errors as they go to the caller."""
import importlib
import importlib.util
import os
import sys

MESSAGE_CHARS = 16 * 1024
TRACE_LINES = 40
TRACE_LINE_CHARS = 1000
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
CO_ASYNC = 0x80 | 0x200  # flags of a code object: `async def`, without and with `yield`


class Failure(Exception):
    """An error that the platform and not the user's code names."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type, self.trace = error_type, list(trace)


def describe(error, request_id=''):
    """Whatever was raised, as a small plain dictionary; also when reading it raises."""
    try:
        if isinstance(error, Failure):
            kind, trace = error.error_type, error.trace
        else:
            kind, trace = type(error).__name__, user_trace(error)
        message = str(error)
    except BaseException:
        kind, message, trace = 'Runtime.UnknownReason', 'The raised exception cannot be described: reading it raises.', []
    return {'errorMessage': message[:MESSAGE_CHARS], 'errorType': kind[:200], 'requestId': request_id, 'stackTrace': trace}


def user_trace(error):
    import traceback  # takes long to import
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)]
    return [line[:TRACE_LINE_CHARS] for line in traceback.format_list(frames[-TRACE_LINES:])]


def is_own(filename):
    return filename.startswith((OWN_FOLDER + os.sep + 'bootstrap', '<frozen importlib', importlib.__file__))


def load_handler(spec, root):
    """@param spec such as `index.handler` or `src/app.handler`"""
    name, _, function = spec.rpartition('.')
    if not name or '..' in spec or spec.startswith('/'):
        raise Failure('Runtime.MalformedHandlerName', f"Bad handler '{spec}': write file.function")
    name = name.replace('/', '.')
    try:
        module = load_module(name, os.path.join(root, *name.split('.')) + '.py')
    except ImportError as error:
        raise Failure('Runtime.ImportModuleError', f"Unable to import module '{name}': {error}", user_trace(error)) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}", line {error.lineno}\n    {error.text}'[:TRACE_LINE_CHARS]]
        raise Failure('Runtime.UserCodeSyntaxError', f"Syntax error in module '{name}': {error}", trace) from error
    found = getattr(module, function, None)
    if not callable(found):
        raise Failure('Runtime.HandlerNotFound', f"Handler '{function}' missing on module '{name}'")
    return found


def load_module(name, path):
    # A user's file may be called like a module that is loaded already, such as json.py.
    if name.partition('.')[0] not in sys.modules or not os.path.exists(path):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_coroutine_function(function):
    function = getattr(function, 'func', function)  # functools.partial
    code = getattr(function, '__code__', None) or getattr(getattr(type(function), '__call__', None), '__code__', None)
    return bool(code and code.co_flags & CO_ASYNC)
