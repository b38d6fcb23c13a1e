"""Connections: redirects and proxies are followed, secrets are kept, and no server can hold one forever."""

import http.client
import http.server
import io
import urllib.request
from base64 import b64encode
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
from helpers.responder import CONTENT, Responder, Response, chunked, endless, sends

from inception_hub.errors import DownloadError
from inception_hub.sources import connection
from inception_hub.sources.connection import Deadline, failure_reason, open_url, shown
from inception_hub.sources.download import download


def test_secrets_in_a_url_are_not_repeated(responder: Responder, tmp_path: Path) -> None:
    url = responder.url("/file?token=secret", sends(status=403)).replace("http://", "http://user:password@")
    with pytest.raises(DownloadError) as caught:
        download([url], tmp_path / "file")
    assert "secret" not in str(caught.value) and "password" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(responder: Responder, tmp_path: Path, status: int) -> None:
    target = responder.url("/a%20file", sends())
    first = responder.url("/first", sends(b"moved", status=status, Location="second"))
    responder.url("/second", sends(status=status, Location=target.replace("%20", " ")))
    download([first], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


ENDLESS = {
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", bytes(4096), "sends more than 1000000 bytes"),
    "chunks": (chunked(b""), b"1000\r\n" + bytes(4096) + b"\r\n", "sends more than 1000000 bytes"),
    # Newer Pythons count these themselves.
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "within 0.3 s|more than 100 interim"),
    "trailers": (chunked(b"0\r\n"), b"a: b\r\n", "within 0.3 s|more than 100 trailers"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_an_endless_response_is_cut_off(responder: Responder, tmp_path: Path, case: str) -> None:
    start, piece, reason = ENDLESS[case]
    total = 0.3 if "within" in reason else 60
    with pytest.raises(DownloadError, match=reason):
        url = responder.url("/file", endless(responder, start, piece))
        download([url], tmp_path / "file", max_bytes=1_000_000, total_timeout=total)
    assert not list(tmp_path.iterdir())


def test_a_redirect_with_an_endless_body_is_followed_without_reading_it(
    responder: Responder, tmp_path: Path
) -> None:
    start = b"HTTP/1.1 302 Found\r\nLocation: /whole\r\n\r\n"
    responder.url("/whole", sends())
    download([responder.url("/file", endless(responder, start, bytes(4096)))], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


STALLS = {
    "before the response": b"",
    "in the status": b"HTTP/1.1 20",
    "in the headers": b"HTTP/1.1 200 OK\r\nA: b\r\n",
    "before the body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    "in a chunk": chunked(b"9\r\nabc"),
}


@pytest.mark.parametrize("case", STALLS)
def test_a_server_that_stalls_is_left(responder: Responder, tmp_path: Path, case: str) -> None:
    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(STALLS[case])
        responder.over.wait()

    with pytest.raises(DownloadError, match=r"nothing came for 0\.2 s"):
        download([responder.url("/file", respond)], tmp_path / "file", stall_timeout=0.2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("start", [STALLS["in the headers"], STALLS["before the body"], chunked(b"9")])
def test_a_byte_now_and_then_holds_no_download(responder: Responder, tmp_path: Path, start: bytes) -> None:
    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(start)
        while not responder.over.wait(0.05):
            request.wfile.write(b"0")

    with pytest.raises(DownloadError, match=r"not done within 0\.3 s"):
        download([responder.url("/file", respond)], tmp_path / "file", stall_timeout=60, total_timeout=0.3)


def test_the_proxy_of_the_environment_is_asked(responder: Responder, monkeypatch: pytest.MonkeyPatch) -> None:
    responder.responses["http://nowhere.invalid/file"] = sends()
    monkeypatch.setenv("http_proxy", responder.url(""))
    monkeypatch.setenv("no_proxy", "")
    with open_url("http://nowhere.invalid/file", Deadline(30, 30)) as response:
        assert response.read() == CONTENT
    assert responder.asked == ["http://nowhere.invalid/file"]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://user:password@host:80/path?token=secret#part", "https://host:80/path"),
        ("http://host/a\nb\x1b[2J", "http://host/ab[2J"),
        ("http://[/", "a malformed URL"),
        ("http://host/" + "a" * 1000, "http://host/" + "a" * 288),
    ],
)
def test_urls_are_shown_in_one_line_without_secrets(url: str, safe: str) -> None:
    assert shown(url) == safe


def test_reasons_are_a_few_words() -> None:
    deadline = Deadline(2, 1000)
    assert failure_reason(URLError(TimeoutError()), deadline) == "nothing came for 2 s"
    assert failure_reason(TimeoutError(), Deadline(2, 0)) == "not done within 0 s"
    assert failure_reason(http.client.IncompleteRead(b""), deadline) == "the connection ended early"
    assert failure_reason(ConnectionRefusedError(111, "Connection refused"), deadline) == "Connection refused"
    assert failure_reason(ValueError("two\nlines"), deadline) == "two lines"
    assert failure_reason(ValueError(), deadline) == "ValueError"


def test_patience_ends_with_the_deadline() -> None:
    assert Deadline(2, 1000).patience() == 2 and Deadline(1000, 2).patience() <= 2
    assert Deadline(1, 0).is_over() and not Deadline(1, 1000).is_over()
    with pytest.raises(TimeoutError):
        Deadline(1, 0).patience()


def asks_for(password: str | None, then: Response) -> Response:
    """What `then` sends if the request comes with exactly this authentication, else 401."""

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        expected = password and "Basic " + b64encode(f"user:{password}".encode()).decode()
        right = request.headers.get("Authorization") == expected
        (then if right else sends(status=401))(request)

    return respond


def test_a_password_goes_to_its_own_host_alone(responder: Responder, tmp_path: Path) -> None:
    with Responder() as other:
        elsewhere = other.url("/file", asks_for(None, sends()))
        responder.url("/second", asks_for("a:/@b", sends(status=302, Location=elsewhere)))
        url = responder.url("/first", asks_for("a:/@b", sends(status=302, Location="/second")))
        download([url.replace("http://", "http://user:a%3A%2F%40b@")], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_password_in_a_redirect_goes_nowhere(responder: Responder, tmp_path: Path) -> None:
    target = responder.url("/file", asks_for(None, sends(status=403)))
    url = responder.url("/", sends(status=302, Location=target.replace("http://", "http://user:secret@")))
    with pytest.raises(DownloadError, match="HTTP 403") as caught:
        download([url], tmp_path / "file")
    assert "secret" not in str(caught.value)


def test_https_does_not_redirect_to_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a certificate of our own there is no https here: its response is made up."""

    def moved(self: object, request: urllib.request.Request) -> None:
        headers = Message()
        headers["Location"] = "http://user:secret@example.com/file?token=secret"
        raise HTTPError(request.full_url, 302, "Found", headers, io.BytesIO())

    monkeypatch.setattr(connection._TimedHandler, "https_open", moved)
    with pytest.raises(ValueError, match=r"^it redirects from https to http://example.com/file$"):
        open_url("https://example.com/", Deadline(5, 5))


@pytest.mark.parametrize(
    "url", ["http://user:se/cret@host/file", "http://user:cret@[host/", "http://h:cret/"]
)
def test_a_malformed_url_is_not_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="malformed") as caught:
        download([url], tmp_path / "file")
    assert "cret" not in str(caught.value)
