"""Hostile requests from a grammar of the server's interfaces: nearly well formed, wrong at any level.

Each is made from a seeded generator, so that a row can be made again.
"""

import base64
import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

import numpy as np
from PIL import Image
from trials import mutated

SIDE = 64  # of the served module's images
NAME = "small"  # of the module
TFS, KSERVE = f"/v1/models/{NAME}", f"/v2/models/{NAME}"


@dataclass(frozen=True)
class Request:
    path: str
    body: bytes = b""
    method: str = "POST"
    query: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def photo(generator: Random) -> bytes:
    """A small photo of some format, one in ten damaged."""
    content = _photo(generator.randrange(200))
    return content if generator.random() < 0.9 else mutated(content, generator)


@cache
def _photo(seed: int) -> bytes:
    generator, file = Random(seed), io.BytesIO()
    values = np.frombuffer(generator.randbytes(108), np.uint8).reshape(6, 6, 3)
    Image.fromarray(values).resize((40, 30)).save(
        file, generator.choice(("JPEG", "PNG", "WEBP", "GIF", "BMP"))
    )
    return file.getvalue()


def encoded(generator: Random) -> str:
    text = base64.b64encode(photo(generator)).decode()
    return generator.choice((*[text] * 25, text[:-1], text + "=", text[:9] + "\n" + text, "", "*"))


WORDS = (
    "",
    "images",
    "b64",
    "image/encoded",
    "default",
    "instances",
    "FP32",
    "\ud800",
    "é😀",
    "\0",
    "a" * 3000,
    '"\\',
)
NUMBERS = (
    "0",
    "0.5",
    "-0.0",
    "1e400",
    "-1e400",
    "1e-400",
    "7",
    "NaN",
    "Infinity",
    "9" * 30,
    "9" * 5000,
    "1" * 400 + ".5",
)


def anything(generator: Random, levels: int = 3) -> str:
    """Any JSON, or nearly."""
    match generator.randrange(7 if levels else 5):
        case 0:
            return generator.choice(("true", "false", "null"))
        case 1 | 2:
            return generator.choice(NUMBERS)
        case 3 | 4:
            return text(generator)
        case 5:
            return (
                "[" + ",".join(anything(generator, levels - 1) for _ in range(generator.randrange(5))) + "]"
            )
        case _:
            return members(
                *(
                    (generator.choice(WORDS), anything(generator, levels - 1))
                    for _ in range(generator.randrange(4))
                )
            )


def text(generator: Random) -> str:
    return json.dumps(generator.choice(WORDS), ensure_ascii=generator.random() < 0.9)


def members(*pairs: tuple[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


def some(generator: Random, good: Callable[[], str], chance: float = 0.92) -> str:
    """What `good` makes, or anything."""
    return good() if generator.random() < chance else anything(generator)


def tensor(generator: Random) -> str:
    """Nested lists: an image of the module's size, of another, or ragged."""
    shape = generator.choice(
        ((SIDE, SIDE, 3), (SIDE, SIDE, 3), (2, 2, 3), (SIDE, 1), (3,), (0,), (1,) * 14, (1,) * 70)
    )
    short = [number for number in NUMBERS if len(number) < 10 or len(shape) != 3]
    number = generator.choice(("0.5", "0.5", "1", *short))
    made = number
    for size in reversed(shape):
        made = "[" + ",".join([made] * size) + "]"
    if generator.random() < 0.2:
        made = made.replace(number, anything(generator, 1), generator.randrange(3))
    return made


def finish(generator: Random, content: str) -> bytes:
    body = content.encode("utf-8", "surrogatepass")
    match generator.randrange(16):
        case 0:
            return mutated(body, generator)
        case 1:
            return content.encode(generator.choice(("utf-16", "utf-32", "utf-8-sig")), "surrogatepass")
        case _:
            return body


def tensorflow_serving(generator: Random) -> Request:
    def image() -> str:
        kind = generator.randrange(5)
        if kind == 0:
            return tensor(generator)
        one = members(("b64", some(generator, lambda: json.dumps(encoded(generator)), 0.9)))
        return one if kind < 4 else members(("images", one))

    def several() -> str:
        return (
            "["
            + ",".join([some(generator, image, 0.95)] * generator.choice((0, 1, 1, 1, 1, 2, 2, 4, 4, 32, 33)))
            + "]"
        )

    def example() -> str:
        one = members(("image/encoded", members(("b64", json.dumps(encoded(generator))))))
        return "[" + ",".join([some(generator, lambda: one, 0.9)] * generator.choice((0, 1, 1, 2, 33))) + "]"

    names = (
        "serving_default",
        "image_classification",
        "image_feature_vector",
        "image_classification_with_bn_hparams",
    )
    made: list[tuple[str, str]] = []
    if generator.random() < 0.5:
        made.append(("signature_name", some(generator, lambda: json.dumps(generator.choice(names)))))
    verb = generator.choice((":predict", ":predict", ":classify"))
    if verb == ":classify":
        made.append(("examples", some(generator, example)))
    elif generator.random() < 0.7:
        made.append(("instances", some(generator, several)))
    else:
        momentum = ("batch_norm_momentum", some(generator, lambda: "0.9"))
        columns = members(("images", several()), *([momentum] if generator.random() < 0.4 else []))
        made.append(("inputs", some(generator, lambda: columns)))
    if generator.random() < 0.1:
        made.append((generator.choice(WORDS), anything(generator)))
    version = generator.choice(("", "", "", "/versions/1", "/versions/2"))
    return Request(TFS + version + verb, finish(generator, members(*made)))


def kserve(generator: Random, *, binary: bool) -> Request:
    behind, count = b"", generator.choice((0, 1, 1, 1, 2, 32, 33))
    made: list[tuple[str, str]] = [("name", some(generator, lambda: '"images"', 0.95))]
    is_bytes = generator.random() < 0.6
    made.append(("datatype", some(generator, lambda: '"BYTES"' if is_bytes else '"FP32"', 0.95)))
    shape = [count] if is_bytes else [count, SIDE, SIDE, 3]
    odd = ([1] * 65, [2**31 - 1] * 4, [0, 2**31 - 1, 2**31 - 1], [-1], [True], [2**70], [count, count])
    made.append(("shape", some(generator, lambda: json.dumps(generator.choice((*[shape] * 9, *odd))), 0.95)))
    if binary:
        if is_bytes:
            files = [photo(generator)] * count
            lengths = [generator.choice((len(file),) * 9 + (0, 2**32 - 1)) for file in files]
            behind = b"".join(struct.pack("<I", n) + file for n, file in zip(lengths, files, strict=True))
        else:
            number = generator.choice((0.5, 0.5, float("nan"), float("inf"), 7.0, -1e-40))
            behind = np.full(count * SIDE * SIDE * 3, number, "<f4").tobytes()
        behind = behind[: generator.choice((None, None, None, len(behind) // 2, -1))]
        size = some(generator, lambda: str(len(behind)), 0.95)
        made.append(("parameters", some(generator, lambda: members(("binary_data_size", size)), 0.95)))
    elif is_bytes:
        made.append(("data", json.dumps([encoded(generator)] * count)))
    else:
        made.append(
            ("data", some(generator, lambda: tensor(generator) if count < 2 else "[" + "0.5," * 999 + "0.5]"))
        )
    document = [("inputs", some(generator, lambda: "[" + members(*made) + "]", 0.95))]
    if generator.random() < 0.4:
        name = generator.choice(
            ("image_classification", "InceptionV2/Predictions", "image_feature_vector", "none")
        )
        output = members(
            ("name", json.dumps(name)), ("parameters", some(generator, lambda: '{"binary_data":true}'))
        )
        document.append(("outputs", some(generator, lambda: f"[{output}]")))
    if generator.random() < 0.4:
        document.append(("id", some(generator, lambda: text(generator))))
    if generator.random() < 0.2:
        document.append(("parameters", some(generator, lambda: '{"binary_data_output":true}')))
    head = finish(generator, members(*document))
    length = generator.choice((str(len(head)),) * 9 + ("-1", "1" * 40, "x", "99999999"))
    headers = {"Inference-Header-Content-Length": length} if binary else {}
    return Request(f"{KSERVE}/infer", head + behind, headers=headers)
