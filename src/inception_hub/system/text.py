"""Text that may hold anything, such as file names, made fit for files and terminals."""


def encoded(text: str) -> bytes:
    """UTF-8; what is no text in it, the stray bytes of a path, as escapes such as `\\udcff`."""
    return text.encode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """`text` with escapes for what could move the cursor or end the line: file names may be hostile."""
    return "".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else ascii(c)[1:-1] for c in text)
