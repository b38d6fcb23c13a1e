"""Options that are not given on the command line: from variables of the environment, or a TOML file.

The file has a table for each verb, `[classify]`, with options as `top = 3`. What stands on the command line
wins, then a variable, then the file. No file of the current folder is read: it may be a stranger's.
"""

import os
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from ..errors import ArgumentError
from ..system.home import at_home
from ..system.regular import open_regular
from ..system.text import printable
from .console import JsonOption, put_json, put_table, say

VARIABLES = "INCEPTION_HUB_"  # begins a variable, such as INCEPTION_HUB_CLASSIFY_TOP
CONFIG = f"{VARIABLES}CONFIG"
FILE = "inception-hub.toml"  # in the user's folder of settings
LARGEST = 1 << 20  # bytes of it
Options = dict[str, dict[str, Any]]  # by verb, the parameters by their options' names without the dashes
Settings = dict[str, dict[str, "Setting"]]  # by verb and parameter

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar=CONFIG,
        show_envvar=False,
        help=f"A TOML file of options for verbs. [default: {FILE} in ~/.config/inception-hub, if there]",
    ),
]


class Setting(NamedTuple):
    """What stands in for an option: its value, and the variable or file that it is from."""

    option: str
    value: Any
    origin: str


def take(context: typer.Context, given: Path | None) -> None:
    """Lets variables and the file stand in for options that are not given; raises `ArgumentError`."""
    verbs = _options(context.command)
    path = given or _users_own()
    taken = _from_file(path, _read(path), verbs) if path else {}
    for verb, options in verbs.items():
        for option, parameter in options.items():
            name = variable(verb, option)
            if text := os.environ.get(name):
                value = text.split() if parameter.multiple else text
                taken.setdefault(verb, {})[parameter.name] = Setting(option, value, name)
    _tell_unknown(context.invoked_subcommand, verbs)
    context.obj = taken
    context.default_map = {
        verb: {name: setting.value for name, setting in options.items()} for verb, options in taken.items()
    }


def _tell_unknown(verb: str | None, verbs: Options) -> None:
    """Says which variables of the verb that is run name none of its options, as a mistyped one does nothing.

    They are no error: a cluster sets variables of its own, such as INCEPTION_HUB_SERVE_SERVICE_HOST.
    """
    if verb in verbs:
        known = {variable(verb, option) for option in verbs[verb]}
        for name in sorted(os.environ):
            if name.startswith(variable(verb, "")) and name not in known:
                say(f"{printable(name)} does nothing: {verb} has no such option.")


def variable(verb: str, option: str) -> str:
    """The name of the variable that stands in for an option of a verb."""
    return f"{VARIABLES}{verb}_{option}".upper().replace("-", "_")


def settings(context: typer.Context, json: JsonOption = False) -> None:
    """Show what variables and a file set. Options, and where each is set."""
    from ..bundle import memory  # not by every start
    from ..sources import cache, network

    taken: Settings = context.find_root().obj
    verbs = _options(context.find_root().command)
    known = {variable(verb, option) for verb, options in verbs.items() for option in options}
    known |= {CONFIG, cache.VARIABLE, memory.VARIABLE, network.OFFLINE}
    for name in sorted({name for name in os.environ if name.startswith(VARIABLES)} - known):
        say(f"{printable(name)} does nothing: no verb has such an option.")
    rows = [(verb, f"--{s.option}", s.value, s.origin) for verb in taken for s in taken[verb].values()]
    if json:
        put_json([dict(zip(("verb", "option", "value", "from"), row, strict=True)) for row in rows])
    elif not rows:
        say("No option is set by a variable or a file.")
    else:
        from rich.table import Table

        table = Table("verb", "option", "value", "from", box=None)
        for verb, option, value, origin in rows:
            table.add_row(verb, option, printable(str(value)), printable(origin))
        put_table(table)


def _options(group: Any) -> Options:
    """The parameters of every verb by their options' names, without the dashes."""
    return {
        verb: {
            each.opts[0].removeprefix("--"): each for each in command.params if each.opts[0].startswith("--")
        }
        for verb, command in group.commands.items()
    }


def _users_own() -> Path | None:
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    path = (base if base.is_absolute() else Path(at_home("~/.config"))) / "inception-hub" / FILE
    return path if os.path.isfile(path) else None  # False, too, where it may not be looked for


def _read(path: Path) -> Mapping[str, Any]:
    from ..system.toml import read_toml  # not by every start

    try:
        with open_regular(path) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ArgumentError(f"{path} has more than {LARGEST:,} bytes; give a TOML file of options.")
        return read_toml(content)
    except OSError as error:
        raise ArgumentError(
            f"{path} cannot be read ({error.strerror}); give a TOML file of options."
        ) from error
    except ValueError as error:
        raise ArgumentError(f"{path} is no TOML ({error}); see docs/long-runs.md.") from error


def _from_file(path: Path, document: Mapping[str, Any], known: Options) -> Settings:
    """The settings of `document`; raises `ArgumentError` for what no verb has."""
    taken: Settings = {}
    for verb, table in document.items():
        if verb not in known or not isinstance(table, dict):
            raise ArgumentError(
                f"{path} has {verb[:60]!r}, which is no verb's table; give [classify] or another verb's."
            )
        for option, value in table.items():
            parameter = known[verb].get(option.replace("_", "-"))
            if parameter is None:
                raise ArgumentError(
                    f"{path} has {option[:60]!r} in [{verb}], which has no such option; see "
                    f"inception-hub {verb} --help."
                )
            if accepted := _accepted_instead(value, parameter):
                raise ArgumentError(f"{path} has {option} = {str(value)[:60]} in [{verb}]; give {accepted}.")
            taken.setdefault(verb, {})[parameter.name] = Setting(option, value, str(path))
    return taken


def _accepted_instead(value: Any, parameter: Any) -> str | None:
    """What TOML must hold for `parameter` instead of `value`; None if `value` may be right."""
    if isinstance(value, list) != bool(parameter.multiple):
        return "a list of values" if parameter.multiple else "one value"
    if parameter.is_flag:
        return None if isinstance(value, bool) else "true or false"
    given = value if isinstance(value, list) else [value]
    return None if all(map(_is_text_or_number, given)) else "text or a number"


def _is_text_or_number(value: Any) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, (str, int)) and not isinstance(value, bool)
