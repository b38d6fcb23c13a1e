"""A module from where it is to where it is wanted: cache, directory, other software's files, the hub."""

import os
from pathlib import Path

from .. import bundle as bundles
from ..bundle import Bundle, HasBundle
from ..errors import InputError, OutputError
from ..formats import export_bundle
from ..formats.comparison import Check
from ..formats.options import Options, Server
from ..system.home import at_home
from ..system.outputs import claimed, refuse_existing
from .cache import default_cache, is_temporary
from .choices import Weights
from .convert import convert_files
from .huggingface import push_bundle
from .network import Progress
from .resolve import resolve

Handle = str | os.PathLike[str]


def pull(handle: Handle, *, progress: Progress | None = None) -> Path:
    """Fetches a module into the cache, so that it works without a network; gives its directory.

    `handle`, `progress` and errors: as of `resolve`. A damaged entry is fetched anew. Raises `OutputError` if
    the cache cannot take it.
    """
    path = resolve(handle, progress=progress)
    if default_cache().discard(path):
        path = resolve(handle, progress=progress)
    if is_temporary(path):
        raise OutputError(
            f"{handle} is not pulled, for the cache {default_cache().root} cannot take it; make room there, "
            "or point INCEPTION_HUB_CACHE to a folder that can be written."
        )
    return path


def convert(
    source: Handle,
    destination: Handle,
    *,
    depth_multiplier: float | None = None,
    weights: Weights | None = None,
    progress: Progress | None = None,
) -> Path:
    """Writes the module directory `destination`, which must not exist, of the files `source`; gives its path.

    `source`: anything `resolve` takes, such as a checkpoint. `depth_multiplier`: of the network, for files on
    this machine; None infers it from the shapes. `weights`: `raw`, or `average` for the moving averages that
    a checkpoint of training on this machine may hold; None is raw. `progress`: as of `resolve`.

    Raises `OutputError` if `destination` exists or cannot be written, `WeightsError` for another
    `depth_multiplier` than the files', and what `resolve` raises.
    """
    target = Path(at_home(destination))
    refuse_existing(target)
    with claimed(target):
        if depth_multiplier is not None or weights is not None:
            converted = convert_files(Path(at_home(source)), depth_multiplier, weights)
        else:
            converted = bundles.read(resolve(source, progress=progress))
        bundles.write(converted, target)
    return target


def export(
    module: HasBundle | Handle,
    destination: Handle,
    to: str,
    *,
    force: bool = False,
    size: tuple[int, int] | None = None,
    batch: int | None = None,
    photos: bool = False,
    top: int | None = None,
    int8: bool = False,
    fp16: bool = False,
    evidence: bool = False,
    server: Server | None = None,
    runtime: Handle | None = None,
) -> Check:
    """Writes `module`, with its present weights, to `destination` in the format `to`; see `export_bundle`.

    `module`: a `Module`, `ModuleSpec` or handle. `force`: replace what is there. `size`: fixed (height,
    width) in pixels, None is any, or the module's for `executorch` and `litert`. `batch`: fixed number of
    images, None is any, or 1 for these two. `photos`: take uint8 pixels, scaled within the graph. `top`: give
    so many best classes instead of logits. `int8`: the int8 graph. `fp16`: weights and computation in half
    precision. `evidence`: one more output of that name, the activation map of every class, [batch, height,
    width, classes]. `server`: make `destination` a model repository for it, with its configuration.
    `runtime`: the file of onnxruntime-web's package, which `html` puts into its page; None is the one in the
    current folder. Raises `OutputError` also if another process writes there.
    """
    given = None if runtime is None else Path(at_home(runtime))
    options = Options(size, batch, photos, top, int8, fp16, evidence, server, given)
    target = Path(at_home(destination))
    with claimed(target):
        return export_bundle(_bundle(module), to, target, force=force, options=options)


def push(module: HasBundle | Handle, repository: str, *, private: bool = False) -> str:
    """Uploads `module`, with its present weights, to `owner/name`; see `push_bundle`.

    `module`: a `Module`, `ModuleSpec` or handle.
    """
    return push_bundle(_bundle(module), repository, private=private)


def _bundle(module: HasBundle | Handle) -> Bundle:
    if isinstance(module, str | os.PathLike):
        return bundles.read(resolve(module))
    bundle = getattr(module, "bundle", None)
    if not isinstance(bundle, Bundle):
        raise InputError(f"module is {module!r:.60}; give a handle, a path, a Module or a ModuleSpec.")
    return bundle
