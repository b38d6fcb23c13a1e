"""ICC profiles of our own making: spaces of cameras, screens and printers, and such that are wrong."""

import struct
from collections.abc import Sequence

import numpy as np

# Chromaticities of red, green, blue and white, and the exponent of the tone curve.
SPACES: dict[str, tuple[tuple[float, float], ...]] = {
    "display-p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),
    "adobe-rgb": ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), (0.3127, 0.3290)),
    "prophoto": ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),
    "srgb": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290)),
    "bt601-625": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), (0.3127, 0.3290)),
    "bt601-525": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), (0.3127, 0.3290)),
    "cinema": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    "swapped": ((0.300, 0.600), (0.640, 0.330), (0.150, 0.060), (0.3127, 0.3290)),  # red is green
}
EXPONENTS = {"adobe-rgb": 563 / 256, "prophoto": 1.8, "rec2020": 2.4}  # others: sRGB's curve
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def profile(
    space: bytes, tags: Sequence[tuple[bytes, bytes]], kind: bytes = b"mntr", pcs: bytes = b"XYZ "
) -> bytes:
    """A profile of version 4 for colours of `space` with these tags."""
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(data), b"", 0x04200000, kind, space, pcs, b"", b"acsp"
    )
    header += bytes(28) + struct.pack(">3I", *(round(v * 65536) for v in D50))
    return header.ljust(128, b"\0") + table + data


def rgb_profile(name: str) -> bytes:
    """Of one of `SPACES`, by a matrix and a tone curve."""
    return profile(b"RGB ", rgb_tags(name))


def rgb_tags(name: str) -> list[tuple[bytes, bytes]]:
    columns = primaries(name).T
    tags = [(f"{letter}XYZ".encode(), xyz(column)) for letter, column in zip("rgb", columns, strict=True)]
    tags += [(f"{letter}TRC".encode(), curve(name)) for letter in "rgb"]
    return [*_texts(), (b"wtpt", xyz(D50)), *tags]


def grey_profile(exponent: float = 1.0) -> bytes:
    return profile(b"GRAY", [*_texts(), (b"wtpt", xyz(D50)), (b"kTRC", parametric(0, exponent))])


def cmyk_profile() -> bytes:
    """Of inks that are full red, green, blue and black instead of cyan, magenta, yellow and black, in Lab."""
    inks = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    corners = []
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        rgb = np.clip(1 - (1 - inks[0]) * c - (1 - inks[1]) * m - (1 - inks[2]) * y, 0, 1) * (1 - k)
        corners.append(
            np.clip(lab(primaries("srgb") @ rgb) * [655.35, 257, 257] + [0, 32896, 32896], 0, 65535)
        )
    ramp = struct.pack(">2H", 0, 65535)
    table = struct.pack(">48H", *np.round(np.concatenate(corners)).astype(int).tolist())
    identity = struct.pack(">9I", *(65536 * (n % 4 == 0) for n in range(9)))
    lut = b"mft2\0\0\0\0\4\3\2\0" + identity + struct.pack(">2H", 2, 2) + ramp * 4 + table + ramp * 3
    return profile(b"CMYK", [*_texts(), (b"wtpt", xyz(D50)), (b"A2B0", lut)], b"prtr", b"Lab ")


def xyz(values: Sequence[float] | np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def parametric(kind: int, *values: float) -> bytes:
    return (
        b"para\0\0\0\0"
        + struct.pack(">HH", kind, 0)
        + struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
    )


def curve(name: str) -> bytes:
    if name in EXPONENTS:
        return parametric(0, EXPONENTS[name])
    return parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def primaries(name: str) -> np.ndarray:
    """The matrix from linear RGB to XYZ under D50."""
    points = np.array([[x / y, 1, (1 - x - y) / y] for x, y in SPACES[name]])
    white = points[3]
    matrix = points[:3].T * np.linalg.solve(points[:3].T, white)
    cone = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    return np.linalg.solve(BRADFORD, cone @ BRADFORD @ matrix)


def linear(name: str, values: np.ndarray) -> np.ndarray:
    """What `values` in [0, 1] are in light."""
    if name in EXPONENTS:
        return values ** EXPONENTS[name]
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb(name: str, pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels of one of `SPACES` as sRGB, uint8, by the book."""
    light = linear(name, pixels / 255) @ primaries(name).T @ np.linalg.inv(primaries("srgb")).T
    light = np.clip(light, 0, 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(values * 255).astype(np.uint8)


def lab(colour: np.ndarray) -> np.ndarray:
    ratio = colour / D50
    cubic = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * cubic[1] - 16, 500 * (cubic[0] - cubic[1]), 200 * (cubic[1] - cubic[2])])


def _texts() -> list[tuple[bytes, bytes]]:
    text = "ours".encode("utf-16-be")
    content = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    return [(b"desc", content), (b"cprt", content)]
