"""All verbs as one application, and how it ends: with a status, a sentence, or quietly."""

import sys
import warnings
from typing import NoReturn

import typer

from ..errors import InceptionHubError
from ..system.text import printable
from . import bench as benching
from . import cache, modules, serve, streams
from . import classify as classifying
from . import embed as embedding
from . import evaluate as evaluating
from . import explain as explaining
from . import export as exporting
from . import finetune as finetuning
from . import push as pushing
from . import quantize as quantizing
from . import train as training
from .console import say

app = typer.Typer(
    name="inception-hub",
    help="Inception V2 from TF-Hub, alive again: classify photos, take feature vectors, fine-tune, convert.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for verb in (
    classifying.classify,
    embedding.embed,
    explaining.explain,
    modules.info,
    modules.pull,
    modules.convert,
    finetuning.finetune,
    training.train,
    evaluating.evaluate,
    quantizing.quantize,
    exporting.export,
    pushing.push,
    benching.bench,
    serve.serve,
):
    app.command()(verb)
app.add_typer(cache.app, name="cache")


def run(arguments: list[str] | None) -> NoReturn:
    """Runs the verb that `arguments` (None: the process's own) name, and exits."""
    warnings.formatwarning = lambda message, *_, **__: f"inception-hub: {printable(str(message))}\n"
    status: object = 0
    try:
        status = app(arguments, standalone_mode=False, prog_name="inception-hub")
        streams.finish()
    except typer.TyperException as error:
        _fail(f"{error.format_message().rstrip('.')}; see inception-hub --help.")
    except BrokenPipeError:  # the reader (`| head`) has what it wanted
        streams.give_up()
    except InceptionHubError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        status = 130
    except ImportError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):  # as a library has it that was being imported
            raise
        status = 130
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    say(f"inception-hub: {' '.join(message.split())}")
    try:
        streams.finish()
    except (InceptionHubError, BrokenPipeError):
        streams.give_up()
    sys.exit(2)
