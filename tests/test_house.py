"""The house: which file may import which, what importing the package costs, and who prints."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import inception_hub

SOURCE = Path(inception_hub.__file__).parent
# From the bottom up: a file imports only from rows below its own (or from its own package).
STOREYS = [
    {"errors"},
    {"architecture", "labels", "system"},
    {"weights", "signatures", "images"},
    {"inputs"},
    {"engines"},
    {"bundle"},
    {"formats"},
    {"sources"},
    {"module_spec"},
    {"module"},
    {"inference", "data"},
    {"output"},
    {"evaluation"},
    {"training", "quantization", "benchmark", "sklearn", "server"},
    {"cluster"},
    {"__init__", "cli"},
    {"__main__"},
]
# Who may import an engine's library, or another large one: a folder or a file, wherever in it.
HEAVY = {
    "torch": {"engines", "training", "formats"},
    "openvino": {"engines", "formats"},
    "tensorflow": {"formats.tensorflow.library"},
    "sklearn": {"sklearn"},
    "ray": {"cluster"},
}


def modules() -> dict[str, Path]:
    return {
        str(path.relative_to(SOURCE).with_suffix("")).replace("/", ".").removesuffix(".__init__"): path
        for path in sorted(SOURCE.rglob("*.py"))
    }


def imports(name: str, path: Path, types: bool = True) -> set[str]:
    """Absolute names of what `path` imports, wherever in the file; `types`: for type checkers alone, too."""
    package = ["inception_hub", *name.split(".")]
    if path.name != "__init__.py":
        package = package[:-1]
    elif name == "__init__":
        package = ["inception_hub"]
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    if not types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            found |= {".".join(base)} if node.module else {".".join([*base, a.name]) for a in node.names}
    return found


def storey(name: str) -> int:
    top = name.split(".")[0]
    return next(level for level, names in enumerate(STOREYS) if top in names)


def test_every_file_has_its_place() -> None:
    assert {name.split(".")[0] for name in modules()} == set().union(*STOREYS)


def test_arrows_never_turn_back() -> None:
    for name, path in modules().items():
        for imported in imports(name, path):
            if not imported.startswith("inception_hub."):
                continue
            target = imported.removeprefix("inception_hub.")
            same_package = target.split(".")[0] == name.split(".")[0]
            assert same_package or storey(target) < storey(name), f"{name} imports {target}"


def test_only_engines_training_and_formats_import_an_engine() -> None:
    for name, path in modules().items():
        for imported in imports(name, path, types=False):
            top = imported.split(".")[0]
            if top in HEAVY:
                assert name in HEAVY[top] or name.split(".")[0] in HEAVY[top], f"{name} imports {imported}"
    for name, path in modules().items():
        for engine, other in (("torch", "openvino"), ("openvino", "torch")):
            if name.startswith(f"engines.{engine}"):
                assert not any(f"engines.{other}" in imported for imported in imports(name, path)), name


# What is not installed everywhere, and the modules that are about it: only they cannot be imported without.
OPTIONAL = {
    "openvino": {
        "engines.openvino",
        "engines.openvino_calibration",
        "engines.openvino_graph",
        "engines.openvino_product",
    },
    "onnx": set(),
    "timm": set(),
    "fastapi": {"server.app", "server.kserve", "server.page", "server.plain", "server.tensorflow_serving"},
    "pyarrow": {"cluster.storage"},
    "ray": {"cluster.batch_inference", "cluster.connection", "cluster.serving"},
    "sklearn": {"sklearn"},
    "datasets": set(),
    "huggingface_hub": set(),
    "matplotlib": set(),
    "nncf": set(),
    "tensorboard": set(),
    "tensorflow": {
        "formats.tensorflow.graph",
        "formats.tensorflow.library",
        "formats.tensorflow.variant",
    },
}


def test_only_what_is_about_an_extra_needs_it() -> None:
    code = """
import importlib, json, sys
missing, names = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(missing))
failed = []
for name in names:
    try:
        importlib.import_module(name)
    except ImportError:
        failed.append(name)
print(json.dumps(failed))
"""
    names = ["inception_hub" if name == "__init__" else f"inception_hub.{name}" for name in modules()]
    names.remove("inception_hub.__main__")
    given = json.dumps([list(OPTIONAL), names])
    failed = json.loads(subprocess.check_output([sys.executable, "-c", code, given], text=True))
    about = {f"inception_hub.{name}" for names in OPTIONAL.values() for name in names}
    assert set(failed) == about


def test_only_the_command_line_prints() -> None:
    for name, path in modules().items():
        calls = [n.func for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        prints = any(isinstance(call, ast.Name) and call.id == "print" for call in calls)
        assert not prints or name.split(".")[0] == "cli", name


def test_no_file_is_longer_than_a_sitting() -> None:
    for name, path in modules().items():
        assert len(path.read_text("utf-8").splitlines()) <= 400, name


def test_public_names() -> None:
    assert sorted(inception_hub.__all__) == [
        "InceptionHubError",
        "Module",
        "ModuleSpec",
        "explain",
        "export",
        "get_expected_image_size",
        "get_num_image_channels",
        "load_images",
        "load_module_spec",
        "push",
        "resolve",
    ]
    assert all(hasattr(inception_hub, name) for name in inception_hub.__all__)


def test_importing_loads_nothing_heavy() -> None:
    heavy = [
        "openvino",
        "torch",
        "PIL",
        "rich",
        "typer",
        "jinja2",
        "pyarrow",
        "safetensors",
        "ray",
        "urllib.request",
    ]
    code = f"import sys, inception_hub; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
