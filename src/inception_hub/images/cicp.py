"""ICC profiles of colours that a file names without one: by numbers, or by chromaticities and an exponent.

Numbers (coding-independent code points, CICP) are those of ITU-T H.273; PNG has them in its chunk cICP, AVIF
and HEIC in a box nclx.
"""

import math
import struct
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

Points = Sequence[tuple[float, float]]
Curve = Callable[[float], float]
D65 = (0.3127, 0.3290)
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65)
BT601 = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65)
# x and y of red, green, blue and white; 2 stands for "unspecified".
PRIMARIES: dict[int, Points] = {
    1: SRGB,
    2: SRGB,
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), D65),
    6: BT601,
    7: BT601,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # cinema
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),  # Display P3
}
# Candelas per square metre of white paper in pictures of high dynamic range (ITU-R BT.2408), and of their
# brightest parts.
WHITE, PEAK = 203, 1000
D50 = np.array([0.9642, 1.0, 0.8249])  # white of all profiles
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
FARTHEST = 8.0  # of a colour's X, Y and Z; those of real ones are below 2


@cache
def profile(primaries: int, transfer: int, *, grey: bool = False) -> bytes | None:
    """The profile of colours by their numbers; empty for sRGB, None for numbers that are not known.

    High dynamic range (PQ, HLG) is compressed, each colour by itself. `grey`: of pictures without colours.
    """
    points, curve = PRIMARIES.get(primaries), CURVES.get(transfer)
    if points is None or curve is None or (primaries == 2 and transfer == 2):
        return None
    if points is SRGB and curve is _srgb:
        return b""
    return _profile(points, curve, grey)


def film_profile(primaries: int, transfer: int) -> bytes | None:
    """The same for numbers of AVIF and HEIC, where those of films stand for sRGB's curve, as in browsers."""
    return profile(primaries, 13 if CURVES.get(transfer) is _bt1886 else transfer)


def gamma_profile(exponent: float | None, points: Points | None, *, grey: bool = False) -> bytes | None:
    """The profile of colours whose light is their value to a power; None where there are none such.

    `exponent`: None for sRGB's curve, which is no power. `points`: chromaticities of red, green, blue and
    white; None for sRGB's.
    """
    return _profile(points or SRGB, _srgb if exponent is None else lambda value: value**exponent, grey)


def _profile(points: Points, curve: Curve, grey: bool) -> bytes | None:
    levels = [round(65535 * min(1.0, curve(level / 255))) for level in range(256)]
    table = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *levels)
    if grey:
        return _file(b"GRAY", {b"kTRC": table})
    columns = _columns(points)
    if columns is None:
        return None
    tags = {f"{name}XYZ".encode(): _xyz(column) for name, column in zip("rgb", columns.T, strict=True)}
    return _file(b"RGB ", tags | {f"{name}TRC".encode(): table for name in "rgb"})


def _columns(points: Points) -> np.ndarray | None:
    """X, Y and Z under D50, as profiles have them, of red, green and blue; None for points of no colours."""
    try:
        xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in points])
        light = xyz[:3].T * np.linalg.solve(xyz[:3].T, xyz[3])
        cone = np.diag((BRADFORD @ D50) / (BRADFORD @ xyz[3]))
        columns = np.linalg.solve(BRADFORD, cone @ BRADFORD @ light)
    except (ZeroDivisionError, np.linalg.LinAlgError):
        return None
    return columns if np.abs(columns).max() < FARTHEST else None


def _file(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of a screen, version 4."""
    tags = {b"wtpt": _xyz(D50), **tags}
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content
    size = start + len(data)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x04200000, b"mntr", space, b"XYZ ", b"acsp")
    return (header + bytes(28) + _xyz(D50)[8:]).ljust(128, b"\0") + table + data


def _xyz(values: Sequence[float] | np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _bt1886(value: float) -> float:
    """Of screens for films."""
    return value**2.4


def _pq(value: float) -> float:
    """Perceptual quantizer: SMPTE ST 2084."""
    root = value ** (32 / 2523)
    light = (max(root - 107 / 128, 0) / (2413 / 128 - root * 2392 / 128)) ** (16384 / 2610)
    return _compressed(light * 10_000)


def _hlg(value: float) -> float:
    """Hybrid log-gamma: ITU-R BT.2100."""
    scene = value**2 / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return _compressed(scene**1.2 * PEAK)


def _compressed(light: float) -> float:
    """Candelas per square metre up to `PEAK` brought into [0, 1], as Chromium does (Reinhard et al. 2002)."""
    times, peak = light / WHITE, PEAK / WHITE
    return times * (1 + times / peak**2) / (1 + times)


CURVES: dict[int, Curve] = {
    **dict.fromkeys((2, 13), _srgb),
    **dict.fromkeys((1, 6, 14, 15), _bt1886),
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    8: lambda value: value,
    16: _pq,
    18: _hlg,
}
