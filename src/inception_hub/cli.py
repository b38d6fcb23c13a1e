"""The command line: thin verbs over the package. Only this file prints.

Data goes to standard output, progress and messages to standard error. Exit status: 0 all done, 1 some
inputs failed and the rest is complete, 2 nothing could be done or wrong usage.
"""

import sys
import warnings
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import ArgumentError, InceptionHubError, MissingExtraError

if TYPE_CHECKING:
    from .module import Module
    from .pipeline import Kind, Photo

BUNDLED = "tiny_imagenet"
ORIGINAL = "imagenet"

app = typer.Typer(
    name="inception-hub",
    help="Inception V2 from TF-Hub, alive again: classify photos, take feature vectors, fine-tune, convert.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cache_app = typer.Typer(
    help="Look after the modules that were downloaded or converted.", no_args_is_help=True
)
app.add_typer(cache_app, name="cache")


class Format(StrEnum):
    """How `classify` writes its rows."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class VectorFormat(StrEnum):
    """How `embed` writes its rows."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class Resize(StrEnum):
    """Resize presets."""

    default = "default"
    slim = "slim"
    plain = "plain"


class Engine(StrEnum):
    """What computes."""

    openvino = "openvino"
    torch = "torch"


class Precision(StrEnum):
    """Arithmetic of the network."""

    f32 = "f32"
    bf16 = "bf16"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Photos, folders (searched recursively), globs, or - for a photo on standard input.",
    ),
]
ModuleOption = Annotated[
    str | None,
    typer.Option(
        "--module",
        metavar="MODULE",
        help="Handle, path, archive, checkpoint or URL. [default: imagenet once pulled, else tiny_imagenet]",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write here instead of to standard output.")
]
ResizeOption = Annotated[
    Resize | None,
    typer.Option("--resize", help="How photos become the module's size. [default: the module's own]"),
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="What computes.")]
PrecisionOption = Annotated[
    Precision, typer.Option("--precision", help="f32 gives the original's numbers, bf16 is faster.")
]


@app.command()
def classify(
    inputs: Inputs,
    module: ModuleOption = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Classes per photo.")] = 5,
    format: Annotated[Format, typer.Option("--format", help="How to write the answers.")] = Format.table,
    output: OutputOption = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", metavar="PAGE", help="Also write a self-contained HTML page of the photos."
        ),
    ] = None,
    resize: ResizeOption = None,
    engine: EngineOption = Engine.openvino,
    precision: PrecisionOption = Precision.f32,
) -> None:
    """Name what is on photos."""
    loaded = _load(module, engine, precision)
    _answer(loaded, inputs, "predictions", format, output, resize, top, gallery)


@app.command()
def embed(
    inputs: Inputs,
    module: ModuleOption = None,
    format: Annotated[
        VectorFormat, typer.Option("--format", help="How to write the vectors.")
    ] = VectorFormat.jsonl,
    output: OutputOption = None,
    resize: ResizeOption = None,
    engine: EngineOption = Engine.openvino,
    precision: PrecisionOption = Precision.f32,
) -> None:
    """Turn photos into feature vectors."""
    loaded = _load(module, engine, precision)
    _answer(loaded, inputs, "vector", Format(format.value), output, resize, 1, None)


@app.command()
def info(
    module: Annotated[str, typer.Argument(metavar="MODULE", help="Anything --module takes.")],
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Show what a module is: size, classes, signatures, provenance, accuracy."""
    from .describe import describe

    facts = describe(_resolve(module))
    if json:
        import json as json_library

        print(json_library.dumps(facts, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, value in facts.items():
        table.add_row(f"[bold]{key.replace('_', ' ')}[/bold]", _readable(value))
    Console().print(table)


@app.command()
def pull(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="A handle or URL, such as imagenet.")],
) -> None:
    """Fetch a module into the cache, so that it answers without a network."""
    print(_resolve(handle))


@app.command()
def convert(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A TF1 Hub directory, checkpoint, archive or module.")
    ],
    destination: Annotated[
        Path, typer.Argument(metavar="DST", help="The module directory to write; must not exist.")
    ],
    depth_multiplier: Annotated[
        float | None,
        typer.Option("--depth-multiplier", help="Of the network. [default: inferred from the shapes]"),
    ] = None,
) -> None:
    """Turn the original's files into a module directory of ours."""
    from . import bundle
    from .convert import convert as convert_files

    path = Path(source)
    if depth_multiplier is not None:
        converted = convert_files(path, depth_multiplier)
    else:
        converted = bundle.read(_resolve(source))
    bundle.write(converted, destination)
    print(destination)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name: tiny-imagenet.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="A folder of train-*.parquet and validation-*.parquet.")
    ],
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The module directory to write.")],
    seed: Annotated[int, typer.Option("--seed", help="Of the initial weights, crops and order.")] = 0,
) -> None:
    """Train from scratch; interrupted and run again, it goes on after the last whole epoch."""
    try:
        from .training.run import run
    except ImportError as error:
        raise MissingExtraError(
            f"Training needs {error.name}, which is not installed: pip install 'inception-hub[train]'."
        ) from error
    accuracy = run(
        recipe,
        data,
        output,
        seed,
        lambda epoch: _say(
            f"epoch {epoch.number} at {epoch.size} px: loss {epoch.loss:.3f}, "
            f"{epoch.images_per_second:.0f} images/s"
        ),
    )
    print(f"{output}: top-1 {accuracy.top1:.2%}, top-5 {accuracy.top5:.2%} of {accuracy.images:,} images")


@cache_app.command("ls")
def cache_list() -> None:
    """List the modules in the cache: key, size in MB, name, source."""
    from .cache import default_cache

    for entry in default_cache().ls():
        print(f"{entry.key[:12]}  {entry.size / 1e6:7.1f}  {entry.name}  {entry.source}")


@cache_app.command("verify")
def cache_verify() -> None:
    """Hash every file in the cache; exit status 1 if any is damaged."""
    from .cache import default_cache

    complaints = default_cache().verify()
    for key, complaint in complaints.items():
        print(f"{key[:12]}  {complaint}")
    if complaints:
        raise typer.Exit(1)


@cache_app.command("rm")
def cache_remove(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The first digits of a key.")],
) -> None:
    """Remove a module from the cache."""
    from .cache import default_cache

    cache = default_cache()
    found = [entry.key for entry in cache.ls() if entry.key.startswith(key)]
    if len(found) != 1:
        raise ArgumentError(
            f"{len(found)} modules in the cache have a key that begins with {key!r}; see cache ls."
        )
    cache.remove(found[0])


@cache_app.command("gc")
def cache_collect() -> None:
    """Remove damaged modules and what interrupted downloads left."""
    from .cache import default_cache

    for path in default_cache().gc():
        print(path)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits; a user's mistake is one line, never a traceback."""
    warnings.formatwarning = lambda message, *_, **__: f"inception-hub: {message}\n"
    status: object = 0
    try:
        status = app(arguments, standalone_mode=False, prog_name="inception-hub")
    except typer.TyperException as error:
        _fail(f"{error.format_message().rstrip('.')}; see inception-hub --help.")
    except InceptionHubError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> None:
    _say(f"inception-hub: {' '.join(message.split())}")
    sys.exit(2)


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _readable(value: Any) -> str:
    from rich.markup import escape

    if isinstance(value, dict):
        return "\n".join(f"{key.replace('_', ' ')}: {escape(str(item))}" for key, item in value.items())
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return " x ".join(map(str, value))
    if isinstance(value, list):
        return "\n".join(_readable(item) for item in value) or "-"
    return escape(str(value))


def _resolve(handle: str) -> Path:
    from .progress import download_progress
    from .resolve import resolve

    with download_progress() as progress:
        return resolve(handle, progress=progress)


def _load(handle: str | None, engine: Engine, precision: Precision) -> "Module":
    from .module import Module, load_module_spec
    from .resolve import is_cached

    chosen = handle or (ORIGINAL if is_cached(ORIGINAL) else BUNDLED)
    module = Module(load_module_spec(_resolve(chosen)), engine=engine.value, precision=precision.value)
    hint = ""
    if handle is None and chosen == BUNDLED:
        hint = f" To use the original with its 1001 ImageNet classes: inception-hub pull {ORIGINAL}"
    _say(f"Answering with {module.spec.bundle.name}.{hint}")
    return module


def _photos(inputs: list[str]) -> "Iterator[Photo]":
    from .files import find_images
    from .pipeline import Photo

    for path in find_images(inputs):
        yield Photo(path, sys.stdin.buffer.read() if path == "-" else path)


def _answer(
    module: "Module",
    inputs: list[str],
    kind: "Kind",
    format: Format,
    output: Path | None,
    resize: Resize | None,
    top: int,
    gallery: Path | None,
) -> None:
    from contextlib import ExitStack
    from itertools import chain

    from .gallery import Gallery
    from .pipeline import answers
    from .progress import photo_counter
    from .writers import open_writer

    photos = _photos(inputs)
    first = next(photos)  # before anything is written: a path that leads nowhere changes nothing
    stream = answers(
        module,
        chain([first], photos),
        kind=kind,
        top=top,
        preset=resize.value if resize else None,
        thumbnails=gallery is not None,
    )
    good, failed = 0, []
    try:
        with ExitStack() as stack:
            writer = stack.enter_context(open_writer(format.value, kind, output, top))
            page = stack.enter_context(Gallery(gallery, module.spec.bundle.name)) if gallery else None
            advance = stack.enter_context(photo_counter(output is None and sys.stdout.isatty()))
            for answer in stream:
                writer.write(answer.row)
                if page:
                    page.add(answer.row, answer.thumbnail)
                if answer.row.error is None:
                    good += 1
                else:
                    failed.append(answer.row.error)
                advance()
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted. Python would complain once more while flushing.
        sys.stdout = None
        return
    if gallery:
        _say(f"Pictures: {gallery}")
    if failed:
        _say(f"{len(failed)} of {good + len(failed)} photos could not be read:")
        for line in failed:
            _say(f"  {line}")
        raise typer.Exit(1 if good else 2)
