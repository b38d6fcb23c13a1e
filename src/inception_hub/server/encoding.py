"""Bodies that come compressed: gzip is read within the limit of a body, other encodings are refused."""

import zlib

from starlette.types import Scope

from ..errors import RequestError, TooLargeError, UnknownEncodingError

GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say so
MOST_EXPANSION = 1032  # times; no compressed byte gives more in the format that gzip holds
MOST_MEMBERS = 1000  # one that is empty has 20 bytes and takes zlib as long as some kilobytes
BLOCK = 1 << 16  # bytes given to zlib at a time


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
    """What gzip's `content` holds, in one part (gzip's "member") or several.

    Raises `TooLargeError` for more than `most` bytes, as soon as they are there, and for more than
    `MOST_MEMBERS` parts; `RequestError` for what is no gzip or ends early.
    """
    parts: list[bytes] = []
    left, members, start = most, 0, 0
    view = memoryview(content)
    try:
        while start < len(content):
            members += 1
            if members > MOST_MEMBERS:
                raise TooLargeError(
                    f"The body is gzip of more than {MOST_MEMBERS:,} parts; compress it as a whole."
                )
            member = zlib.decompressobj(GZIP)
            while not member.eof:
                # A block at a time, for zlib copies what it has not used once more for each member.
                block = view[start : start + BLOCK]
                if not block:
                    raise ValueError("ends early")
                parts.append(member.decompress(block, left + 1))
                left -= len(parts[-1])
                if left < 0:
                    raise TooLargeError(
                        f"The body is larger than {most:,} bytes without gzip; send fewer photos."
                    )
                start += len(block) - len(member.unused_data)
    except (zlib.error, ValueError) as error:
        if isinstance(error, RequestError):
            raise
        raise RequestError("The body is no whole gzip, as Content-Encoding has it; send it anew.") from error
    return b"".join(parts)
