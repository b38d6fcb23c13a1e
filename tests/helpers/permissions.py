"""The command line bound by the permissions of files, also where root runs the tests."""

import subprocess
import sys

import pytest

from helpers import forked

# Permissions do not bind root. Without CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2) they do.
BOUND = f"""
import ctypes, os, sys
if os.getuid() == 0:
    VERSION_3 = 0x20080522
    header, sets = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
    system = ctypes.CDLL(None)
    if system.capget(header, sets):
        sys.exit(77)
    for number in range(3):  # effective, permitted and inheritable, of the first 32
        sets[number] &= ~0b110
    if system.capset(header, sets):
        sys.exit(77)
{forked.COMMAND}
"""


def bound(*command: object) -> "subprocess.CompletedProcess[str]":
    """`inception-hub COMMAND`; the test is skipped where root cannot be bound."""
    if not sys.platform.startswith("linux"):
        pytest.skip("binds root to permissions as Linux does")
    done = forked.run(*command, code=BOUND)
    if done.returncode == 77:
        pytest.skip("this system does not let capabilities go")
    return done
