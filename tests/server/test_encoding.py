"""Compressed bodies: gzip within the limit of a body, in one part or several; all else is refused."""

import gzip
import random

import pytest
from helpers.serving import Served, jpeg

from inception_hub.errors import RequestError, TooLargeError
from inception_hub.server.encoding import BLOCK, MOST_EXPANSION, MOST_MEMBERS, gunzip


def test_a_photo_comes_compressed(server: Served) -> None:
    photo = jpeg(3)
    plain = server.post("/classify", photo).json
    for encoding in ("gzip", "x-gzip", "GZIP", "identity, gzip"):
        response = server.post("/classify", gzip.compress(photo), Content_Encoding=encoding)
        assert (response.status, response.json) == (200, plain)
    for encoding in ("identity", ""):
        assert server.post("/classify", photo, Content_Encoding=encoding).json == plain


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br", "\xff" * 500])
def test_other_encodings_are_refused(server: Served, encoding: str) -> None:
    response = server.post("/classify", gzip.compress(jpeg(3)), Content_Encoding=encoding)
    assert response.status == 415 and "send gzip, or the body as it is" in response.error
    assert response.headers["accept-encoding"] == "gzip"


@pytest.mark.usefixtures("unharmed")
def test_what_is_no_gzip_and_what_expands_without_end(strict_server: Served) -> None:
    whole = gzip.compress(jpeg(3))
    for body in (b"", b"no gzip", whole[:-5], whole + b"trailing", whole[:-8] + bytes(8)):
        response = strict_server.post("/classify", body, Content_Encoding="gzip")
        assert response.status == 400, body
    bomb = gzip.compress(bytes(100 << 20))
    assert len(bomb) < 1 << 20
    response = strict_server.post("/classify", bomb, Content_Encoding="gzip")
    assert response.status == 413 and "larger than 1,048,576 bytes without gzip" in response.error


def test_no_more_is_made_than_may_be() -> None:
    content = random.Random(0).randbytes(1000)
    assert gunzip(gzip.compress(content), 1000) == content
    assert gunzip(gzip.compress(content[:400]) + gzip.compress(content[400:]), 1000) == content
    with pytest.raises(TooLargeError):
        gunzip(gzip.compress(content), 999)
    with pytest.raises(TooLargeError):
        gunzip(gzip.compress(content[:400]) + gzip.compress(content[400:]), 999)
    with pytest.raises(RequestError):
        gunzip(gzip.compress(content)[:-1], 1000)
    assert len(gzip.compress(bytes(100 << 20))) * MOST_EXPANSION > 100 << 20


def test_parts_of_any_length_are_read_and_no_more_than_a_thousand() -> None:
    """Each costs zlib as much as kilobytes do; 8 MB of empty ones once took half a minute."""
    generator = random.Random(0)
    contents = [generator.randbytes(n) for n in (0, 1, BLOCK - 30, BLOCK, 3 * BLOCK, 0)]
    whole = b"".join(map(gzip.compress, contents))
    assert gunzip(whole, len(whole)) == b"".join(contents)
    empty = gzip.compress(b"")
    assert gunzip(empty * MOST_MEMBERS, 0) == b""
    with pytest.raises(TooLargeError, match="more than 1,000 parts; compress it as a whole"):
        gunzip(empty * (MOST_MEMBERS + 1), 0)
