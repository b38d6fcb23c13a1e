"""Multipart bodies: names and contents of parts, bounds, and what is none."""

import random

import pytest
from helpers.serving import multipart

from inception_hub.errors import RequestError, TooLargeError
from inception_hub.server.multipart import is_multipart, read_parts


def part(header: bytes, content: bytes = b"x") -> bytes:
    return b"--b\r\n" + header + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


def test_parts_with_their_names() -> None:
    contents = {"a.jpg": b"", "b.jpg": bytes(range(256)) * 300, "ü.jpg": b"\r\n--b0undar\r\n-"}
    body, kind = multipart(contents)
    assert (
        is_multipart(kind) and is_multipart("Multipart/Mixed; boundary=x") and not is_multipart("image/jpeg")
    )
    assert read_parts(body, kind, 3) == list(contents.items())
    with pytest.raises(TooLargeError, match="more than 2 parts; send them in several requests"):
        read_parts(body, kind, 2)


@pytest.mark.parametrize("charset", ["nope", "rot13", "utf-16", "idna", "\xff", '"'])
def test_names_are_utf8_whatever_charset_is_named(charset: str) -> None:
    body = part('Content-Disposition: form-data; filename="\u00fc\udcff"'.encode("utf-8", "surrogateescape"))
    assert read_parts(body, f"multipart/form-data; boundary=b; charset={charset}", 1) == [
        ("\u00fc\ufffd", b"x")
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (part(b"Content-Disposition: form-data; filename=a"), "multipart/form-data"),
        (part(b"Content-Disposition: form-data; filename=a"), "multipart/form-data; boundary="),
        (part(b"Content-Disposition: form-data; filename=a"), "multipart/form-data; boundary=" + "b" * 5000),
        (part(b'Content-Disposition: form-data; name="a"'), "multipart/form-data; boundary=b"),
        (part(b"Content-Type: image/jpeg"), "multipart/form-data; boundary=b"),
        (part(b"Content-Disposition: form-data; filename=" + b"a" * 5000), "multipart/form-data; boundary=b"),
        (part(b"a" * (1 << 20)), "multipart/form-data; boundary=b"),
        (b"no boundary here", "multipart/form-data; boundary=b"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(RequestError, match="cannot be read; give every photo as a part with a file name"):
        read_parts(body, kind, 8)


def test_damaged_bodies_are_parts_or_a_clean_error() -> None:
    body, kind = multipart({"a": b"one", "b": b"two"})
    generator = random.Random(0)
    for _ in range(2000):
        damaged = bytearray(body)
        for _ in range(generator.randrange(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.choice(b'\r\n-b:;="\0\xff')
        try:
            parts = read_parts(bytes(damaged), kind, 8)
        except RequestError:
            continue
        assert all(isinstance(name, str) and isinstance(content, bytes) for name, content in parts)


def test_a_body_that_was_cut_off_is_not_taken_for_a_whole_one() -> None:
    body, kind = multipart({"a": b"one", "b": b"two"})
    whole = len(body) - 2  # the last line end may be left out
    assert read_parts(body[:whole], kind, 8) == [("a", b"one"), ("b", b"two")]
    for length in range(1, whole):
        with pytest.raises(RequestError, match="ends before its last boundary; send it whole"):
            read_parts(body[:length], kind, 8)
