"""An HTTP server on loopback that sends what a test wants, however wrong."""

import hashlib
import http.server
import threading
from collections.abc import Callable

CONTENT = bytes(range(256)) * 1000
SHA384 = hashlib.sha384(CONTENT).hexdigest()
Response = Callable[[http.server.BaseHTTPRequestHandler], None]


class Responder:
    """Responds to each path with a function; `asked` lists the paths, `over` ends responses that wait."""

    def __init__(self) -> None:
        self.responses: dict[str, Response] = {}
        self.asked: list[str] = []
        self.over = threading.Event()

    def url(self, path: str, respond: Response | None = None) -> str:
        if respond:
            self.responses[path] = respond
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "Responder":
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                try:
                    server.responses[self.path](self)
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


def sends(content: bytes = CONTENT, length: int | None = -1, status: int = 200, **headers: str) -> Response:
    """`length` is the Content-Length announced: -1 the truth, None none."""

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        if length is not None:
            request.send_header("Content-Length", str(len(content) if length == -1 else length))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return respond


def raw(content: bytes) -> Response:
    return lambda request: request.wfile.write(content) and None


def chunked(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + content


def endless(responder: Responder, start: bytes, piece: bytes) -> Response:
    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(start)
        while not responder.over.is_set():
            request.wfile.write(piece)

    return respond


def sends_in_parts(responder: Responder, part: int, etag: str = '"v1"', rest: str = "") -> Response:
    """Never more than `part` bytes at a time; `rest` is another Content-Range than the true one."""

    def respond(request: http.server.BaseHTTPRequestHandler) -> None:
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        responder.asked.append(f"{start} {request.headers.get('If-Range')}")
        request.send_response(206 if start else 200)
        request.send_header("ETag", etag)
        request.send_header("Content-Length", str(len(CONTENT) - start))
        if start:
            true = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
            request.send_header("Content-Range", rest or true)
        request.end_headers()
        request.wfile.write(CONTENT[start : start + part])

    return respond
