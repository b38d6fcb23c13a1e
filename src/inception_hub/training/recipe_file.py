"""The recipes of users: a TOML file, and settings `name=value` on top of any recipe.

docs/recipes.md shows the form of both.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError
from ..system.regular import open_regular
from ..system.text import encoded
from ..system.toml import read_toml
from .augmentation import Augmentation
from .recipes import RECIPES, AdamW, Muon, Recipe, RMSProp, find_recipe
from .toml_dataclasses import joined, read_dataclass, shown

LARGEST = 65_536  # bytes of a recipe file
OPTIMISERS = {kind.__name__.lower(): kind for kind in (Muon, AdamW, RMSProp)}

Tree = dict[str, Any]  # a recipe as TOML has it: tables and lists


def open_recipe(given: str, settings: Sequence[str] = ()) -> Recipe:
    """The recipe called `given`, else the TOML file at this path, with `settings` applied.

    A setting is "name=value", the name dotted as in "cycles.0.learning_rate=0.002", the value as TOML
    writes it, though text needs no quotes. "augmentation.mixup=0.2" holds for every phase. A recipe with
    settings says so in its name.

    Raises `ArgumentError` for a recipe or setting that is not there or not accepted, `FormatError` for a
    file that is no TOML, no UTF-8 or larger than 64 KiB.
    """
    if given not in RECIPES and os.path.isfile(given):
        recipe = _from_file(Path(given))
    else:
        recipe = find_recipe(given)
    if not settings:
        return recipe
    tree = _tree(recipe)
    tree["name"] += " with " + ", ".join(settings)
    try:
        for setting in settings:
            _set(tree, setting)
        return read_dataclass(Recipe, tree)
    except ArgumentError as error:
        raise ArgumentError(f"--set: {error}") from error


def _from_file(path: Path) -> Recipe:
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise FormatError(
            f"The recipe {path} cannot be read ({error.strerror}); give a file that can."
        ) from error
    if len(content) > LARGEST:
        raise FormatError(f"The recipe {path} is larger than 64 KiB; give a TOML file of a recipe alone.")
    try:
        document = read_toml(content)
    except ValueError as error:
        reason = str(error).rstrip(".")
        raise FormatError(
            f"The recipe {path} is not TOML in UTF-8 ({reason}); docs/recipes.md shows the form."
        ) from error
    try:
        return read_dataclass(Recipe, {"name": path.stem} | _completed(document))
    except ArgumentError as error:
        raise ArgumentError(f"{path}: {error}") from error


def _completed(document: Tree) -> Tree:
    """`document` on top of its `base`, with its `augmentation` in every phase."""
    base, everywhere = document.pop("base", None), document.pop("augmentation", {})
    read_dataclass(Augmentation, everywhere, "augmentation")
    tree = document
    if base is not None:
        if not isinstance(base, str) or base not in RECIPES:
            raise ArgumentError(f"base is {shown(base)}; give {', '.join(RECIPES)}.")
        tree = _tree(RECIPES[base])
        del tree["name"]  # the changed recipe is another one
        given = document.get("optimiser")
        if isinstance(given, dict):
            document["optimiser"] = _changed(tree["optimiser"], given)
        tree |= document
    for phase in _phases(tree):
        own = phase.get("augmentation", {})
        if isinstance(own, dict):  # a phase of the file itself overrides what all phases share
            phase["augmentation"] = everywhere | own if "cycles" in document else own | everywhere
    return tree


def _phases(tree: Tree) -> Iterator[Tree]:
    """Every phase of `tree` that is a table; what is none is refused later, by `read_dataclass`."""
    cycles = tree.get("cycles")
    for cycle in cycles if isinstance(cycles, list) else ():
        phases = cycle.get("phases") if isinstance(cycle, dict) else None
        yield from (
            phase for phase in (phases if isinstance(phases, list) else ()) if isinstance(phase, dict)
        )


def _set(tree: Tree, setting: str) -> None:
    name, equals, text = setting.partition("=")
    if not equals or not name:
        raise ArgumentError(f"{shown(setting)} is no setting; give name=value, as in label_smoothing=0.05.")
    value = _parsed(text)
    *parents, last = name.split(".")
    if parents == ["augmentation"]:
        read_dataclass(Augmentation, {last: value}, "augmentation")
        for phase in _phases(tree):
            phase["augmentation"][last] = value
        return
    if name == "optimiser.name":
        tree["optimiser"] = _changed(tree["optimiser"], {"name": value})
        return
    where, node = "", tree
    for part in parents:
        where, node = joined(where, part), _child(node, part, where)
    if isinstance(node, list) or isinstance(node.get(last), (dict, list)):
        raise ArgumentError(
            f"{name} is not one value; name a value in it, as in cycles.0.learning_rate=0.002."
        )
    node[last] = value


def _child(node: Any, part: str, where: str) -> Any:
    """The table or list `part` of `node`, itself a table or list called `where`."""
    children = {str(place): child for place, child in enumerate(node)} if isinstance(node, list) else node
    child = children.get(part)
    if not isinstance(child, (dict, list)):
        inner = [name for name, child in children.items() if isinstance(child, (dict, list))]
        there = f"there are {', '.join(inner)}" if inner else f"{where} holds values alone"
        raise ArgumentError(f"{joined(where, part)} is no table of the recipe; {there}.")
    return child


def _parsed(text: str) -> object:
    """The TOML value that `text` is; other text is a string."""
    try:
        document = read_toml(encoded(f"value = {text}"))
    except ValueError:
        return text
    return document["value"] if document.keys() == {"value"} else text


def _changed(optimiser: Tree, given: Tree) -> Tree:
    """`given` on top of `optimiser`; if it names another kind, only the keys of that kind are kept."""
    name = given.get("name", optimiser["name"])
    kind = OPTIMISERS.get(name) if isinstance(name, str) else None
    known = {"name", *(field.name for field in fields(kind))} if kind else set(optimiser)
    return {key: value for key, value in optimiser.items() if key in known} | given


def _tree(recipe: Recipe) -> Tree:
    tree: Tree = json.loads(json.dumps(asdict(recipe)))  # tuples become lists
    return tree | {"optimiser": {"name": type(recipe.optimiser).__name__.lower()} | tree["optimiser"]}
