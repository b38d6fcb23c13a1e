"""`bench`: how fast a module is on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from .console import JsonOption, ModuleOption, choose, put, put_json, put_table, resolve_handle

if TYPE_CHECKING:
    from rich.table import Table

    from ..benchmark import Figures


def bench(
    module: ModuleOption = None,
    photos: Annotated[
        list[str] | None,
        typer.Option("--photos", metavar="INPUT", help="Photos or folders. [default: one made, 1024 x 768]"),
    ] = None,
    batch: Annotated[list[int], typer.Option("--batch", metavar="N", min=1)] = [1, 8],  # noqa: B006
    seconds: Annotated[float, typer.Option("--seconds", min=0.01, help="Of each measurement.")] = 2.0,
    json: JsonOption = False,
) -> None:
    """Measure how fast a module is here. By engine, precision and batch size, and with photos."""
    from ..benchmark import bench as run
    from .terminal import terminal_listener

    with terminal_listener() as listener:
        figures = run(
            resolve_handle(choose(module)),
            photos=photos or (),
            batch=batch,
            seconds=seconds,
            on_progress=listener.progress,
        )
    if json:
        from dataclasses import asdict

        put_json(asdict(figures))
        return
    _show(figures)


def _show(figures: "Figures") -> None:
    height, width = figures.image_size
    machine = figures.machine
    put(
        f"{figures.module}, {height} x {width} px, {figures.gmacs:.3f} GMAC an image; "
        f"{machine['cpu']}, {machine['cores']} cores, OpenVINO {machine['openvino']}"
    )
    products = ", ".join(f"{precision} {rate:.0f}" for precision, rate in figures.products.items())
    put(f"A matrix product here: {products} GFLOP/s")
    table = _table("engine", "batch:", "median ms:", "p99 ms:", "images /s:", "GFLOP /s:", "share:", "MB:")
    for row in figures.networks:
        table.add_row(
            f"{row.engine:8} {row.precision}",
            str(row.batch),
            f"{row.median_ms:.1f}",
            f"{row.p99_ms:.1f}",
            f"{row.images_per_second:.1f}",
            f"{row.gflops:.0f}",
            "" if row.share is None else f"{row.share:.0%}",
            "" if row.peak_mb is None else f"{row.peak_mb:.0f}",
        )
    put_table(table)
    table = _table("one photo, ms", "decode:", "resize:", "network:", "photos/s, overlapped:")
    for each in figures.photos:
        table.add_row(
            each.precision,
            f"{each.decode_ms:.1f}",
            f"{each.resize_ms:.1f}",
            f"{each.network_ms:.1f}",
            f"{each.images_per_second:.1f}",
        )
    put_table(table)


def _table(*columns: str) -> "Table":
    """Columns whose name ends in a colon are numbers; names are such that all fit into 60 columns, whole."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False, padding=0)
    for column in columns:
        number = column.endswith(":")
        table.add_column(column.rstrip(":"), justify="right" if number else "left", no_wrap=not number)
    return table
