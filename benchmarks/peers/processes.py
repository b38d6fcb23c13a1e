"""Environments, and one fresh process per measurement. Standard library only, to stay out of the way."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .catalogue import REQUIREMENTS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = HERE.parent / ".work"
LIMIT = 1800  # seconds for one program


class Failed(Exception):
    """A peer's program ended with an error; the message is its last line."""


@dataclass(frozen=True)
class Measured:
    """`core_ms`: processor time for a photo. `seconds`: of the whole process. `answers`: index of the first
    answer for each photo."""

    photos_per_second: float
    core_ms: float
    peak_mb: float
    seconds: float
    answers: list[int]


def python_of(peer: str, given: Mapping[str, str]) -> str:
    """The interpreter that runs `peer`: the one `given`, else one made once, under the work folder."""
    if peer in given:
        return given[peer]
    folder = WORK / "environments" / peer
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        maker = shutil.which("python3.11") if peer == "original" else sys.executable
        if maker is None:
            raise Failed(
                "TensorFlow 2.13 needs Python 3.11: install it, or name one: --python original=PATH."
            )
        print(f"Making the environment of {peer}: {', '.join(REQUIREMENTS[peer])}", file=sys.stderr)
        run([maker, "-m", "venv", "--clear", str(folder)])
        run([str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS[peer]])
        ready.touch()
    return str(python)


def run(command: list[str]) -> str:
    """What a command in the repository's root prints; raises `Failed`."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "INCEPTION_HUB_CACHE": str(WORK / "cache")}
    environment["TORCHINDUCTOR_CACHE_DIR"] = str(WORK / "cache" / "inductor")
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"it was stopped after {LIMIT} seconds") from error
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return done.stdout


def make(python: str, program: str, target: Path, *arguments: object) -> None:
    """Runs `make_<program>.py`, unless what it makes was completed before."""
    complete = target.with_name(f".{target.name}.complete")
    if complete.exists():
        return
    print(f"Making {target.relative_to(WORK)}", file=sys.stderr)
    if target.is_dir():
        shutil.rmtree(target)  # an earlier try was stopped
    run([python, str(HERE / f"make_{program}.py"), *map(str, arguments)])
    complete.touch()


def measured(python: str, peer: str, setting: str, models: Path, photos: Path, warm_up: int) -> Measured:
    """One run of `run_<peer>.py` over the paths in the file `photos`; raises `Failed`."""
    program = [python, str(HERE / f"run_{peer}.py"), str(models), setting, str(photos), str(warm_up)]
    start = time.perf_counter()
    printed = run(program)
    seconds = time.perf_counter() - start
    return Measured(**json.loads(printed.splitlines()[-1]), seconds=seconds)


def versions(python: str, peer: str) -> dict[str, str]:
    """Of Python and of what `peer` was asked to install."""
    names = [name.split("=")[0] for name in REQUIREMENTS[peer] if not name.startswith(".")]
    code = (
        "import json, platform, sys; from importlib.metadata import version as v\n"
        "print(json.dumps({'Python': platform.python_version()} | {n: v(n) for n in sys.argv[1:]}))"
    )
    return json.loads(run([python, "-c", code, *names]))
