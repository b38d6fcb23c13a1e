"""Dataclasses read from the tables of a TOML file: every key known, every value of the declared type."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import ArgumentError

NONE = "none"  # TOML has no null
LONGEST = 60  # characters of a value or key that a message repeats

_T = TypeVar("_T")


def read_dataclass(kind: type[_T], table: object, where: str = "") -> _T:
    """An instance of the dataclass `kind` with the values of `table`, called `where` in messages.

    A tuple is written as a list, None as "none" or by leaving the key out, and one of several dataclasses as
    a table whose `name` is the class's in lower case. A whole number will do for a float, but true and
    false are no numbers.

    Raises `ArgumentError` with the dotted name of what is unknown, missing, of another type, or refused by
    `kind` itself.
    """
    if not isinstance(table, dict):
        raise _refused(where, table, "a table")
    kinds = get_type_hints(kind)
    known = fields(kind)  # type: ignore[arg-type]
    for key in table:
        if key not in kinds:
            names = ", ".join(field.name for field in known)
            raise ArgumentError(f"{joined(where, key)} is unknown; give any of {names}.")
    for field in known:
        if field.name not in table and field.default is MISSING and field.default_factory is MISSING:
            accepted = _accepted(kinds[field.name])
            raise ArgumentError(f"{joined(where, field.name)} is missing; give {accepted}.")
    values = {key: _value(kinds[key], value, joined(where, key)) for key, value in table.items()}
    try:
        return kind(**values)
    except ArgumentError as error:
        raise ArgumentError(joined(where, str(error), quoted=False)) from error


def joined(where: str, key: str, quoted: bool = True) -> str:
    """The dotted name of `key` in the table `where`; a key that is no identifier is quoted and cut."""
    if quoted and not key.replace("-", "_").isidentifier() and not key.isdigit():
        key = shown(key)
    return f"{where}.{key}" if where else key


def shown(value: object) -> str:
    """`value` as a message shows it: tables and lists by their kind, long values cut."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _value(kind: Any, value: object, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if NoneType in arguments and (value is None or value == NONE):
            return None
        kinds = [argument for argument in arguments if argument is not NoneType]
        if len(kinds) > 1:
            return _named(kinds, value, where)
        if is_dataclass(kinds[0]) or _fits(kinds[0], value):
            return _value(kinds[0], value, where)
    elif is_dataclass(kind):
        return read_dataclass(kind, value, where)  # type: ignore[arg-type]
    elif origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, f"{where}.{place}") for place, item in enumerate(value))
    elif _fits(kind, value):
        return float(value) if kind is float else value  # type: ignore[arg-type]
    raise _refused(where, value, _accepted(kind))


def _fits(kind: Any, value: object) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    number = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    if kind is float:
        return number or isinstance(value, float)
    return number if kind is int else kind in (bool, str) and isinstance(value, kind)


def _named(kinds: list[Any], value: object, where: str) -> Any:
    """An instance of one of several dataclasses, which `name` selects."""
    names = {kind.__name__.lower(): kind for kind in kinds}
    choices = _either(list(names))
    if not isinstance(value, dict):
        raise _refused(where, value, f"a table whose name is {choices}")
    if "name" not in value:
        raise ArgumentError(f"{where}.name is missing; give {choices}.")
    name = value["name"]
    if not isinstance(name, str) or name not in names:
        raise _refused(f"{where}.name", name, choices)
    return read_dataclass(names[name], {key: item for key, item in value.items() if key != "name"}, where)


def _refused(where: str, value: object, accepted: str) -> ArgumentError:
    return ArgumentError(f"{where or 'the recipe'} is {shown(value)}; give {accepted}.")


def _accepted(kind: Any) -> str:
    """The values of `kind` that are accepted, for a message."""
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        kinds = [argument for argument in arguments if argument is not NoneType]
        if len(kinds) > 1:
            return "a table whose name is " + _either([each.__name__.lower() for each in kinds])
        return _accepted(kinds[0]) + (f' or "{NONE}"' if NoneType in arguments else "")
    if get_origin(kind) is Literal:
        return _either(list(arguments))
    if get_origin(kind) is tuple:
        return "a list of tables"
    if is_dataclass(kind):
        return "a table"
    return {bool: "true or false", int: "a whole number", float: "a number such as 0.5", str: "text"}[kind]


def _either(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return ", ".join(quoted[:-1]) + f" or {quoted[-1]}"
