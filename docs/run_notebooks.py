"""Runs the notebooks and keeps what they print: `python docs/run_notebooks.py`.

A notebook is run from its own folder, as somebody opens it there; what it writes goes into temporary folders.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent / "notebooks"
LIMIT = 600  # s of a cell


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook at `path` with new outputs; raises `nbclient`'s `CellExecutionError` if a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LIMIT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}  # without the version that ran it
    return notebook


if __name__ == "__main__":
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        nbformat.write(executed(path), path)
        print(path, file=sys.stderr)
