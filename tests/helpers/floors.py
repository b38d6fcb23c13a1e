"""The floors of the source, and the imports between them: for the tests that enforce them and the docs."""

import ast
from collections import defaultdict
from pathlib import Path

import inception_hub

SOURCE = Path(inception_hub.__file__).parent

# From the bottom up, what each file or folder at the package's root is for. It imports only from floors below
# its own and from what stands before it on its own: from what stands earlier in `PLACES`.
FLOORS: tuple[dict[str, str], ...] = (
    {
        "errors": "the errors that users meet, each one sentence",
        "system": "files written whole, work in threads in order, text made fit for terminals and files",
    },
    {
        "architecture": "the network as one frozen table: names, shapes, parameters, multiply-accumulates",
        "weights": "arrays under TF-Slim's names: checked, read and written as safetensors, initialised",
        "labels": "names of a module's classes",
        "signatures": "what goes into each of a module's signatures and what comes out",
        "inputs": "checks of what a caller hands to a module",
    },
    {
        "images": "photos in: find, open within bounds, decode, resize; heatmaps over them",
        "calibration": "sets of classes with a coverage, and photos unlike any learned; NumPy alone",
    },
    {"engines": "the table made runnable by OpenVINO and by PyTorch behind one protocol; compiled graphs"},
    {
        "bundle": "a module as a directory of plain data: read, write, verify, describe",
        "formats": "a file per format of other software, which writes it, checks it and reads it",
        "sources": "from a handle to a module directory: cache, download, archives, conversion, hubs",
    },
    {
        "module_spec": "`ModuleSpec`: what a module holds, without an engine",
        "module": "`Module`: the original's `hub.Module` over an engine",
    },
    {"inference": "photos to predictions: the pipeline, softmax and top-k, activation maps"},
    {
        "data": "labelled photos from folders, Parquet, tar files, CSV and hubs; splits",
        "output": "rows out: `classify` and `embed` as functions, JSON lines, CSV, Parquet, table, gallery",
    },
    {
        "similarity": "the nearest photos by their vectors, and near-duplicates",
        "evaluation": "figures of a module on labelled photos, comparisons, reports",
        "inspection": "what is wrong with labelled photos: copies, labels, quality; what to leave out",
    },
    {
        "training": "recipes, the loop, fine-tuning; in PyTorch",
        "quantization": "int8 graphs, kept only if they stay close to float32",
    },
    {
        "server": "a module over HTTP, within limits",
        "cluster": "runs and servers on several machines, by Ray",
        "organising": "photos copied, linked or moved into a folder for each class; undone",
        "benchmark": "figures of speed on this machine",
        "sklearn": "estimators for scikit-learn",
        "timm": "registers the network with timm",
    },
    {
        "__init__": "the public names",
        "cli": "the command line: parses, calls, draws; nothing else prints",
        "__main__": "`python -m inception_hub`",
    },
)
PLACES = [name for floor in FLOORS for name in floor]


def modules() -> dict[str, Path]:
    """Every source file by its dotted name below `inception_hub`; a package's is that of its folder."""
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
    imported: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    if not types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            imported |= {".".join(base)} if node.module else {".".join([*base, a.name]) for a in node.names}
    return imported


def place(name: str) -> str:
    """The file or folder at the package's root that a dotted name lies in."""
    return name.split(".")[0]


def arrows() -> dict[str, set[str]]:
    """What each file or folder at the package's root imports of the others."""
    between: defaultdict[str, set[str]] = defaultdict(set)
    for name, path in modules().items():
        for imported in imports(name, path):
            if imported.startswith("inception_hub."):
                between[place(name)].add(place(imported.removeprefix("inception_hub.")))
    return {name: between[name] - {name} for name in PLACES}


def needed_arrows() -> list[tuple[str, str]]:
    """The arrows that no chain of other arrows implies."""
    between = arrows()

    def reached(name: str) -> set[str]:
        return between[name].union(*(reached(below) for below in between[name]))

    return [
        (name, below)
        for name in PLACES
        for below in sorted(between[name], key=PLACES.index)
        if not any(below in reached(other) for other in between[name])
    ]
