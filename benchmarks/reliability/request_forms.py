"""Hostile requests beside `request_grammar`'s JSON: photos, multipart, heads, large bodies."""

import base64
import gzip
import json
import zlib
from dataclasses import replace
from random import Random

from request_grammar import KSERVE, TFS, Request, photo
from trials import mutated


def plain(generator: Random) -> Request:
    top = generator.choice(
        (
            b"",
            b"",
            b"top=3",
            b"top=1000",
            b"top=0",
            b"top=1e400",
            b"top=" + b"9" * 5000,
            b"top=%ed%a0%80",
            b"coverage=0.9",
            b"coverage=nan",
            b"coverage=1e400",
            b"coverage=0.9&top=3",
            b"coverage=" + b"9" * 5000,
            b"top=1&top=2",
            b"top=3;coverage=0.9",
            b"top=%zz&%ff=%",
            b"a=&" * 3000,
            b"top=1&" * 2000,
        )
    )
    path = generator.choice(("/classify", "/classify", "/embed", "/explain"))
    body = photo(generator) if generator.random() < 0.9 else generator.randbytes(200)
    return compressed(generator, Request(path, body, query=top))


def compressed(generator: Random, request: Request) -> Request:
    """`request`, one in five compressed: by gzip, once or twice, in several parts, damaged, or otherwise."""
    if generator.random() < 0.8:
        return request
    body, half = request.body, len(request.body) // 2
    whole = gzip.compress(body, 1)
    bodies = (
        whole,
        whole,
        gzip.compress(body[:half], 1) + gzip.compress(body[half:], 1),
        gzip.compress(b"") * generator.choice((9, 999, 1001)) + whole,
        gzip.compress(whole, 1),
        whole + b"behind it",
        whole[:-3],
        mutated(whole, generator),
        zlib.compress(body, 1),
    )
    codings = ("gzip",) * 9 + (
        "x-gzip",
        "GZIP",
        "gzip, gzip",
        "identity",
        "deflate",
        "br",
        "",
        "\xff",
        "a" * 999,
    )
    headers = {**request.headers, "Content-Encoding": generator.choice(codings)}
    return replace(request, body=generator.choice(bodies), headers=headers)


def multipart(generator: Random) -> Request:
    boundary = generator.choice(("b", "b0undary", "-" * 70, "a" * 300))
    body = b""
    for _ in range(generator.choice((0, 1, 1, 2, 4, 32, 33))):
        name = generator.choice(("a.jpg", "", "\0", "é", "\udcff", "..\\..\\a", 'a"b', "a" * 5000))
        header = f'Content-Disposition: form-data; name="a"; filename="{name}"'
        header = generator.choice(
            (*[header] * 9, 'Content-Disposition: form-data; name="a"', "A: b\r\n" * 20, "a" * 5000)
        )
        body += (
            f"--{boundary}\r\n{header}\r\n\r\n".encode("utf-8", "surrogateescape")
            + photo(generator)
            + b"\r\n"
        )
    if generator.random() < 0.95:
        body += f"--{boundary}--\r\n".encode()
    if generator.random() < 0.3:
        body = mutated(body, generator)
    charset = generator.choice(
        ("", "", "; charset=nope", "; charset=rot13", "; charset=utf-16", "; charset*=x''y")
    )
    kind = generator.choice(("multipart/form-data", "multipart/mixed", "Multipart/x"))
    return Request(
        generator.choice(("/classify", "/embed")),
        body,
        headers={
            "Content-Type": f"{kind}; boundary={boundary}{charset}" if generator.random() < 0.97 else kind
        },
    )


def heads(generator: Random) -> Request:
    """Methods, paths, hosts, origins and lengths."""
    path = generator.choice(
        ("/", "/card", "/metrics", "/openapi.json", "/v2", "/v2/health/ready", TFS, f"{TFS}/metadata", KSERVE)
        + (
            "/classify",
            f"{KSERVE}/infer",
            f"{TFS}:predict",
            "/classify/",
            "http://localhost/v2",
            "http://evil.example/v2",
            "*",
            "//evil.example/",
            "/\0",
            "/" + "a" * 9000,
        )
    )
    names = (
        "127.0.0.1:8501",
        "localhost",
        "evil.example",
        "[::1]",
        "[",
        "",
        "a" * 9000,
        "127.0.0.1.evil.example",
        "é",
    )
    headers = {"Host": generator.choice(names[:2] * 4 + names)}
    if generator.random() < 0.4:
        headers["Origin"] = generator.choice(
            ("http://127.0.0.1:8501", "http://evil.example", "null", "[", "://", "é")
        )
    if generator.random() < 0.3:
        headers["Sec-Fetch-Site"] = generator.choice(("same-origin", "cross-site", "none", "x"))
    if generator.random() < 0.3:
        headers["Content-Length"] = generator.choice(
            ("0", "-1", "x", "1e9", "9" * 5000, "\xb2", "", "99999999999")
        )
    body = photo(generator) if generator.random() < 0.5 else b""
    return Request(
        path, body, generator.choice(("GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "X")), headers=headers
    )


def large(generator: Random) -> Request:
    """Bodies of up to the limit that are worth as much as can be to whoever sends them."""
    size = generator.choice((1 << 20, 4 << 20, 16 << 20, 30 << 20)) - 200
    units = (
        b'\\"',
        rb"\\",
        rb"\/",
        b",",
        b'"",',
        b"[],",
        b"{},",
        b"[",
        b"null,",
        b"0,",
        b"0.5,",
        b"[0.1,0.2,0.3],",
    )
    units += (
        b'{"b64":""},',
        b"1" * 5000 + b",",
        b'"a":1,',
        "é".encode(),
        "😀".encode(),
        rb"\ud83d\ude00",
        b"A",
        b" ",
    )
    unit = generator.choice(units)
    start, end = generator.choice(
        ((b'{"instances":["', b'"]}'), (b'{"instances":[', b"0]}"), (b'{"a":', b"1}"))
    )
    match generator.randrange(9):
        case 8:
            parts = gzip.compress(b"") * (size // 20)
            return Request("/classify", parts, headers={"Content-Encoding": "gzip"})
        case 0:
            headers = {"Content-Type": "multipart/form-data; boundary=b0"}
            unit = generator.choice((b"\r\n", b"\r\n--b", b"\r", b"--b0\r\n", b"a", b"b"))
            head = b'--b0\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n'
            return Request("/classify", head + unit * (size // len(unit)), headers=headers)
        case 1:
            tensor = {"name": "images", "datatype": generator.choice(("BYTES", "FP32")), "shape": [size // 4]}
            head = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": size}}]}).encode()
            headers = {"Inference-Header-Content-Length": str(len(head))}
            return Request(f"{KSERVE}/infer", head + bytes(size), headers=headers)
        case 2:
            return Request("/classify", photo(generator) + bytes(size))
        case 3:
            content = (
                b'{"instances":[{"b64":"'
                + base64.b64encode(photo(generator))
                + b"A" * (size // 4 * 4)
                + b'"}]}'
            )
            return Request(f"{TFS}:predict", content)
        case _:
            path = generator.choice((f"{TFS}:predict", f"{TFS}:classify", f"{KSERVE}/infer"))
            return Request(path, start + unit * (size // len(unit)) + end)
