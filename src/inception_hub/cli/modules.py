"""`info`, `pull`, `convert`: modules themselves."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..sources.choices import Weights
from ..system.text import counted, printable
from .console import JsonOption, ModuleArgument, put, put_json, put_table, resolve_handle


def info(
    module: ModuleArgument,
    json: JsonOption = False,
) -> None:
    """Show what a module is. Size, classes, signatures, provenance, accuracy."""
    from ..bundle.describe import describe

    facts = describe(resolve_handle(module))
    if json:
        put_json(facts)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for key, value in facts.items():
        table.add_row(Text(key.replace("_", " "), "bold"), Text(_readable(key, value), overflow="fold"))
    put_table(table)


def pull(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="A handle or URL, such as imagenet.")],
) -> None:
    """Fetch a module into the cache. It then needs no network; a damaged one is fetched anew."""
    from ..sources.transfer import pull as run
    from .progress import download_progress

    with download_progress() as progress:
        path = run(handle, progress=progress)
    put(str(path))


def convert(
    source: Annotated[
        str,
        typer.Argument(metavar="SRC", help="A TF1 Hub directory, SavedModel, checkpoint, archive or module."),
    ],
    destination: Annotated[
        Path, typer.Argument(metavar="DST", help="The module directory to write; must not exist.")
    ],
    depth_multiplier: Annotated[
        float | None,
        typer.Option("--depth-multiplier", help="Of the network. [default: inferred from the shapes]"),
    ] = None,
    weights: Annotated[
        Weights | None,
        typer.Option("--weights", help="Of a checkpoint of training that has both. [default: raw]"),
    ] = None,
) -> None:
    """Turn the original's files into a module."""
    from ..sources.transfer import convert as run
    from .progress import download_progress

    with download_progress() as progress:
        path = run(source, destination, depth_multiplier=depth_multiplier, weights=weights, progress=progress)
    put(str(path))


def _readable(key: str, value: Any) -> str:
    """A fact for people: sizes with their cross, the first labels, a line for each measurement."""
    if key == "image_size":
        return " x ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "labels":
        return printable(", ".join(value[:5]) + (", ..." if len(value) > 5 else ""))
    if isinstance(value, dict):
        return "\n".join(printable(f"{name.replace('_', ' ')}: {each}") for name, each in value.items())
    if isinstance(value, list):
        return "\n".join(_figures(each) if isinstance(each, dict) else str(each) for each in value) or "-"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def _figures(measured: dict[str, Any]) -> str:
    """One measurement: what it was on, then its figures, rounded, each accuracy with its 95% interval."""
    from ..evaluation import wilson

    photos = measured.get("images")
    parts = []
    for name, value in measured.items():
        if name in ("top1", "top5", "agreement") and isinstance(value, float):
            parts.append(f"{name.replace('top', 'top-')} {value:.2%}")
            if name != "agreement" and isinstance(photos, int) and 0 <= value <= 1 <= photos:
                parts[-1] += f" ({wilson(round(value * photos), photos)})"
        elif isinstance(value, float):
            parts.append(f"{name.replace('ece', 'ECE')} {value:.3f}")
        elif name == "images" and isinstance(value, int):
            parts.append(counted(value, "photo"))
        else:
            parts.append(str(value) if name in ("data", "precision") else f"{name} {value}")
    return printable(", ".join(parts))
