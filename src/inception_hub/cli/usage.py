"""Wrong usage as one sentence: what was given, what is accepted, whose help says more."""

import re
from typing import Any

import typer

from .settings import variable

# By pydantic's names of what is wrong, which typer hands on: what is accepted instead.
ACCEPTED = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
}
CHOICE = " is not one of "


def sentence(error: typer.TyperException) -> str:
    """The message of `error`, and the help of the verb that was meant."""
    context = getattr(error, "ctx", None)
    verb = context.command_path if context else "inception-hub"
    message = (
        (_value(error) or error.format_message()).rstrip(".").replace(". Did you mean ", "; did you mean ")
    )
    if re.match("-[^-]", str(getattr(error, "option_name", ""))):
        message += "; a path that begins with - is given as ./-NAME"
    return f"{message} See {verb} --help." if message.endswith("?") else f"{message}; see {verb} --help."


def _value(error: typer.TyperException) -> str | None:
    """What is wrong with the value of an option or argument; None where something else is wrong."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return error.message if isinstance(error, typer.BadParameter) else None
    name = _origin(error) or parameter.get_error_hint().strip("'")
    if not hasattr(error.__cause__, "errors"):
        return None
    wrong: dict[str, Any] = error.__cause__.errors()[0]  # pyright: ignore - pydantic's, which may be missing
    given = f"{name} is {str(wrong['input'])[:60]!r}"
    if accepted := ACCEPTED.get(wrong["type"]):
        return f"{given}; give {accepted.format_map(wrong.get('ctx', {}))}"
    _, found, choices = error.message.partition(CHOICE)
    if found:
        *others, last = choices.rstrip(".").replace("'", "").split(", ")
        return f"{given}; give {', '.join(others)} or {last}"
    return None


def _origin(error: Any) -> str | None:
    """The variable, or the option and the file, that the wrong value came from; None: the command line."""
    context, parameter = error.ctx, error.param
    source = context.get_parameter_source(parameter.name) if context else None
    if source is None or source.name != "DEFAULT_MAP":
        return None
    setting = context.find_root().obj[context.info_name][parameter.name]
    if setting.origin == variable(context.info_name, setting.option):
        return setting.origin
    return f"{setting.option} in {setting.origin}"
