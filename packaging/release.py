"""Rehearses a release: `make release`, which runs this with the tools of requirements/release.lock.

Builds the source archive and the wheel twice and compares their bytes, has both checked, installs the wheel
in a fresh environment of every Python from 3.11 on that is found, tries it there, and writes the notes of
the version from the changelog. All of it lies in `dist/` then.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LARGEST_WHEEL = 32_000_000  # bytes: the bundled module's weights are 19 MB of it, its int8 graph 9 MB


def run(*command: object) -> None:
    """Runs `command`; ends this program where it fails."""
    if subprocess.run(list(map(str, command)), cwd=ROOT, check=False).returncode:
        sys.exit(f"{' '.join(map(str, command))} failed.")


def build(folder: Path) -> dict[str, str]:
    """Builds into `folder`; the SHA-256 of each file by its name."""
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def notes(changelog: str, version: str) -> str:
    """What the changelog says of `version`."""
    found = re.search(
        rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE
    )
    if not found:
        sys.exit(f"CHANGELOG.md has no section ## {version}.")
    return found[1].strip() + "\n"


def install_and_try(wheel: Path, python: str) -> None:
    """Installs `wheel` for a fresh environment of `python` and tries its command line."""
    os.environ["PYENV_VERSION"] = python  # pyenv's stand-ins on the PATH start no version but the chosen one
    program = shutil.which(f"python{python}")
    works = (
        program and not subprocess.run([program, "--version"], capture_output=True, check=False).returncode
    )
    if not works:
        print(f"Python {python}: not found here, not tried.")
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        run(program, "-m", "venv", environment)
        run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", wheel)
        run(environment / "bin" / "python", "-m", "pip", "check")
        run(sys.executable, ROOT / "packaging" / "smoke.py", environment)
    print(f"Python {python}: installed from the wheel and tried.")


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    built = build(DIST)
    with tempfile.TemporaryDirectory() as folder:
        if build(Path(folder)) != built:
            sys.exit("Two builds of the same source differ.")
    (wheel,) = DIST.glob("*.whl")
    (archive,) = DIST.glob("*.tar.gz")
    if wheel.stat().st_size > LARGEST_WHEEL:
        sys.exit(f"{wheel.name} has {wheel.stat().st_size:,} bytes; at most {LARGEST_WHEEL:,} are wanted.")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, archive)
    run(sys.executable, "-m", "check_wheel_contents", wheel)
    for python in PYTHONS:
        install_and_try(wheel, python)
    version = wheel.name.split("-")[1]
    (DIST / "NOTES.md").write_text(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version), "utf-8")
    for name, digest in built.items():
        print(f"{digest}  {name}")


if __name__ == "__main__":
    main()
