"""Photos of colours that are not sRGB's look as Chromium shows them; `make browser`."""

import base64
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from helpers.box_files import coloured
from helpers.box_files import encoded as boxed
from helpers.image_files import chunk, encoded
from helpers.profiles import SPACES, rgb_profile
from PIL import Image

from inception_hub.images.decode import decode

pytestmark = pytest.mark.browser
LEVELS = 2  # of 255, that a picture may differ on average
PIXELS = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
PHOTO = Image.fromarray(PIXELS)
SHOWN = """async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return [...canvas.getImageData(0, 0, image.width, image.height).data];
}"""


def png(*chunks: bytes) -> bytes:
    content = encoded(PHOTO, "PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def gamma(value: int, name: str) -> bytes:
    red, green, blue, white = SPACES[name]
    points = struct.pack(">8I", *(round(v * 1e5) for p in (white, red, green, blue) for v in p))
    return chunk(b"gAMA", value.to_bytes(4)) + chunk(b"cHRM", points)


def photos() -> dict[str, bytes]:
    made = {}
    for name in ("display-p3", "adobe-rgb", "prophoto"):
        profile = rgb_profile(name)
        made[f"PNG, profile of {name}"] = png(chunk(b"iCCP", b"x\0\0" + zlib.compress(profile)))
        made[f"WebP, profile of {name}"] = encoded(PHOTO, "WEBP", lossless=True, icc_profile=profile)
    for numbers in ((12, 13), (9, 14), (11, 13), (5, 13), (6, 13), (1, 1), (1, 4), (1, 8), (2, 2), (1, 13)):
        made[f"PNG, numbers {numbers}"] = png(chunk(b"cICP", bytes([*numbers, 0, 1])))
    for primaries, transfer in ((12, 13), (12, 1), (9, 14), (1, 13), (1, 1), (2, 2), (9, 8)):
        plain = boxed(PHOTO, "AVIF", subsampling="4:4:4", quality=100)
        made[f"AVIF, numbers {primaries}, {transfer}"] = coloured(plain, primaries, transfer)
    for value, name in ((100_000, "srgb"), (55_556, "srgb"), (45_470, "adobe-rgb"), (50_000, "display-p3")):
        made[f"PNG, gamma {value}, {name}"] = png(gamma(value, name))
    made["PNG, gamma alone"] = png(chunk(b"gAMA", (55_556).to_bytes(4)))
    made["PNG, profile behind the pixels"] = (
        encoded(PHOTO, "PNG")[:-12]
        + chunk(b"iCCP", b"x\0\0" + zlib.compress(rgb_profile("display-p3")))
        + encoded(PHOTO, "PNG")[-12:]
    )
    return made


def test_photos_look_as_in_a_browser(browser: Any) -> None:
    differences = {}
    page = browser.new_page()
    for name, content in photos().items():
        kind = name.partition(",")[0].lower()
        url = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        theirs = np.array(page.evaluate(SHOWN, url)).reshape(32, 32, 4)[..., :3]
        differences[name] = float(np.abs(decode(content) - theirs).mean())
    page.close()
    assert len(differences) == 29
    assert {name: value for name, value in differences.items() if value > LEVELS} == {}
