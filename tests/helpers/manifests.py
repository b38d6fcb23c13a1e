"""Changes to the `module.json` of a module directory."""

import hashlib
import json
from pathlib import Path
from typing import Any


def edit(directory: Path, **changes: Any) -> None:
    path = directory / "module.json"
    manifest = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps(manifest), "utf-8")


def describe_again(directory: Path, name: str) -> None:
    """Makes the manifest describe the file `name` as it is now."""
    content = (directory / name).read_bytes()
    files = json.loads((directory / "module.json").read_text("utf-8"))["files"]
    files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit(directory, files=files)
