"""A verb is a function: of the same name, with the same options and defaults, both ways."""

import inspect
from typing import Any

import pytest

import inception_hub as hub
from inception_hub.cli.app import VERBS

# Verbs that are none: `serve` runs until it is ended; `info` shows what `ModuleSpec` holds, `settings` what
# the command itself was told.
NO_FUNCTIONS = {"serve", "info", "settings"}
ROWS = {"format", "output", "resume", "ray"}  # rows are written by who iterates over them, or as a table
NOT_IN_PYTHON = {
    "classify": ROWS | {"gallery", "heatmaps"},
    "embed": ROWS,
    "similar": {"format", "output", "gallery", "duplicates"},  # the last is `find_duplicates`
    "explain": {"output"},  # maps are returned, not drawn
    "organise": {"undo"},  # a function of its own, `undo_organise`
    "evaluate": {"json"},
    "inspect": {"json"},
    "bench": {"json"},
}
ONLY_IN_PYTHON = {  # what a terminal shows by itself
    "organise": {"on_photo", "stopped"},
    "pull": {"progress"},
    "convert": {"progress"},
    "finetune": {"listener"},
    "train": {"listener"},
    "evaluate": {"load", "on_progress"},
    "calibrate": {"on_progress"},
    "inspect": {"load", "on_progress"},
    "quantize": {"on_progress"},
    "bench": {"on_progress"},
}
NAMES = {"inputs": "images"}
# `explain(None, images)` is the default module; `--undo` alone needs neither of the others.
NEEDED = {("explain", "module"), ("organise", "images"), ("organise", "into"), ("similar", "among")}
VERBS_BY_NAME = {verb.__name__: verb for verb, _ in VERBS if verb.__name__ not in NO_FUNCTIONS}


def parameters(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The defaults of the verb's options, by the function's names, and of the function's parameters."""
    verb = inspect.signature(VERBS_BY_NAME[name]).parameters.values()
    function = inspect.signature(getattr(hub, name)).parameters.values()
    options = {
        NAMES.get(each.name, each.name): each.default
        for each in verb
        if each.name not in NOT_IN_PYTHON.get(name, ())
    }
    others = {each.name: each.default for each in function if each.name not in ONLY_IN_PYTHON.get(name, ())}
    return options, others


@pytest.mark.parametrize("name", VERBS_BY_NAME)
def test_a_verb_is_a_function_with_its_options(name: str) -> None:
    options, parameters_ = parameters(name)
    assert options.keys() == parameters_.keys()


@pytest.mark.parametrize("name", VERBS_BY_NAME)
def test_the_defaults_are_the_same(name: str) -> None:
    for option, default in parameters(name)[0].items():
        other = parameters(name)[1][option]
        if option == "device":  # the CPU is what None means
            assert (default, other) == ("cpu", None)
        elif other is inspect.Parameter.empty and default is None:
            assert (name, option) in NEEDED, option
        elif default is None:
            assert other in (None, ()), option
        else:
            assert (tuple(default) if isinstance(default, list) else default) == other, option


def test_the_tables_name_what_is_there() -> None:
    for name, left_out in NOT_IN_PYTHON.items():
        assert left_out <= inspect.signature(VERBS_BY_NAME[name]).parameters.keys()
    for name, added in ONLY_IN_PYTHON.items():
        assert added <= inspect.signature(getattr(hub, name)).parameters.keys()
