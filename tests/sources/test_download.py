"""Downloads against a real server on loopback: whole and verified, or one sentence saying why not."""

import http.server
import socket
from pathlib import Path

import pytest
from helpers.responder import CONTENT, SHA384, Responder, Response, chunked, raw, sends, sends_in_parts

from inception_hub.errors import DownloadError, HandleError, OutputError
from inception_hub.sources.download import download


def test_a_download_arrives_whole(responder: Responder, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    url = responder.url("/file", sends())
    download(
        [url],
        tmp_path / "file",
        size=len(CONTENT),
        sha384=SHA384.upper(),
        progress=lambda *c: calls.append(c),
    )
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert calls == sorted(calls) and calls[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("length", [-1, None])
def test_without_a_published_size_the_announced_one_counts(
    responder: Responder, tmp_path: Path, length: int | None
) -> None:
    calls: list[tuple[int, int | None]] = []
    download(
        [responder.url("/file", sends(length=length))], tmp_path / "file", progress=lambda *c: calls.append(c)
    )
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert calls[-1] == (len(CONTENT), len(CONTENT) if length == -1 else None)


def test_an_existing_file_is_replaced_only_by_a_whole_one(responder: Responder, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(DownloadError):
        download([responder.url("/file", sends(length=len(CONTENT) + 1))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old"
    download([responder.url("/file", sends())], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_sources_are_tried_in_turn_until_one_works(responder: Responder, tmp_path: Path) -> None:
    urls = [responder.url("/missing", sends(status=404)), responder.url("/wrong", sends(CONTENT[::-1]))]
    urls += [responder.url("/right", sends()), responder.url("/never", sends())]
    download(urls, tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert responder.asked == ["/missing", "/wrong", "/right"]


FAILURES: dict[str, tuple[Response, str]] = {
    "gone": (sends(status=404), r"HTTP 404 Not Found"),
    "broken": (sends(status=500), r"HTTP 500 Internal Server Error"),
    "fewer than announced": (sends(CONTENT[:-9], len(CONTENT)), r"ended after 255991 of 256000 bytes"),
    "fewer than published": (sends(CONTENT[:-9]), r"announces 255991 bytes instead of 256000"),
    "fewer, none announced": (sends(CONTENT[:-9], None), r"ended after 255991 of 256000 bytes"),
    "more than published": (sends(CONTENT + b"x"), r"announces 256001 bytes instead of 256000"),
    "more, none announced": (sends(CONTENT + b"x", None), r"sends more than 256000 bytes"),
    "other content": (sends(CONTENT[::-1]), rf"its SHA-384 is [0-9a-f]{{96}} instead of {SHA384}"),
    "terminal codes": (raw(b"HTTP/1.1 404 a\x1b[2Jb\x08\r\n\r\n"), r"\(HTTP 404 a\[2Jb\)"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), r"SSH-2\.0"),
    "nothing": (raw(b""), r"closed connection without response"),
    "a header without end": (raw(b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000), r"header line"),
    "headers without end": (raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200), r"100 headers"),
    "a chunk cut short": (raw(chunked(b"fff\r\nabc")), r"connection ended early"),
    "a chunk of no size": (raw(chunked(b"xyz\r\nabc")), r"connection ended early"),
    "a redirect to a file": (sends(status=302, Location="file:///etc/passwd"), r"neither http nor https"),
    "a redirect to FTP": (sends(status=301, Location="ftp://127.0.0.1/a"), r"neither http nor https"),
    "a redirect to data": (sends(status=307, Location="data:,abc"), r"neither http nor https"),
    "a redirect to nowhere": (sends(status=302), r"HTTP 302 Found"),
    "a redirect in a circle": (sends(status=302, Location="/file"), r"redirects more than 10 times"),
    "a redirect to no URL": (sends(status=302, Location="http://[/"), r"its URL is malformed"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_explained_and_leaves_nothing(responder: Responder, tmp_path: Path, case: str) -> None:
    response, reason = FAILURES[case]
    url = responder.url("/file", response)
    with pytest.raises(DownloadError, match=reason) as caught:
        download([url], tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    message = str(caught.value)
    assert message.startswith(f"Nothing could be downloaded from {url} (") and "\n" not in message
    assert message.endswith("fetch the file some other way and give its path instead.")
    assert not list(tmp_path.iterdir())


def test_every_source_is_named_with_its_own_reason(responder: Responder, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
    missing = responder.url("/missing", sends(status=404))
    with pytest.raises(HandleError, match="Nothing could be downloaded") as caught:
        download(
            [closed, missing, "file:///etc/passwd", "http://[/", "http://\u2603\u0000/"], tmp_path / "file"
        )
    message = str(caught.value)
    assert f"{closed} (Connection refused) or {missing} (HTTP 404 Not Found)" in message
    assert "file:///etc/passwd (file:///etc/passwd is neither http nor https)" in message
    assert "\n" not in message and "\u0000" not in message
    assert not list(tmp_path.iterdir())


def test_a_larger_file_than_accepted_is_refused_before_it_comes(responder: Responder, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="it announces 256000 bytes; at most 1000 are accepted"):
        download([responder.url("/file", sends())], tmp_path / "file", max_bytes=1000)


def test_a_file_that_cannot_be_written_is_no_failure_of_the_source(
    responder: Responder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written to .*Not a directory"):
        download([responder.url("/file", sends())], tmp_path / "file" / "inside")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written"):
        download([responder.url("/file", sends())], tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_broken_download_is_resumed_and_checked_as_a_whole(responder: Responder, tmp_path: Path) -> None:
    url = responder.url("/file", sends_in_parts(responder, 100_000))
    download([url], tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert responder.asked[1::2] == ["0 None", '100000 "v1"', '200000 "v1"']
    with pytest.raises(DownloadError, match=f"its SHA-384 is {SHA384} instead of 0000"):
        download([url], tmp_path / "other", sha384="0" * 96)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "part, etag, rest, message",
    [
        (100_000, 'W/"v1"', "", "ended after 100000 of 256000 bytes"),
        (100_000, '"v1"', "bytes 0-255999/256000", "ended after 100000 of 256000 bytes and does not send"),
        (100_000, '"v1"', "bytes 100000-999999/1000000", "does not send the rest"),
        (1_000, '"v1"', "", "ended after 11000 of 256000 bytes"),
    ],
)
def test_a_response_that_is_not_the_rest_is_refused(
    responder: Responder, tmp_path: Path, part: int, etag: str, rest: str, message: str
) -> None:
    url = responder.url("/file", sends_in_parts(responder, part, etag, rest))
    with pytest.raises(DownloadError, match=message):
        download([url], tmp_path / "file", size=len(CONTENT))
    assert not list(tmp_path.iterdir())


def test_another_version_is_not_appended(responder: Responder, tmp_path: Path) -> None:
    """A server responds to `If-Range` of another version with 200 and the whole new file."""

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        sends(CONTENT[:-9] if "Range" not in request.headers else CONTENT, len(CONTENT), ETag='"v"')(request)

    with pytest.raises(DownloadError, match="does not send the rest"):
        download([responder.url("/file", respond)], tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_nothing(responder: Responder, tmp_path: Path) -> None:
    def interrupt(received: int, expected: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download([responder.url("/file", sends())], tmp_path / "file", progress=interrupt)
    assert not list(tmp_path.iterdir())
