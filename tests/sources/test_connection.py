"""Connections: redirects and proxies are followed, secrets are kept, and no server can hold one forever."""

import http.client
import http.server
from pathlib import Path
from urllib.error import URLError

import pytest
from helpers.responder import CONTENT, Responder, chunked, endless, sends

from inception_hub.errors import DownloadError
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
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "not done within 0.3 s"),
    "trailers": (chunked(b"0\r\n"), b"a: b\r\n", "not done within 0.3 s"),
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
