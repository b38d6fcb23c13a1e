"""All verbs as one application, and how it ends: with a status, a sentence, or quietly."""

import errno
import sys
import warnings
from typing import Annotated, NoReturn

import typer

from ..errors import InceptionHubError
from ..system.home import argument_at_home
from ..system.text import printable
from . import bench as benching
from . import cache, modules, serve, streams, usage
from . import calibrate as calibrating
from . import classify as classifying
from . import embed as embedding
from . import evaluate as evaluating
from . import explain as explaining
from . import export as exporting
from . import finetune as finetuning
from . import inspect as inspecting
from . import organise as organising
from . import push as pushing
from . import quantize as quantizing
from . import similar as searching
from . import train as training
from .console import put, put_help, say
from .settings import ConfigOption, settings, take

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # as libraries of others report it

app = typer.Typer(
    name="inception-hub",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Every verb, and a command that shows it.
VERBS = (
    (classifying.classify, "inception-hub classify photos/ --top 3 --output rows.csv"),
    (embedding.embed, "inception-hub embed photos/ --output vectors.parquet"),
    (searching.similar, "inception-hub similar cat.jpg --among photos/ --gallery page.html"),
    (explaining.explain, "inception-hub explain cat.jpg --output heatmaps"),
    (organising.organise, "inception-hub organise photos/ --into sorted --dry-run"),
    (modules.info, "inception-hub info tiny_imagenet"),
    (modules.pull, "inception-hub pull imagenet"),
    (modules.convert, "inception-hub convert inception_v2.ckpt my_module"),
    (inspecting.inspect, "inception-hub inspect flowers/ --report page.html --decisions decisions.csv"),
    (finetuning.finetune, "inception-hub finetune flowers/ --output flowers_module"),
    (training.train, "inception-hub train tiny-imagenet tiny-imagenet-200/ --output module"),
    (evaluating.evaluate, "inception-hub evaluate flowers_module flowers/ --report report.html"),
    (calibrating.calibrate, "inception-hub calibrate flowers_module flowers/"),
    (quantizing.quantize, "inception-hub quantize my_module --calibrate photos/"),
    (exporting.export, "inception-hub export my_module my_module.onnx --to onnx"),
    (pushing.push, "inception-hub push my_module me/my_module --private"),
    (benching.bench, "inception-hub bench --batch 1 --batch 32"),
    (serve.serve, "inception-hub serve --port 8501"),
    (settings, "inception-hub settings --json"),
)
for verb, example in VERBS:
    app.command(epilog=f"\b\nExample: {example}")(verb)  # \b: one line, which can be copied
app.add_typer(cache.app, name="cache")


@app.callback(invoke_without_command=True)
def inception_hub(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    config: ConfigOption = None,
) -> None:
    """Inception V2 from TF-Hub, alive again: classify photos, take feature vectors, fine-tune, convert."""
    if version:
        from importlib.metadata import version as version_of

        put(f"inception-hub {version_of('inception-hub')}")
    elif context.invoked_subcommand is None:
        put_help(context)
    else:
        take(context, config)


def run(arguments: list[str] | None) -> NoReturn:
    """Runs the verb that `arguments` (None: the process's own) name, and exits."""
    warnings.formatwarning = lambda message, *_, **__: f"inception-hub: {printable(str(message))}\n"
    status: object = 0
    try:
        given = [argument_at_home(each) for each in (sys.argv[1:] if arguments is None else arguments)]
        status = app(given, standalone_mode=False, prog_name="inception-hub")
        streams.finish()
    except typer.TyperException as error:
        _fail(usage.sentence(error))
    except BrokenPipeError:  # the reader (`| head`) has what it wanted
        streams.give_up()
    except InceptionHubError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in FULL:
            raise
        name = error.filename or "A file"
        _fail(f"{name} cannot be written ({error.strerror}); make room or write elsewhere.")
    except KeyboardInterrupt:
        status = 130
    except ImportError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):  # as a library has it that was being imported
            raise
        status = 130
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    try:
        streams.finish()  # first what came first, where both go to one file
    except (InceptionHubError, BrokenPipeError):
        streams.give_up()
    say(f"inception-hub: {' '.join(line.strip() for line in message.splitlines())}")
    sys.exit(2)
