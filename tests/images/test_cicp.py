"""Profiles of colours that are named by numbers, or by chromaticities and an exponent."""

import numpy as np
import pytest
from helpers.profiles import SPACES, primaries
from PIL import Image

from inception_hub.images import cicp
from inception_hub.images.colours import to_srgb

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
NUMBERS = {"srgb": 1, "bt601-625": 5, "bt601-525": 6, "rec2020": 9, "cinema": 11, "display-p3": 12}
EXPONENTS = {4: 2.2, 5: 2.8, 8: 1.0, 1: 2.4, 6: 2.4, 14: 2.4, 15: 2.4}


def shown(profile: bytes | None, pixels: np.ndarray = PIXELS) -> np.ndarray:
    return np.asarray(to_srgb(Image.fromarray(pixels), profile)).astype(int)


def by_the_book(name: str, light: np.ndarray) -> np.ndarray:
    light = np.clip(light @ primaries(name).T @ np.linalg.inv(primaries("srgb")).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def curve(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("name", NUMBERS)
def test_primaries(name: str) -> None:
    found = shown(cicp.profile(NUMBERS[name], 13))
    assert np.abs(found - by_the_book(name, curve(PIXELS / 255))).max() <= 1.5


@pytest.mark.parametrize("transfer", EXPONENTS)
def test_curves(transfer: int) -> None:
    for number, name in ((1, "srgb"), (12, "display-p3")):
        found = shown(cicp.profile(number, transfer))
        assert np.abs(found - by_the_book(name, (PIXELS / 255) ** EXPONENTS[transfer])).max() <= 1.5


def test_numbers_of_films_are_srgbs_curve_where_only_films_have_them() -> None:
    assert cicp.film_profile(12, 1) == cicp.profile(12, 13)
    assert cicp.film_profile(12, 8) == cicp.profile(12, 8)
    assert cicp.film_profile(1, 6) == cicp.film_profile(2, 13) == b""


def test_srgb_is_told_from_what_is_not_known() -> None:
    assert cicp.profile(1, 13) == b"" and shown(b"").tolist() == PIXELS.tolist()
    for primaries_, transfer in ((2, 2), (0, 13), (1, 0), (255, 255), (1, 17), (3, 3)):
        assert cicp.profile(primaries_, transfer) is None
    assert cicp.profile(12, 2) == cicp.profile(12, 13)


@pytest.mark.parametrize(("transfer", "paper", "brightest"), [(16, 0.5807, 0.7518), (18, 0.75, 1.0)])
def test_high_dynamic_range_is_compressed(transfer: int, paper: float, brightest: float) -> None:
    """White paper stays bright, what is five times as bright is white, and nothing changes its order."""
    levels = np.arange(256)
    greys = shown(cicp.profile(1, transfer), np.repeat(levels[:, None, None], 3, -1).astype(np.uint8))[:, 0]
    assert np.ptp(greys, -1).max() <= 1 and (np.diff(greys[:, 0]) >= 0).all()
    assert abs(greys[round(255 * paper), 0] - 191) <= 2
    assert (greys[0].max(), greys[round(255 * brightest) + (transfer == 16) :].min()) == (0, 255)
    assert greys[round(255 * paper * 0.9), 0] < 180


def test_chromaticities_and_an_exponent() -> None:
    points = SPACES["adobe-rgb"]
    found = shown(cicp.gamma_profile(563 / 256, points))
    assert np.abs(found - by_the_book("adobe-rgb", (PIXELS / 255) ** (563 / 256))).max() <= 1.5
    found = shown(cicp.gamma_profile(None, SPACES["display-p3"]))
    assert np.abs(found - by_the_book("display-p3", curve(PIXELS / 255))).max() <= 1.5
    found = shown(cicp.gamma_profile(1.8, None))
    assert np.abs(found - by_the_book("srgb", (PIXELS / 255) ** 1.8)).max() <= 1.5


def test_points_of_no_colours_have_no_profile() -> None:
    red, green, blue, white = SPACES["srgb"]
    for points in (
        (red, red, blue, white),
        (red, green, blue, (0.3, 0.0)),
        (red, green, (0.47, 0.466), white),
        ((0.0, 0.0),) * 4,
        ((42949.67, 42949.67),) * 4,
    ):
        assert cicp.gamma_profile(2.2, points) is None
    assert cicp.gamma_profile(100_000.0, None) and cicp.gamma_profile(1e-5, None)


def test_greys_have_profiles_of_their_own() -> None:
    grey = Image.new("L", (4, 4), 51)
    for profile in (cicp.profile(1, 8, grey=True), cicp.gamma_profile(1.0, None, grey=True)):
        assert np.abs(np.asarray(to_srgb(grey, profile)).astype(int) - 124).max() <= 1
