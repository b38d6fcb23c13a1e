"""`html`: a module as one page that names photos by itself, opened like any file: no install, no network.

The page is the server's. Instead of a server it has a worker with the module's ONNX graph, which gives the
class activation maps too, and with onnxruntime-web. Its content security policy lets nothing in or out.
"""

import base64
import gzip
import hashlib
import re
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..bundle.describe import page_facts
from ..errors import ArgumentError
from ..images.photo_file import MAX_PIXELS
from ..images.presets import DEFINITIONS
from ..system.templates import page_template
from . import onnx, onnxruntime_web
from .comparison import Check
from .options import Options

GENERATOR = "inception-hub export"
READABLE = "JPEG, PNG, WebP, AVIF, GIF or BMP"  # what browsers read
PAGE = ("local", "folders", "heatmaps", "markdown", "page")  # scripts, each after those that it imports
WORKER = ("resize", "drawing", "worker")
GRAPH = re.compile(r'<script type="text/plain" id="graph">([A-Za-z0-9+/=]*)</script>')


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The page, with the module's int8 graph where it has one, else with weights in half precision.

    Raises `ArgumentError` for a module without classes, and what `onnxruntime_web.load` raises.
    """
    if not bundle.architecture.num_classes:
        raise ArgumentError(
            f"{bundle.name} is a feature vector module and has no classes to name photos by; take one that "
            "has."
        )
    runtime = onnxruntime_web.load(options.runtime)
    onnx.write(bundle, path, _graph_options(bundle, options))
    data = {
        "worker": _script(*WORKER),
        "script": _base64(runtime.script),
        "binary": _packed(runtime.binary),
        "graph": _packed(path.read_bytes()),
        "example.jpg": _base64(_file("example.jpg")),
    }
    style, script = _file("page.css").decode(), _script(*PAGE)
    page = page_template("page/page.html.j2").render(
        inlined={
            "generator": GENERATOR,
            "policy": _policy(style, script),
            "style": style,
            "script": script,
            "settings": _settings(bundle, options),
            "data": data,
            "runtime": f"ONNX Runtime Web {onnxruntime_web.VERSION}",
            "licence": onnxruntime_web.licence(),
        }
    )
    path.write_bytes(page.encode())


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs the graph that the page holds in ONNX Runtime, as `onnx.check` does."""
    (graph,) = GRAPH.findall(path.read_text("utf-8"))
    taken = path.with_name(f"{path.name}.onnx")
    taken.write_bytes(gzip.decompress(base64.b64decode(graph)))
    given = _graph_options(bundle, options)
    checked = onnx.check(bundle, taken, given)
    return replace(checked, loader=f"{checked.loader} in {_precision(given)}")


def _graph_options(bundle: Bundle, options: Options) -> Options:
    int8 = options.int8 or (bundle.int8 is not None and not options.fp16)
    return Options(int8=int8, fp16=not int8, evidence=True)


def _precision(options: Options) -> str:
    return "int8" if options.int8 else "f16"


def _settings(bundle: Bundle, options: Options) -> dict[str, Any]:
    """What the scripts know of the module, and of how photos and heatmaps are made."""
    from ..images import heatmaps
    from ..images.resize import GREY

    card = {
        **page_facts(bundle),
        "precision": _precision(_graph_options(bundle, options)),
        "formats": READABLE,
    }
    return {
        "card": card,
        "labels": list(bundle.labels),
        "size": list(bundle.image_size),
        "map_size": list(heatmaps.map_size(bundle.image_size)),
        "preset": asdict(DEFINITIONS[bundle.resize]) | {"grey": GREY[0]},
        "most_pixels": MAX_PIXELS,
        "side": heatmaps.DRAWN_SIDE,
        "drawing": {
            "levels": heatmaps.LEVELS,
            "reach": heatmaps.REACH,
            "step": heatmaps.STEP,
            "palette": heatmaps.palette().tolist(),
        },
    }


def _policy(style: str, script: str) -> str:
    """Only what the page itself holds runs, nothing is loaded, nothing is sent."""
    return (
        f"default-src 'none'; script-src {_hash(script)} blob: data: 'wasm-unsafe-eval'; worker-src blob:; "
        f"style-src {_hash(style)}; img-src blob: data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _script(*names: str) -> str:
    """Our scripts as one: without what they import from each other."""
    whole = "".join(_file(f"{name}.js").decode() for name in names)
    return re.sub(r"^import .*;\n|^export ", "", whole, flags=re.MULTILINE)


def _packed(content: bytes) -> str:
    return _base64(gzip.compress(content, mtime=0))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _file(name: str) -> bytes:
    return resources.files("inception_hub").joinpath("resources", "templates", "page", name).read_bytes()
