"""A stand-in for the Hugging Face Hub on loopback: repositories in memory, what its library asks."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40
TOKEN = "hf_writer"


class Hub(ThreadingHTTPServer):
    """`files` by repository and name; `private` repositories; what was asked, as `requests`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, format: str, *arguments: Any) -> None:
        self.server.requests.append(f"{self.command} {self.path}")

    def respond(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def say(self, content: Any) -> None:
        self.respond(200, json.dumps(content).encode(), Content_Type="application/json")

    def refuse(self, status: int, code: str) -> None:
        self.respond(status, X_Error_Code=code, X_Error_Message=code)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if match := re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", self.path):
            repository, revision, name = match.groups()
            if repository not in self.server.files:
                return self.refuse(401, "RepoNotFound")
            if revision not in ("main", COMMIT):
                return self.refuse(404, "RevisionNotFound")
            if name not in self.server.files[repository]:
                return self.refuse(404, "EntryNotFound")
            body = self.server.files[repository][name]
            tag = f'"{hashlib.sha256(body).hexdigest()}"'
            return self.respond(200, body, ETag=tag, X_Repo_Commit=COMMIT)
        if match := re.match(r"/api/models/([\w.-]+/[\w.-]+)", self.path):
            if match[1] not in self.server.files:
                return self.refuse(401, "RepoNotFound")
            siblings = [{"rfilename": name} for name in self.server.files[match[1]]]
            private = match[1] in self.server.private
            return self.say({"id": match[1], "sha": COMMIT, "private": private, "siblings": siblings})
        return self.refuse(404, "EntryNotFound")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "Transfer-Encoding" in self.headers:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        if self.path == "/api/validate-yaml":
            return self.say({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.respond(401)
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            repository = f"{asked.get('organization') or 'someone'}/{asked['name']}"
            if repository in self.server.files:
                return self.respond(409, json.dumps({"url": f"{self.server.url}/{repository}"}).encode())
            self.server.files[repository] = {}
            if asked.get("private") or asked.get("visibility") == "private":
                self.server.private.add(repository)
            return self.say({"url": f"{self.server.url}/{repository}", "name": repository})
        match = re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)/(preupload|commit)/main", self.path)
        assert match, self.path
        if match[2] == "preupload":
            modes = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in json.loads(body)["files"]
            ]
            return self.say({"files": modes})
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                value = line["value"]
                self.server.files[match[1]][value["path"]] = base64.b64decode(value["content"])
        return self.say(
            {
                "success": True,
                "commitOid": COMMIT,
                "commitUrl": f"{self.server.url}/{match[1]}/commit/{COMMIT}",
            }
        )
