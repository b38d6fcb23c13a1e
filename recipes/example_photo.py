"""Draws the example of the server's page, oranges and a lemon on a table, by ray marching; nothing is copied.

`python recipes/example_photo.py src/inception_hub/resources/templates/page/example.jpg`
"""

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 480, 360  # px
ORANGES = ((-1.35, 1.0, 0.35, 1.0), (-0.05, 0.92, 1.75, 0.92))  # middles and radii
LEMON, LEMON_TURN = np.array([1.25, 0.74, -0.1]), 0.5  # middle; radians
CAMERA, TARGET, ZOOM = np.array([0.15, 2.9, -6.2]), np.array([0.0, 0.62, 0.45]), 2.3
SUN = np.array([-0.55, 0.75, -0.45]) / np.linalg.norm([-0.55, 0.75, -0.45])
STEPS, FAR = 90, 14.0
Vectors = NDArray[np.float64]


def noise(p: Vectors, seed: int) -> NDArray[np.float64]:
    """Smooth random values in [-1, 1] of places in space."""
    cell, at = np.floor(p).astype(np.int64), p - np.floor(p)
    at = at * at * (3 - 2 * at)
    total = np.zeros(p.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        mixed = (cell + corner) @ np.array([73856093, 19349663, 83492791]) + seed * 2654435761
        mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0x7FFFFFFF
        share = np.prod(np.where(np.array(corner) == 1, at, 1 - at), -1)
        total += share * (2.0 * mixed / 0x7FFFFFFF - 1)
    return total


def union(one: NDArray, other: NDArray, soft: float) -> NDArray:
    share = np.clip(0.5 + 0.5 * (other - one) / soft, 0, 1)
    return other + (one - other) * share - soft * share * (1 - share)


def in_lemon(p: Vectors) -> Vectors:
    """Places in the lemon's own axes, the first along it."""
    cos, sin = np.cos(LEMON_TURN), np.sin(LEMON_TURN)
    q = p - LEMON
    return np.stack([cos * q[..., 0] + sin * q[..., 2], q[..., 1], cos * q[..., 2] - sin * q[..., 0]], -1)


def distances(p: Vectors, peel: float = 0.0) -> list[NDArray[np.float64]]:
    """To the table, each orange and the lemon; `peel`: how rough those are."""
    found = [p[..., 1]]
    for x, y, z, radius in ORANGES:
        q = p - (x, y, z)
        length = np.linalg.norm(q, axis=-1)
        dent = np.exp(-((q[..., 0] ** 2 + q[..., 2] ** 2) / 0.02)) * (q[..., 1] > 0)
        found.append(length - radius + 0.05 * dent + (0.003 * peel * noise(24 * p, 1) if peel else 0))
    q = in_lemon(p)
    scaled = q / (1.02, 0.74, 0.74)
    body = (np.linalg.norm(scaled, axis=-1) - 1) * 0.74
    for end in (-1, 1):
        tip = np.linalg.norm((q - (1.02 * end, 0, 0)) / (1.5, 1, 1), axis=-1) - 0.15
        body = union(body, tip, 0.25)
    found.append(body + (0.004 * peel * noise(18 * p, 2) if peel else 0))
    return found


def nearest(p: Vectors, peel: float = 0.0) -> NDArray[np.float64]:
    return np.minimum.reduce(distances(p, peel))


def march(origin: Vectors, direction: Vectors) -> NDArray[np.float64]:
    """How far each ray goes until it meets something."""
    far = np.zeros(direction.shape[:-1])
    for _ in range(STEPS):
        far = np.minimum(far + 0.85 * nearest(origin + far[..., None] * direction), FAR)
    return far


def shadows(p: Vectors, normal: Vectors) -> NDArray[np.float64]:
    """The share of the sun, which is broad, that reaches each place."""
    far, light = np.full(p.shape[:-1], 0.05), np.ones(p.shape[:-1])
    for _ in range(40):
        room = nearest(p + 0.02 * normal + far[..., None] * SUN)
        light = np.minimum(light, np.clip(7 * room / far, 0, 1))
        far += np.clip(room, 0.03, 0.3)
    return light


def colours(p: Vectors, which: NDArray[np.intp]) -> Vectors:
    """Linear RGB of what lies at each place, without light."""
    grain = noise(p * (0.6, 1, 5), 3) + 0.5 * noise(p * (2, 1, 22), 4)
    table = np.array([0.30, 0.155, 0.07]) * (1 + 0.28 * grain)[..., None]
    table *= np.where(np.abs((p[..., 2] + 8) % 1.6) < 0.03, 0.45, 1)[..., None]
    orange = np.array([0.92, 0.25, 0.012]) * (1 + 0.10 * noise(3 * p, 5) + 0.08 * noise(24 * p, 6))[..., None]
    for x, y, z, radius in ORANGES:
        stem = np.linalg.norm((p - (x, y + radius - 0.03, z)) / (1, 2, 1), axis=-1) < 0.075
        orange = np.where(stem[..., None], (0.10, 0.14, 0.03), orange)
    q = in_lemon(p)
    lemon = np.array([0.88, 0.62, 0.03]) * (1 + 0.08 * noise(4 * p, 7) + 0.05 * noise(20 * p, 8))[..., None]
    green = np.clip(np.abs(q[..., 0]) - 0.95, 0, 0.3)[..., None] / 0.3
    lemon = lemon * (1 - 0.35 * green) + 0.35 * green * np.array([0.45, 0.55, 0.05])
    return np.choose(which[..., None], [table, orange, orange, lemon])


def rays(width: int, height: int) -> Vectors:
    """The direction of the ray through the middle of each pixel."""
    ahead = (TARGET - CAMERA) / np.linalg.norm(TARGET - CAMERA)
    right = np.cross([0, 1, 0], ahead) / np.linalg.norm(np.cross([0, 1, 0], ahead))
    x = (np.arange(width) + 0.5) / width * 2 - 1
    y = (1 - (np.arange(height) + 0.5) / height * 2)[:, None, None] * height / width
    found = ZOOM * ahead + x[None, :, None] * right + y * np.cross(ahead, right)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def lit(p: Vectors, directions: Vectors) -> Vectors:
    """Linear RGB of the places that rays of these directions meet."""
    which = np.argmin(distances(p), 0)
    normal = np.stack([nearest(p + each, 1.0) - nearest(p - each, 1.0) for each in 0.004 * np.eye(3)], -1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    reached = shadows(p, normal)
    sun = np.clip(normal @ SUN, 0, 1) * reached
    room = np.clip(nearest(p + 0.35 * normal) / 0.35, 0.25, 1)  # less where things are close together
    sky = room * (0.55 + 0.45 * normal[..., 1])
    mirrored = directions - 2 * (directions * normal).sum(-1, keepdims=True) * normal
    shine = np.clip(mirrored @ SUN, 0, 1) ** 40 * reached * np.array([0.02, 0.28, 0.28, 0.34])[which]
    light = 1.5 * sun[..., None] * (1, 0.95, 0.86) + 0.42 * sky[..., None] * (0.85, 0.93, 1.05)
    return colours(p, which) * light + shine[..., None]


def picture(width: int, height: int, finer: int = 2) -> Image.Image:
    """The example, RGB, by `finer` rays along each side of a pixel."""
    directions = rays(finer * width, finer * height)
    far = march(CAMERA, directions)
    colour = lit(CAMERA + far[..., None] * directions, directions)
    rows, columns = (np.linspace(1, -1, count) for count in far.shape)
    shade = 0.67 + 0.5 * rows[:, None] + 0.12 * columns
    wall = np.array([0.20, 0.27, 0.29]) * shade[..., None]
    haze = np.clip((far - 7.5) / 3, 0, 1)[..., None]  # the table fades into the wall
    colour = colour + (wall - colour) * haze * haze * (3 - 2 * haze)
    encoded = np.clip(colour / (1 + 0.25 * colour), 0, 1) ** (1 / 2.2)
    whole = Image.fromarray(np.rint(255 * encoded).astype(np.uint8))
    return whole.resize((width, height), Image.Resampling.BOX)


if __name__ == "__main__":
    picture(WIDTH, HEIGHT).save(sys.argv[1], "JPEG", quality=82, optimize=True)
