"""The command line: thin verbs over the package. Only this package prints.

Data goes to standard output, progress and messages to standard error. Exit status: 0 all done, 1 some
inputs failed and the rest is complete, 2 nothing could be done or wrong usage, 130 ended by Ctrl-C, 143 by
SIGTERM.
"""

import errno
import sys
import warnings

import typer

from ..errors import InceptionHubError
from . import bench as benching
from . import cache, modules, serve
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

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # where no file is named, it is standard output

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


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits; a user's mistake is one line, never a traceback."""
    warnings.formatwarning = lambda message, *_, **__: f"inception-hub: {message}\n"
    status: object = 0
    try:
        status = app(arguments, standalone_mode=False, prog_name="inception-hub")
        if sys.stdout is not None:
            sys.stdout.flush()
    except typer.TyperException as error:
        _fail(f"{error.format_message().rstrip('.')}; see inception-hub --help.")
    except InceptionHubError as error:
        _fail(str(error))
    except BrokenPipeError:
        sys.stdout = None  # the reader (`| head`) has what it wanted; Python would complain while flushing
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.stdout = None
        what = error.filename or "Standard output"
        _fail(f"{what} cannot be written ({error.strerror}); make room or write elsewhere.")
    except KeyboardInterrupt:
        status = 130
    except ImportError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):  # as a library has it that was being imported
            raise
        status = 130
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> None:
    say(f"inception-hub: {' '.join(message.split())}")
    sys.exit(2)
