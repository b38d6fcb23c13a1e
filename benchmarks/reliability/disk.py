"""What a process changes on the disk, recorded or made to fail: the Python side of disk.c.

`preloaded` starts the script anew with the library; a process forked from it then calls `arm`.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")


@dataclass(frozen=True)
class Operation:
    """A change: `what` happened to the file `inode` called `path`, to `offset` or by the name `other`."""

    what: str
    inode: int
    offset: int
    path: str
    other: str = ""
    data: bytes = b""


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("gcc") or shutil.which("cc") if sys.platform == "linux" else None


def preloaded(folder: Path) -> None:
    """Returns in a process that has the library, which is made in `folder`; ends where none can be made."""
    if "disk.so" in os.environ.get("LD_PRELOAD", ""):
        return
    gcc = compiler()
    if gcc is None:
        sys.exit("This needs Linux and a C compiler.")
    library = folder / "disk.so"
    command = [gcc, "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.exit(subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode)


def arm(root: Path, log: Path | None = None, fail: int = 0, half: bool = False) -> None:
    """Records changes below `root` in `log`, or makes the change number `fail` fail, a write by `half`."""
    library = ctypes.CDLL(None)
    library.disk_arm.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_int]
    library.disk_arm(os.fsencode(root), log and os.fsencode(log), fail, half)


def counted() -> int:
    """The changes since `arm` that a full disk could make fail."""
    library = ctypes.CDLL(None)
    library.disk_count.restype = ctypes.c_long
    return library.disk_count()


def read(log: Path) -> list[Operation]:
    """What was recorded."""
    content, operations, place = log.read_bytes(), [], 0
    while place < len(content):
        end = content.index(b"\n", place)
        what, *numbers = content[place:end].decode().split()
        inode, offset, *lengths = map(int, numbers)
        fields, place = [], end + 1
        for length in lengths:
            fields.append(content[place : place + length])
            place += length
        path, other, data = fields
        operations.append(Operation(what, inode, offset, os.fsdecode(path), os.fsdecode(other), data))
    return operations
