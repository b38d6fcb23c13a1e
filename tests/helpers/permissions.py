"""The command line bound by the permissions of files, also where root runs the tests."""

import subprocess
import sys

import pytest

# Permissions do not bind root. Without CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2) they do.
BOUND = """
import ctypes, os, sys
if os.getuid() == 0:
    PR_CAPBSET_DROP = 24
    for capability in (1, 2):
        if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            sys.exit(77)
os.execv(sys.executable, [sys.executable, "-m", "inception_hub", *sys.argv[1:]])
"""


def bound(*command: object) -> "subprocess.CompletedProcess[str]":
    """`inception-hub COMMAND`; the test is skipped where root cannot be bound."""
    if not sys.platform.startswith("linux"):
        pytest.skip("binds root to permissions as Linux does")
    arguments = [sys.executable, "-c", BOUND, *map(str, command)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this system does not let capabilities go")
    return done
