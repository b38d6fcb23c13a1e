"""Bodies that come compressed: gzip is read within the limit of a body, other encodings are refused."""

import zlib

from starlette.types import Scope

from ..errors import RequestError, TooLargeError, UnknownEncodingError

GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say so
MOST_EXPANSION = 1032  # times; no compressed byte gives more in the format that gzip holds


def is_gzip(scope: Scope) -> bool:
    """Whether the body is compressed by gzip; raises `UnknownEncodingError` for any other encoding."""
    given = [value for name, value in scope["headers"] if name == b"content-encoding"]
    names = [name.strip().lower() for value in given for name in value.split(b",")]
    encodings = [name for name in names if name not in (b"", b"identity")]
    if not encodings:
        return False
    if encodings not in ([b"gzip"], [b"x-gzip"]):
        text = b", ".join(encodings)[:60].decode("latin-1")
        raise UnknownEncodingError(f"Content-Encoding is {text!r}; send gzip, or the body as it is.")
    return True


def gunzip(content: bytes, most: int) -> bytes:
    """What gzip's `content` holds, in one part or several.

    Raises `TooLargeError` for more than `most` bytes, as soon as they are there, and `RequestError` for what
    is no gzip or ends early.
    """
    parts: list[bytes] = []
    left = most
    try:
        while content:
            member = zlib.decompressobj(GZIP)
            parts.append(member.decompress(content, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise TooLargeError(
                    f"The body is larger than {most:,} bytes without gzip; send fewer photos."
                )
            if not member.eof:
                raise ValueError("ends early")
            content = member.unused_data
    except (zlib.error, ValueError) as error:
        if isinstance(error, RequestError):
            raise
        raise RequestError("The body is no whole gzip, as Content-Encoding has it; send it anew.") from error
    return b"".join(parts)
