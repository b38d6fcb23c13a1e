"""Downloads against real servers on the loopback: whole and verified, or one sentence saying why not."""

import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inception_hub.errors import DownloadError, HandleError, OutputError
from inception_hub.sources.download import download, is_offline

CONTENT = bytes(range(256)) * 1000
SHA384 = hashlib.sha384(CONTENT).hexdigest()
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("INCEPTION_HUB_OFFLINE", raising=False)


class Server:
    """Answers each path with a function; `asked` lists the paths, `over` lets waiting answers go."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.over = threading.Event()

    def url(self, path: str, answer: Answer | None = None) -> str:
        if answer:
            self.answers[path] = answer
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "Server":
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                try:
                    server.answers[self.path](self)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client has seen enough

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def sends(content: bytes = CONTENT, length: int | None = -1, status: int = 200, **headers: str) -> Answer:
    """`length` is the Content-Length announced: -1 the truth, None none."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        if length is not None:
            request.send_header("Content-Length", str(len(content) if length == -1 else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def raw(content: bytes) -> Answer:
    return lambda request: request.wfile.write(content) and None


def test_a_download_arrives_whole(server: Server, tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    url = server.url("/file", sends())
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
    server: Server, tmp_path: Path, length: int | None
) -> None:
    calls: list[tuple[int, int | None]] = []
    download(
        [server.url("/file", sends(length=length))], tmp_path / "file", progress=lambda *c: calls.append(c)
    )
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert calls[-1] == (len(CONTENT), len(CONTENT) if length == -1 else None)


def test_an_existing_file_is_replaced_only_by_a_whole_one(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(DownloadError):
        download([server.url("/file", sends(length=len(CONTENT) + 1))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"old"
    download([server.url("/file", sends())], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_sources_are_tried_in_turn_until_one_works(server: Server, tmp_path: Path) -> None:
    urls = [server.url("/missing", sends(status=404)), server.url("/wrong", sends(CONTENT[::-1]))]
    urls += [server.url("/right", sends()), server.url("/never", sends())]
    download(urls, tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["/missing", "/wrong", "/right"]


def chunked(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + content


FAILURES: dict[str, tuple[Answer, str]] = {
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
    "a redirect to no URL": (sends(status=302, Location="http://[/"), r"(?i)invalid|IPv6"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_goes_wrong_is_said_and_leaves_nothing(server: Server, tmp_path: Path, case: str) -> None:
    answer, reason = FAILURES[case]
    url = server.url("/file", answer)
    with pytest.raises(DownloadError, match=reason) as caught:
        download([url], tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    message = str(caught.value)
    assert message.startswith(f"Nothing could be downloaded from {url} (") and "\n" not in message
    assert message.endswith("fetch the file some other way and give its path instead.")
    assert not list(tmp_path.iterdir())


def test_every_source_is_named_with_its_own_reason(server: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
    missing = server.url("/missing", sends(status=404))
    with pytest.raises(HandleError, match="Nothing could be downloaded") as caught:
        download(
            [closed, missing, "file:///etc/passwd", "http://[/", "http://\u2603\u0000/"], tmp_path / "file"
        )
    message = str(caught.value)
    assert f"{closed} (Connection refused) or {missing} (HTTP 404 Not Found)" in message
    assert "file:///etc/passwd (file:///etc/passwd is neither http nor https)" in message
    assert "\n" not in message and "\u0000" not in message
    assert not list(tmp_path.iterdir())


def test_secrets_in_a_url_are_not_repeated(server: Server, tmp_path: Path) -> None:
    url = server.url("/file?token=secret", sends(status=403)).replace("http://", "http://user:password@")
    with pytest.raises(DownloadError) as caught:
        download([url], tmp_path / "file")
    assert "secret" not in str(caught.value) and "password" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, tmp_path: Path, status: int) -> None:
    target = server.url("/a%20file", sends())
    first = server.url("/first", sends(b"moved", status=status, Location="second"))
    server.url("/second", sends(status=status, Location=target.replace("%20", " ")))
    download([first], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def endless(server: Server, start: bytes, piece: bytes) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(start)
        while not server.over.is_set():
            request.wfile.write(piece)

    return answer


ENDLESS = {
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", bytes(4096), "sends more than 1000000 bytes"),
    "chunks": (chunked(b""), b"1000\r\n" + bytes(4096) + b"\r\n", "sends more than 1000000 bytes"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "not done within 0.3 s"),
    "trailers": (chunked(b"0\r\n"), b"a: b\r\n", "not done within 0.3 s"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_what_never_ends_is_cut_off(server: Server, tmp_path: Path, case: str) -> None:
    start, piece, reason = ENDLESS[case]
    total = 0.3 if "within" in reason else 60
    with pytest.raises(DownloadError, match=reason):
        url = server.url("/file", endless(server, start, piece))
        download([url], tmp_path / "file", max_bytes=1_000_000, total_timeout=total)
    assert not list(tmp_path.iterdir())


def test_a_redirect_with_an_endless_body_is_followed_without_reading_it(
    server: Server, tmp_path: Path
) -> None:
    start = b"HTTP/1.1 302 Found\r\nLocation: /whole\r\n\r\n"
    server.url("/whole", sends())
    download([server.url("/file", endless(server, start, bytes(4096)))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


STALLS = {
    "before the answer": b"",
    "in the status": b"HTTP/1.1 20",
    "in the headers": b"HTTP/1.1 200 OK\r\nA: b\r\n",
    "before the body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    "in a chunk": chunked(b"9\r\nabc"),
}


@pytest.mark.parametrize("case", STALLS)
def test_a_server_that_stalls_is_left(server: Server, tmp_path: Path, case: str) -> None:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(STALLS[case])
        server.over.wait()

    with pytest.raises(DownloadError, match=r"nothing came for 0\.2 s"):
        download([server.url("/file", answer)], tmp_path / "file", stall_timeout=0.2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", [STALLS["in the headers"], STALLS["before the body"], chunked(b"9")])
def test_a_byte_now_and_then_does_not_hold_a_download(server: Server, tmp_path: Path, start: bytes) -> None:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(start)
        while not server.over.wait(0.05):
            request.wfile.write(b"0")

    with pytest.raises(DownloadError, match=r"not done within 0\.3 s"):
        download([server.url("/file", answer)], tmp_path / "file", stall_timeout=60, total_timeout=0.3)


def test_a_larger_file_than_accepted_is_refused_before_it_comes(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="it announces 256000 bytes; at most 1000 are accepted"):
        download([server.url("/file", sends())], tmp_path / "file", max_bytes=1000)


@pytest.mark.parametrize("value", ["1", "yes", "true"])
def test_offline_no_socket_is_made(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", value)
    url = server.url("/file", sends())
    with pytest.raises(
        DownloadError, match=f"INCEPTION_HUB_OFFLINE forbids the network, so {url} was not asked"
    ):
        download([url], tmp_path / "file")
    assert not server.asked and not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["", "0"])
def test_zero_and_nothing_do_not_forbid_the_network(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", value)
    assert not is_offline()


def test_a_place_that_cannot_be_written_is_not_blamed_on_the_source(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written to .*Not a directory"):
        download([server.url("/file", sends())], tmp_path / "file" / "inside")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot be written"):
        download([server.url("/file", sends())], tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def sends_in_parts(server: Server, part: int, etag: str = '"v1"', rest: str = "") -> Answer:
    """Never more than `part` bytes at a time; `rest` is another Content-Range than the true one."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        server.asked.append(f"{start} {request.headers.get('If-Range')}")
        request.send_response(206 if start else 200)
        request.send_header("ETag", etag)
        request.send_header("Content-Length", str(len(CONTENT) - start))
        if start:
            true = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
            request.send_header("Content-Range", rest or true)
        request.end_headers()
        request.wfile.write(CONTENT[start : start + part])

    return answer


def test_what_broke_off_is_gone_on_with_and_checked_as_a_whole(server: Server, tmp_path: Path) -> None:
    url = server.url("/file", sends_in_parts(server, 100_000))
    download([url], tmp_path / "file", size=len(CONTENT), sha384=SHA384)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked[1::2] == ["0 None", '100000 "v1"', '200000 "v1"']
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
def test_what_is_not_the_rest_is_refused(
    server: Server, tmp_path: Path, part: int, etag: str, rest: str, message: str
) -> None:
    url = server.url("/file", sends_in_parts(server, part, etag, rest))
    with pytest.raises(DownloadError, match=message):
        download([url], tmp_path / "file", size=len(CONTENT))
    assert not list(tmp_path.iterdir())


def test_another_version_is_not_appended(server: Server, tmp_path: Path) -> None:
    """A server answers `If-Range` of another version with 200 and the whole new file."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        sends(CONTENT[:-9] if "Range" not in request.headers else CONTENT, len(CONTENT), ETag='"v"')(request)

    with pytest.raises(DownloadError, match="does not send the rest"):
        download([server.url("/file", answer)], tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_nothing(server: Server, tmp_path: Path) -> None:
    def interrupt(received: int, expected: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download([server.url("/file", sends())], tmp_path / "file", progress=interrupt)
    assert not list(tmp_path.iterdir())
