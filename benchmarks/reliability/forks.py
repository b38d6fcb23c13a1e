"""Processes forked from this one, which has imported everything: most of their lives is the work itself."""

import faulthandler
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

HANG = 60.0  # seconds after which a process counts as hanging

Work = Callable[[], object]


def fork(work: Work, log: Path) -> int:
    """A child that does `work`, its output in `log`; its exit status is 0, that of a SystemExit, or 99."""
    pid = os.fork()
    if pid:
        return pid
    status = 99
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        faulthandler.register(signal.SIGUSR1, 2)
        work()
        status = 0
    except SystemExit as exit:
        status = exit.code if isinstance(exit.code, int) else 0
    except KeyboardInterrupt:  # before the command was begun
        status = 130
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(pid: int) -> int | None:
    """Its exit status, negative for a signal; None if it hangs, and then it logs where and is killed."""
    waited, before = 0.0, time.monotonic()
    while waited < HANG:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
        now = time.monotonic()
        waited += min(now - before, 0.1)  # this process may have been stopped for a while
        before = now
    os.kill(pid, signal.SIGUSR1)
    time.sleep(1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def life(work: Work, log: Path) -> float:
    """Seconds of an unbroken life, which must end well."""
    begun = time.monotonic()
    if ended(fork(work, log)) != 0:
        sys.exit(f"Unbroken, it failed: {log.read_text()}")
    return time.monotonic() - begun


def cut_short(work: Work, log: Path, seconds: float, ending: signal.Signals) -> int | None:
    """The exit status of a life that `ending` cuts short at a moment uniform over so many seconds."""
    pid = fork(work, log)
    time.sleep(random.uniform(0, seconds))
    os.kill(pid, ending)  # not waited for yet, so the number is still its own
    return ended(pid)
