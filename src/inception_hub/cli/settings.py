"""Options that are not given on the command line: from variables of the environment, or a TOML file.

The file has a table for each verb, `[classify]`, with options as `top = 3`. What stands on the command line
wins, then a variable, then the file. No file of the current folder is read: it may be a stranger's.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ArgumentError
from .console import JsonOption, put_json, put_table, say

VARIABLES = "INCEPTION_HUB_"  # and VERB_OPTION: what stands in for an option that is not given
FILE = "inception-hub.toml"  # in the user's folder of settings
LARGEST = 1 << 20  # bytes of it

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar=f"{VARIABLES}CONFIG",
        show_envvar=False,
        help=f"A TOML file of options for verbs. [default: {FILE} in ~/.config/inception-hub, if there]",
    ),
]


def take_file(context: typer.Context, given: Path | None) -> None:
    """Lets the options of the file stand in for those that are not given; raises `ArgumentError`."""
    path = given or _users_own()
    if path is None:
        return
    context.obj = path
    context.default_map = _checked(path, _read(path), context.command)


def variable(verb: str, option: str = "") -> str:
    """The name of the variable for an option of a verb, or what those of the verb begin with."""
    return VARIABLES + "_".join(filter(None, (verb, option))).upper()


def settings(context: typer.Context, json: JsonOption = False) -> None:
    """Show which options are set by variables or a file, and to what."""
    rows = list(_in_effect(context))
    if json:
        put_json([dict(zip(("verb", "option", "value", "from"), row, strict=True)) for row in rows])
    elif not rows:
        say("No option is set by a variable or a file.")
    else:
        from rich.table import Table

        table = Table("verb", "option", "value", "from", box=None)
        for verb, option, value, source in rows:
            table.add_row(verb, option, str(value), source)
        put_table(table)


def _in_effect(context: typer.Context) -> Iterator[tuple[str, str, object, str]]:
    """Verb, option, value and where from."""
    root = context.find_root()
    for verb, options in _options(root.command).items():
        from_file = (root.default_map or {}).get(verb, {})
        for option, parameter in options.items():
            name = parameter.envvar or variable(verb, parameter.name)
            if value := os.environ.get(name):
                yield verb, f"--{option}", value, name
            elif parameter.name in from_file:
                yield verb, f"--{option}", from_file[parameter.name], str(root.obj)


def _options(group: Any) -> dict[str, dict[str, Any]]:
    """The parameters of every verb by their options' names, without the dashes."""
    return {
        verb: {
            each.opts[0].removeprefix("--"): each for each in command.params if each.opts[0].startswith("--")
        }
        for verb, command in group.commands.items()
    }


def _users_own() -> Path | None:
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    path = (base if base.is_absolute() else Path.home() / ".config") / "inception-hub" / FILE
    return path if path.is_file() else None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ArgumentError(f"{path} has more than {LARGEST:,} bytes; give a TOML file of options.")
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise ArgumentError(
            f"{path} cannot be read ({error.strerror}); give a TOML file of options."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path} is no TOML ({error}); see docs/long-runs.md.") from error


def _checked(path: Path, document: Mapping[str, Any], group: Any) -> dict[str, dict[str, Any]]:
    """`document` by the parameters' own names; raises `ArgumentError` for what no verb has."""
    known = _options(group)
    found: dict[str, dict[str, Any]] = {}
    for verb, table in document.items():
        if verb not in known or not isinstance(table, dict):
            raise ArgumentError(
                f"{path} has {verb!r}, which is no verb's table; give [classify] or another verb's."
            )
        for option, value in table.items():
            parameter = known[verb].get(option.replace("_", "-"))
            if parameter is None:
                raise ArgumentError(
                    f"{path} has {option!r} in [{verb}], which has no such option; see inception-hub {verb} "
                    "--help."
                )
            if isinstance(value, dict) or isinstance(value, list) != bool(parameter.multiple):
                kind = "a list of values" if parameter.multiple else "one value"
                raise ArgumentError(f"{path} has {option} = {str(value)[:60]} in [{verb}]; give {kind}.")
            found.setdefault(verb, {})[parameter.name] = value
    return found
