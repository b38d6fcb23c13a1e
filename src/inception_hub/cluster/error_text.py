"""The text of other libraries' errors, as a clause for a message of ours."""

LONGEST = 300  # characters


def first_line(error: BaseException) -> str:
    """The first line of `error`'s text, without a full stop."""
    return str(error).split("\n")[0].rstrip(".")


def one_line(error: BaseException) -> str:
    """All of `error`'s text on one line, without a full stop, at most 300 characters of it."""
    return " ".join(str(error).split())[:LONGEST].rstrip(".")
