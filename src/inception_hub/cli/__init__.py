"""The command line: thin verbs over the package. Only this package prints.

Data goes to standard output, progress and messages to standard error. Exit status: 0 all done, 1 some
inputs failed and the rest is complete, 2 nothing could be done or wrong usage, 130 ended by Ctrl-C, 143 by
SIGTERM.
"""

import gc
import signal
import sys
import threading

from ..system.signals import end_at


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits; a user's mistake is one line, never a traceback."""
    # Ctrl-C ends quietly, also while the rest is imported, which takes longer than anything else in `--help`.
    in_main_thread = threading.current_thread() is threading.main_thread()
    interruptible = in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        end_at(signal.SIGINT)
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        end_at(signal.SIGTERM)
    from ..system.cores import bound_libraries
    from . import streams

    streams.prepare()  # before anything is opened that stays open
    bound_libraries()
    # OpenVINO's converters, which no verb uses, take as long to import as the rest of it.
    sys.modules.setdefault("openvino.tools.ovc", None)  # pyright: ignore[reportArgumentType]
    alone = arguments is None  # this process is the command's
    if alone:
        gc.disable()
    from .app import run

    if alone:  # what was imported stays: looking for garbage in it, at the end too, is a fifth of a short run
        gc.enable()
        gc.freeze()
    try:
        if interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run(arguments)
    except KeyboardInterrupt:  # in the moment before `run` answers it
        sys.exit(130)
