"""Heatmaps belong to their own photo and leave it visible; they lie where the network looks."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.architecture import FEATURE_MAP
from inception_hub.images import heatmaps
from inception_hub.images.presets import PRESETS, Preset, visible_fractions
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import BATCH_SIZE, infer

WHOLE = (1.0, 1.0)
LOGITS = "InceptionV2/Logits/Conv2d_1c_1x1"


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    paths = [tmp_path / f"{number}.png" for number in range(BATCH_SIZE)]
    for number, path in enumerate(paths):
        pixels = images_from_seed((64, 64, 3), number) * (255 if number == 1 else 90 + 20 * number)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return [Photo(path.name, path) for path in paths]


def test_a_photo_without_numbers_takes_no_others_map(
    small_module: Path, photos: list[Photo], tmp_path: Path
) -> None:
    """Weights so large that one photo's logits, and no other's, exceed float32."""
    made = bundle.read(small_module)
    vectors = [row.row.vector for row in infer(hub.Module(small_module), photos, Options(kind="vector"))]
    kernel = np.abs(made.weights[f"{LOGITS}/weights"])
    largest = np.array([np.max(vector @ kernel[0, 0]) for vector in vectors if vector is not None])
    order = np.argsort(largest)
    scale = 3.4028235e38 / float(np.sqrt(largest[order[-1]] * largest[order[-2]]))
    weights = {**made.weights, f"{LOGITS}/weights": (kernel * scale).astype(np.float32)}
    weights[f"{LOGITS}/biases"] = np.zeros(10, np.float32)
    bundle.write(replace(made, weights=weights), tmp_path / "huge")

    plain = {row.row.path: row for row in infer(hub.Module(small_module), photos, Options(feature_maps=True))}
    found = list(infer(hub.Module(tmp_path / "huge"), photos, Options(feature_maps=True)))
    assert [answer.row.error is not None for answer in found] == [n == order[-1] for n in range(BATCH_SIZE)]
    assert order[-1] < BATCH_SIZE - 1, "others follow it in the batch"
    for answer in found:
        if answer.row.error is None:
            last_map = plain[answer.row.path].feature_map
            assert answer.feature_map is not None and last_map is not None
            assert np.allclose(answer.feature_map, last_map, rtol=1e-4, atol=1e-4), answer.row.path


def test_heatmaps_are_finer_than_the_modules_own_size_and_leave_its_rows_alone(tmp_path: Path) -> None:
    """A large JPEG, which is decoded reduced, and less so for the heatmap."""
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    large = Image.fromarray(pixels).resize((1200, 900), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.jpg", quality=95)
    module, photo = hub.Module("tiny_imagenet"), Photo("large.jpg", tmp_path / "large.jpg")
    (plain,), (found,) = infer(module, [photo]), infer(module, [photo], Options(feature_maps=True))
    assert module.image_size == (128, 128) and heatmaps.map_size((128, 128)) == (224, 224)
    assert found.row.predictions == plain.row.predictions and plain.feature_map is None
    enlarged = hub.load_images([photo.source], (224, 224), resize=module.resize)
    expected = module.endpoints(enlarged, [FEATURE_MAP])[FEATURE_MAP][0]
    assert found.feature_map is not None and found.feature_map.shape == (7, 7, 1024)
    assert np.allclose(found.feature_map, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "finer"),
    [
        ((64, 64), (128, 128)),
        ((96, 96), (192, 192)),
        ((160, 160), (224, 224)),
        ((224, 224), (224, 224)),
        ((299, 320), (299, 320)),
        ((128, 256), (224, 448)),
    ],
)
def test_small_modules_are_enlarged_to_the_originals_size_twofold_at_most(
    size: tuple[int, int], finer: tuple[int, int]
) -> None:
    assert heatmaps.map_size(size) == finer


def drawn(map: list[list[float]], width: int, height: int, preset: Preset = "default") -> np.ndarray:
    """Opacity of a heatmap, in [0, 1]."""
    visible = visible_fractions(preset, (height, width), (96, 96))
    found = heatmaps.heatmap(np.array(map, np.float32), width, height, visible)
    assert found.index.shape == (height, width)
    return heatmaps.palette()[found.index][..., 3] / 255


def test_the_photo_stays_as_it_is_where_the_class_is_seen_and_visible_elsewhere() -> None:
    opacity = drawn([[0, 0, 0, 0], [0, 0, 0, 1]], 320, 160, "plain")
    assert opacity[130, 300] == 0 and opacity[20:60, 20:180].min() == opacity[20:60, 20:180].max()
    assert 0.4 < opacity[20, 20] < 0.6
    between = drawn([[0.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 1]], 320, 160, "plain")[20, 20]
    assert 0 < between < opacity[20, 20]


def test_what_lowers_the_logit_and_what_adds_nothing_look_alike() -> None:
    assert np.array_equal(drawn([[-9, -9], [-9, 4]], 40, 40), drawn([[0, 0], [0, 4]], 40, 40))
    for nothing in ([[-1, -2], [-4, -5]], [[0, 0], [0, 0]]):
        assert np.unique(drawn(nothing, 40, 40)).size == 1 and drawn(nothing, 40, 40)[0, 0] > 0.4


def test_lines_run_at_a_quarter_and_a_half_of_the_maximum() -> None:
    """Of a slope from 0 to 1 across the photo."""
    across = heatmaps.palette()[
        heatmaps.heatmap(np.linspace(0, 1, 41, dtype=np.float32)[None], 410, 3, WHOLE).index
    ][1]
    yellow = np.flatnonzero(across[:, 0] > 90)
    middle = [5 + 400 * level for level in (0.25, 0.5)]
    groups = np.split(yellow, np.flatnonzero(np.diff(yellow) > 5) + 1)
    assert [group.mean() + 0.5 for group in groups] == pytest.approx(middle, abs=1)
    assert across[groups[0], 0].max() < across[groups[1], 0].max()


def test_a_heatmap_lies_on_what_the_network_sees_and_continues_to_the_edges() -> None:
    """A map's step lies in the middle of the photo, its corner nearer to the middle where less is seen."""
    step = [[0.0] * 4 + [1.0] * 4] * 8
    for preset, left in (("plain", 0.5), ("default", 0.5)):
        clear = np.flatnonzero(drawn(step, 320, 320, preset)[160] == 0)
        assert clear[0] / 320 == pytest.approx(left, abs=0.03) and clear[-1] == 319
    corner = [[1.0, 0.0, 0.0, 0.0]] + [[0.0] * 4] * 3
    clear = {preset: int((drawn(corner, 320, 320, preset)[4] == 0).sum()) for preset in PRESETS}
    assert clear["default"] == clear["slim"] == clear["crop"] and clear["plain"] == clear["pad"]
    assert clear["default"] - 20 == pytest.approx(0.875 * clear["plain"], abs=2)


def test_of_a_crop_the_heatmap_lies_on_the_part_that_is_shown() -> None:
    """Of a photo of 320 x 160 pixels 140 rows and columns: the map's left half ends in the photo's middle."""
    step = [[1.0] * 4 + [0.0] * 4] * 8
    clear = np.flatnonzero(drawn(step, 320, 160, "crop")[80] == 0)
    assert clear[0] == pytest.approx(82, abs=3) and clear[-1] == pytest.approx(159, abs=6)
    stripe = [[0.0] * 6 + [1.0] * 2] * 8  # 35 of the 140 columns, at 195 to 230, and ten that continue them
    clear = np.flatnonzero(drawn(stripe, 320, 160, "crop")[80] == 0)
    assert clear[0] == pytest.approx(195, abs=6) and clear[-1] == pytest.approx(238, abs=3)
    assert drawn(stripe, 320, 160, "crop")[80, 250:].min() > 0.4, "which the network does not see"
    upright = np.flatnonzero(drawn(np.transpose(stripe).tolist(), 160, 320, "crop")[:, 80] == 0)
    assert np.array_equal(upright, clear)


def test_of_a_padded_photo_the_heatmap_is_cut_out_of_the_middle() -> None:
    """A photo of 320 x 160 pixels takes the middle five of ten rows of the map."""
    for row, place in ((3, "upper centre"), (6, "lower centre")):
        map = np.zeros((10, 10), np.float32)
        map[row] = 1
        map[row, 4] = 2
        clear = np.flatnonzero(drawn(map.tolist(), 320, 160, "pad").min(1) == 0)
        assert clear.mean() == pytest.approx(32 + 32 * (row - 3), abs=8)
        visible = visible_fractions("pad", (160, 320), (96, 96))
        assert heatmaps.heatmap(map, 320, 160, visible).place == place
    beside = np.zeros((10, 10), np.float32)
    beside[0, 0] = 1  # on the grey: named by what is nearest on the photo
    assert heatmaps.heatmap(beside, 320, 160, visible).place == "upper left"


def test_photos_of_any_shape() -> None:
    for map, width, height in (
        ([[1.0]], 9, 7),
        ([[1.0, 0.0]], 300, 1),
        ([[0.0], [2.0]], 1, 300),
        ([[1.0]], 1, 1),
    ):
        for preset in PRESETS:
            drawn(map, width, height, preset)
    drawn([[0.0] * 39 + [1.0]] * 39, 50, 50)


@pytest.mark.parametrize("preset", PRESETS)
def test_over_very_long_photos_a_heatmap_takes_no_more_memory(preset: Preset) -> None:
    tracemalloc.start()
    for photo in ((1, 400_000), (400_000, 1)):  # height, width
        visible = visible_fractions(preset, photo, (96, 96))
        index = heatmaps.heatmap(np.eye(7, dtype=np.float32), 320, 320, visible).index
        assert index.shape == (320, 320) and np.unique(index).size > 1
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_where_it_is_strongest_in_words() -> None:
    places = {}
    for row, column in np.ndindex(7, 7):
        map = np.zeros((7, 7), np.float32)
        map[row, column] = 1
        places[row, column] = heatmaps.heatmap(map, 7, 7, WHOLE).place
    assert [places[each] for each in ((0, 0), (0, 3), (3, 6), (3, 3), (6, 0))] == [
        "upper left",
        "upper centre",
        "middle right",
        "centre",
        "lower left",
    ]
    assert len(set(places.values())) == 9
    assert heatmaps.heatmap(np.full((7, 7), -1, np.float32), 7, 7, WHOLE).place == "nowhere"


def test_a_heatmap_over_a_photo() -> None:
    photo = Image.new("RGB", (80, 40), (200, 30, 60))
    over = heatmaps.laid_over(photo, heatmaps.heatmap(np.array([[0, 1]], np.float32), 80, 40, WHOLE))
    assert over.mode == "RGB" and over.size == photo.size
    assert over.getpixel((79, 20)) == (200, 30, 60)
    left = over.getpixel((0, 20))
    assert isinstance(left, tuple) and 60 < left[0] < 140 and left[0] > 2 * left[1]
