"""What every verb shares: options, messages, and how a module is loaded."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..engines import EngineName, PrecisionChoice
from ..images.presets import Preset
from ..system.text import counted, json_text, printable

if TYPE_CHECKING:
    from rich.table import Table

    from ..images.find import Unread
    from ..module import Module

UNLIMITED = 100_000  # characters a line
MAX_SIDE = 4096  # of --size
Device = Literal["cpu", "cuda", "mps", "gpu", "npu"]
TrainingDevice = Literal["cpu", "cuda"]

ModuleArgument = Annotated[str, typer.Argument(metavar="MODULE", help="Anything --module takes.")]
ModuleOption = Annotated[
    str | None,
    typer.Option(
        "--module",
        metavar="MODULE",
        help="Handle, path, archive, checkpoint or URL. [default: imagenet once pulled, else tiny_imagenet]",
    ),
]
ResizeOption = Annotated[
    Preset | None,
    typer.Option("--resize", help="How photos become the module's size. [default: the module's own]"),
]
EngineOption = Annotated[
    EngineName | None,
    typer.Option("--engine", help="What computes. [default: openvino; torch with --device cuda]"),
]
DeviceOption = Annotated[
    Device, typer.Option("--device", help="cuda and mps by PyTorch, cpu, gpu and npu by OpenVINO.")
]
TrainingDeviceOption = Annotated[TrainingDevice, typer.Option("--device", help="Where PyTorch computes.")]
PrecisionOption = Annotated[
    PrecisionChoice,
    typer.Option(
        "--precision",
        help="f32 gives the original's numbers; bf16 and, once quantized, int8 are faster; auto takes the "
        "fastest that was measured for the module.",
    ),
]
RayOption = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Run on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT; docs/cluster.md.",
    ),
]


JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")]


def say(message: str) -> None:
    """A line on standard error; names in it may be hostile."""
    print(printable(message), file=sys.stderr)


def say_command(message: str, *arguments: object) -> None:
    """`message` and the command of ours with `arguments`, quoted such that a shell takes it as it stands."""
    say(f"{message} {shlex.join(['inception-hub', *map(str, arguments)])}")


def put(text: str) -> None:
    """A line on standard output: as it is for a program that reads it, printable on a terminal."""
    print(printable(text) if sys.stdout.isatty() else text)


def put_help(context: typer.Context) -> None:
    """The help of the command that `context` is of, on standard output."""
    print(context.get_help())


def put_json(value: Any) -> None:
    """`value` as JSON on standard output, for programs and people."""
    print(json_text(value, indent=2))


def put_table(table: "Table") -> None:
    """A table on standard output: as wide as the terminal, whole in a file or pipe; no blanks at its edge."""
    from rich.console import Console

    sys.stdout.flush()  # by us: where its reader has gone, rich would end the process with status 1
    console = Console() if sys.stdout.isatty() else Console(width=UNLIMITED)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        print(line.rstrip())


def tell_failures(photos: int, failed: int, errors: Sequence[str]) -> None:
    """Tells the first `errors` of the `failed` among `photos`, and exits with 1, or 2 if none is good.

    No `errors`: the terminal shows their rows, or an earlier run has told them.
    """
    if not failed:
        return
    told = f"{failed:,} of {counted(photos, 'photo')} could not be read"
    say(f"{told}:" if errors else f"{told}, as {'its row says' if failed == 1 else 'their rows say'}.")
    for error in errors:
        say(f"  {error}")
    if errors and failed > len(errors):
        say(f"  and {failed - len(errors):,} more, as their rows say")
    raise typer.Exit(1 if photos > failed else 2)


def tell_unread(unread: "Unread") -> None:
    """Tells how many files of folders were passed over."""
    if unread:
        say(str(unread))


def size_of(given: str | None) -> tuple[int, int] | None:
    """(height, width) of `--size`, given as 224x224."""
    if given is None:
        return None
    height, _, width = given.partition("x")
    if not all(re.fullmatch("[0-9]{1,4}", side) and 0 < int(side) <= MAX_SIDE for side in (height, width)):
        raise typer.BadParameter(
            f"--size is {given!r}; give height x width in pixels, such as 224x224, each from 1 to {MAX_SIDE}."
        )
    return int(height), int(width)


def resolve_handle(handle: str) -> Path:
    """The module directory behind `handle`; a download shows its progress."""
    from ..sources.resolve import resolve
    from .progress import download_progress

    with download_progress() as progress:
        return resolve(handle, progress=progress)


def load(
    handle: str | None, engine: EngineName | None, precision: PrecisionChoice, device: Device = "cpu"
) -> "Module":
    """The module `handle`, else the original once it has been pulled, else the bundled one."""
    from ..module import Module
    from ..module_spec import load_module_spec
    from .progress import download_progress

    with download_progress() as progress:
        spec = load_module_spec(choose(handle), progress=progress)
    return Module(spec, engine=engine, precision=precision, device=None if device == "cpu" else device)


def announce(module: "Module", handle: str | None, *, names: bool = True) -> None:
    """Says which `module` computes, and what the bundled one knows where no `handle` asked for it.

    `names`: it names what is on photos, rather than making vectors of them.
    """
    from ..sources.resolve import BUNDLED, PULLED

    bundle = module.spec.bundle
    if handle is not None or bundle.name != BUNDLED or not names:
        say(f"Answering with {bundle.name}.")
    else:
        top1 = bundle.accuracy[0]["top1"]
        knows = f"{len(bundle.labels)} classes, {top1:.1%} top-1"
        say(f"Answering with {bundle.name}: {knows}; others get wrong names.")
        say(f"The original with its 1001 ImageNet classes: inception-hub pull {PULLED}")
    if module.precision_reason is not None:
        say(f"Computing in {module.precision}: {module.precision_reason}.")


def choose(handle: str | None) -> str:
    """`handle`, else the original once it has been pulled, else the bundled module."""
    from ..sources.resolve import default_handle

    return handle or default_handle()
