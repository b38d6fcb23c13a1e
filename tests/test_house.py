"""The layout of the source: which file may import which, how long files are, where tests lie, who prints."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from helpers.floors import FLOORS, PLACES, SOURCE, imports, modules, place

import inception_hub

TESTS = Path(__file__).parent
# Who may import an engine's library, or another large one: a folder or a file, wherever in it.
HEAVY = {
    "torch": {"engines", "training", "formats"},
    "openvino": {"engines", "formats"},
    "tensorflow": {"formats.tensorflow.library"},
    "sklearn": {"sklearn"},
    "ray": {"cluster"},
}


def test_every_file_has_its_place() -> None:
    assert {place(name) for name in modules()} == set(PLACES)
    assert len(PLACES) == len(set(PLACES))
    assert len(FLOORS) <= 12
    assert len([path for path in modules().values() if path.parent == SOURCE]) <= 12


def test_arrows_never_turn_back() -> None:
    for name, path in modules().items():
        for imported in imports(name, path):
            if not imported.startswith("inception_hub."):
                continue
            here, there = place(name), place(imported.removeprefix("inception_hub."))
            assert here == there or PLACES.index(there) < PLACES.index(here), f"{name} imports {imported}"


def test_only_engines_training_and_formats_import_an_engine() -> None:
    for name, path in modules().items():
        for imported in imports(name, path, types=False):
            top = imported.split(".")[0]
            if top in HEAVY:
                assert name in HEAVY[top] or place(name) in HEAVY[top], f"{name} imports {imported}"
    for name, path in modules().items():
        for engine, other in (("torch", "openvino"), ("openvino", "torch")):
            if name.startswith(f"engines.{engine}"):
                assert not any(f"engines.{other}" in imported for imported in imports(name, path)), name


# What is not installed everywhere, and the modules that are about it: only they cannot be imported without.
OPTIONAL = {
    "openvino": {
        "engines.openvino",
        "engines.openvino_calibration",
        "engines.openvino_core",
        "engines.openvino_graph",
        "engines.openvino_product",
        "engines.openvino_sensitivity",
    },
    "onnx": set(),
    "timm": {"formats.timm_network", "timm"},
    "fastapi": {
        "server.app",
        "server.kserve",
        "server.page",
        "server.plain",
        "server.tensorflow_serving",
        "server.triton",
    },
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
        assert not prints or place(name) == "cli", name


LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEST_FILE = 300, 60, 400  # lines


def test_files_are_short() -> None:
    for name, path in modules().items():
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= LONGEST_FILE, f"{name} has {lines} lines"


def test_functions_are_short() -> None:
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                function = f"{name}.{node.name}"
                assert lines <= LONGEST_FUNCTION, f"{function} has {lines} lines"


def test_every_file_has_a_test_file_of_its_name() -> None:
    """`folder/file.py` has `tests/folder/test_file.py`, or several `test_file_*.py`; a package has its own.

    Files that define nothing, such as most `__init__.py`, need none; the public names: test_python_api.py.
    """
    files = modules()
    for name, path in files.items():
        body = ast.parse(path.read_text("utf-8")).body
        if not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body) or name == "__init__":
            continue
        *folders, last = name.split(".")
        folder = TESTS.joinpath(*folders, *([last] if path.name == "__init__.py" else []))
        parts = [
            part
            for part in folder.glob(f"test_{last}_*.py")
            if ".".join([*folders, part.stem.removeprefix("test_")]) not in files
        ]
        assert (folder / f"test_{last}.py").exists() or parts, f"{name} has no {folder}/test_{last}.py"


def test_no_test_file_is_long() -> None:
    for path in TESTS.rglob("test_*.py"):
        lines = len(path.read_text("utf-8").splitlines())
        name = path.relative_to(TESTS).as_posix()
        assert lines <= LONGEST_TEST_FILE, f"{name} has {lines} lines"


def test_public_names() -> None:
    assert sorted(inception_hub.__all__) == [
        "InceptionHubError",
        "Module",
        "ModuleSpec",
        "Rows",
        "Vectors",
        "bench",
        "calibrate",
        "classify",
        "convert",
        "embed",
        "evaluate",
        "explain",
        "export",
        "find_duplicates",
        "finetune",
        "get_expected_image_size",
        "get_num_image_channels",
        "inspect",
        "load_images",
        "load_module_spec",
        "network",
        "organise",
        "pull",
        "push",
        "quantize",
        "resolve",
        "similar",
        "train",
        "transform",
        "undo_organise",
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


def test_ci_runs_every_kind_of_test() -> None:
    """In `.ci/run`, by the Makefile's targets."""
    root = TESTS.parent
    targets = re.findall(r"\bmake (\w+)", (root / ".ci" / "run").read_text("utf-8"))
    assert targets == [
        "demo",
        "test",
        "slow",
        "mutants",
        "browser",
        "site",
        "floors",
        "release",
        "tensorflow",
        "cluster",
        "clients",
        "exports",
        "trackers",
    ]
    assert set(targets) <= set(re.findall(r"^(\w+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
