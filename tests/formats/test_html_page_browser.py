"""The page of `export --to html` in headless Chromium, from a file, with the network off."""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.browsing import DESKTOP, PHONE, drop_folder, fits, hand_over, least_contrast, opened
from helpers.profiles import rgb_profile
from helpers.web_pages import HOSTILE, hostile, web_runtime
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.formats import export_bundle
from inception_hub.formats.html_page import GRAPH, _script
from inception_hub.formats.options import Options
from inception_hub.images.heatmaps import DRAWN_SIDE, LEVELS, REACH, STEP, heatmap, palette
from inception_hub.images.presets import DEFINITIONS, PRESETS, Preset, visible_fractions
from inception_hub.images.resize import GREY, is_exact, resize

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.browser
LONG = 30_000  # ms: WebAssembly is compiled first, perhaps beside other tests


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def photo(seed: int, size: tuple[int, int] = (90, 60)) -> Image.Image:
    """Coarse coloured noise, which resizing does not average away."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def files(photos: dict[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"name": name, "mimeType": f"image/{name.rpartition('.')[2]}", "buffer": content}
        for name, content in photos.items()
    ]


@pytest.fixture(scope="module")
def small(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the small module."""
    path = tmp_path_factory.mktemp("pages") / "small.html"
    export_bundle(bundle.read(small_module), "html", path, options=Options(runtime=web_runtime()))
    return path


@pytest.fixture
def page(browser: Any, small: Path) -> Iterator[Any]:
    with opened(browser, small.as_uri(), offline=True, viewport=DESKTOP) as page:
        yield page


def rotated(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image, "JPEG", exif=exif, quality=95)


PHOTOS = {
    "one.png": encoded(photo(1), "PNG"),
    "turned.jpeg": rotated(photo(2, (120, 70))),
    "clear.png": encoded(Image.merge("RGBA", (*photo(3).split(), photo(4).getchannel(0))), "PNG"),
    "grey.jpeg": encoded(photo(5).convert("L"), "JPEG", quality=95),
    "palette.gif": encoded(photo(6), "GIF"),
    "long.webp": encoded(photo(7, (400, 9)), "WEBP", lossless=True),
    "swapped.png": encoded(photo(9), "PNG", icc_profile=rgb_profile("swapped")),
    "high.bmp": encoded(photo(8, (50, 700)), "BMP"),
}


def test_photos_of_every_kind_get_the_classes_that_classify_gives(page: Any, small_module: Path) -> None:
    page.set_input_files("#files", files(PHOTOS))
    expect(page.locator("#status")).to_have_text(f"{len(PHOTOS)} photos named", timeout=LONG)
    assert page.locator("#photos h2").all_inner_texts() == list(PHOTOS)
    cards = page.locator("#photos > li").all()
    for card, row in zip(cards, hub.classify(list(PHOTOS.values()), small_module, top=5), strict=True):
        assert row.predictions is not None
        expected = {each.label: 100 * each.probability for each in row.predictions}
        shown = [float(text.rstrip("%")) for text in card.locator(".percent").all_inner_texts()]
        assert shown == pytest.approx(list(expected.values()), abs=1.0), card.locator("h2").inner_text()
        assert card.locator(".label").first.inner_text() == next(iter(expected))


def opacity(heat: Any) -> np.ndarray:
    """Of a heatmap on the page, [DRAWN_SIDE, DRAWN_SIDE], 0 to 255."""
    pixels = heat.evaluate(
        """async (image) => {
            await image.decode();
            const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
            context.drawImage(image, 0, 0);
            return [...context.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data];
        }"""
    )
    return np.array(pixels).reshape(DRAWN_SIDE, DRAWN_SIDE, 4)[..., 3]


@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_a_module_that_keeps_proportions_is_asked_by_its_own_preset(
    browser: Any, small_module: Path, tmp_path: Path, preset: Preset
) -> None:
    """Classes as `classify` gives them, and a heatmap on what the module sees of a wide photo."""
    bundle.write(replace(bundle.read(small_module), resize=preset), tmp_path / "made")
    path = tmp_path / "page.html"
    export_bundle(bundle.read(tmp_path / "made"), "html", path, options=Options(runtime=web_runtime()))
    with opened(browser, path.as_uri(), offline=True) as page:
        test_photos_of_every_kind_get_the_classes_that_classify_gives(page, tmp_path / "made")
        card = page.locator("#photos > li").nth(list(PHOTOS).index("long.webp"))
        card.locator("ol button").first.click()
        expect(card.locator(".heat")).to_be_visible(timeout=LONG)
        ((best,),) = hub.explain(tmp_path / "made", PHOTOS["long.webp"], top=1, size=(128, 128))
        visible = visible_fractions(preset, (9, 400), (64, 64))
        wanted = heatmap(best.activation_map, DRAWN_SIDE, DRAWN_SIDE, visible)
        drawn = opacity(card.locator(".heat"))
        assert (np.abs(drawn - palette()[wanted.index][..., 3].astype(int)) < 30).mean() > 0.97


def test_a_heatmap_is_the_modules_own(page: Any, small_module: Path) -> None:
    content = PHOTOS["one.png"]
    page.set_input_files("#files", files({"one.png": content}))
    page.locator("ol button").first.click(timeout=LONG)
    heat = page.locator(".heat")
    expect(heat).to_be_visible(timeout=LONG)
    ((best,),) = hub.explain(small_module, content, top=1, size=(128, 128))
    wanted = heatmap(best.activation_map, DRAWN_SIDE, DRAWN_SIDE, (0.875, 0.875))
    assert heat.get_attribute("alt") == f"Heatmap of {best.label}: strongest {wanted.place}"
    assert page.locator("#said").inner_text() == heat.get_attribute("alt")
    drawn = opacity(heat)
    assert (np.abs(drawn - palette()[wanted.index][..., 3].astype(int)) < 30).mean() > 0.97
    assert drawn.max() > 100


def run_script(page: Any, names: tuple[str, ...], body: str, given: Any) -> Any:
    """What `body`, which ends the joined scripts `names`, returns for `given`."""
    script = f"{_script(*names)}\nexport const answer = (given) => {{ {body} }};"
    url = "data:text/javascript;base64," + base64.b64encode(script.encode()).decode()
    return page.evaluate("([url, given]) => import(url).then(({ answer }) => answer(given))", [url, given])


SIZES = [
    ((90, 60), (64, 64)), ((31, 200), (48, 32)), ((500, 333), (128, 96)), ((64, 64), (64, 64)),
    ((1, 1), (32, 48)), ((67, 64), (64, 64)), ((333, 500), (96, 64)), ((700, 3), (64, 64)),
]  # fmt: skip


def definition(preset: Preset) -> dict[str, Any]:
    return asdict(DEFINITIONS[preset]) | {"grey": GREY[0]}


@pytest.mark.parametrize("preset", PRESETS)
def test_photos_are_resized_as_in_python(browser: Any, preset: Preset) -> None:
    page = browser.new_page()
    for number, ((width, height), size) in enumerate(SIZES):
        image = photo(number, (width, height))
        resized = run_script(
            page,
            ("resize",),
            """const read = (top, left, rows, columns) => [...Array(rows * columns * 4).keys()].map((at) => {
                const [pixel, channel] = [Math.floor(at / 4), at % 4];
                const [y, x] = [top + Math.floor(pixel / columns), left + (pixel % columns)];
                return channel < 3 ? given.pixels[(y * given.width + x) * 3 + channel] : 255;
            });
            return [...resized(read, given.width, given.height, given.size, given.preset)];""",
            {
                "pixels": np.asarray(image).ravel().tolist(),
                "width": width,
                "height": height,
                "size": list(size),
                "preset": definition(preset),
            },
        )
        expected = resize(image, size, preset)
        off = np.abs(np.array(resized).reshape(expected.shape) - expected)
        assert off.max() <= (1e-6 if is_exact(preset) else 2.01 / 255), (width, height)
        assert np.mean(off > 1.01 / 255) < 0.001
    page.close()


def test_heatmaps_are_drawn_as_in_python(browser: Any) -> None:
    page = browser.new_page()
    drawing = {"levels": LEVELS, "reach": REACH, "step": STEP, "palette": palette().tolist()}
    maps = [np.random.default_rng(0).normal(size=(7, 7)), np.eye(3, 5), -np.ones((2, 2)), np.ones((1, 1))]
    shapes = [(64, 64), (200, 30), (7, 5000)]  # height, width
    for preset, map, photo in product(PRESETS, maps, shapes):
        visible = visible_fractions(preset, photo, (48, 32))
        given = {"values": map.ravel().tolist(), "rows": map.shape[0], "columns": map.shape[1]}
        pixels, place, told = run_script(
            page,
            ("resize", "drawing"),
            """const visible = visibleFractions(...given.photo, given.size, given.preset);
                const drawing = { visible, ...given.drawing };
                return [[...heatmap(given.map, 64, drawing)], placeOf(given.map, visible), visible];""",
            {
                "map": given,
                "photo": photo,
                "size": (48, 32),
                "preset": definition(preset),
                "drawing": drawing,
            },
        )
        assert told == pytest.approx(visible)
        wanted = heatmap(map.astype(np.float32), 64, 64, visible)
        same = np.array(pixels).reshape(64, 64, 4) == palette()[wanted.index]
        assert same.all(axis=-1).mean() > 0.99 and place == wanted.place
    page.close()


def test_what_a_stranger_wrote_is_text(browser: Any, small_module: Path, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    export_bundle(hostile(small_module), "html", path, options=Options(runtime=web_runtime()))
    with opened(browser, path.as_uri(), offline=True, viewport=PHONE) as page:
        page.set_input_files("#files", files({"one.png": PHOTOS["one.png"], "two.png": PHOTOS["clear.png"]}))
        expect(page.locator("#status")).to_have_text("2 photos named", timeout=LONG)
        assert page.locator("#module").inner_text() == HOSTILE
        page.get_by_text("About this module").click()
        assert page.locator("#card-text h3").inner_text() == HOSTILE
        assert fits(page)


def test_what_is_no_photo_says_so_and_the_next_is_named(page: Any) -> None:
    photos = {"bad.png": b"no photo", "cut.jpeg": PHOTOS["grey.jpeg"][:200], "one.png": PHOTOS["one.png"]}
    page.set_input_files("#files", files(photos))
    expect(page.locator("#status")).to_have_text("1 photo named, 2 not", timeout=LONG)
    says = "This is no image that this browser reads; give an intact JPEG, PNG, WebP, AVIF, GIF or BMP file."
    assert page.get_by_role("alert").all_inner_texts() == [says, says]


def test_a_browser_that_cannot_compute_says_so(browser: Any, small: Path, tmp_path: Path) -> None:
    page_text = small.read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(GRAPH.sub('<script type="text/plain" id="graph">AAAA</script>', page_text), "utf-8")
    with opened(browser, broken.as_uri(), offline=True) as page:
        page.set_input_files("#files", files({"one.png": PHOTOS["one.png"]}))
        expect(page.get_by_role("alert")).to_contain_text("This browser cannot compute here (", timeout=LONG)
        expect(page.get_by_role("alert")).to_contain_text("); take a current one, such as Firefox or Chrome.")


def test_a_photo_of_too_many_pixels_says_so(browser: Any, small: Path, tmp_path: Path) -> None:
    strict = tmp_path / "strict.html"
    strict.write_text(small.read_text("utf-8").replace('"most_pixels": 100000000', '"most_pixels": 5000'))
    with opened(browser, strict.as_uri(), offline=True) as page:
        page.set_input_files("#files", files({"one.png": PHOTOS["one.png"]}))
        says = "The photo has 90 x 60 pixels; at most 5,000 are accepted: make it smaller."
        expect(page.get_by_role("alert")).to_have_text(says, timeout=LONG)


def test_the_keyboard_reaches_everything_and_the_screen_reader_hears_it(page: Any) -> None:
    stops = []
    for _ in range(4):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.id || document.activeElement.textContent"))
    assert stops == ["files", "folder", "About this module", "About the software in this page"]
    page.set_input_files("#files", files({"one.png": PHOTOS["one.png"]}))
    expect(page.locator("#status")).to_have_text(re.compile(r"one\.png: [a-j], [0-9.]+%"), timeout=LONG)
    assert page.locator("#status").get_attribute("role") == "status"
    page.locator("#folder").focus()
    page.keyboard.press("Tab")
    expect(page.locator("ol button").first).to_be_focused()
    expect(page.locator(".heat")).to_be_visible(timeout=LONG)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_photos_are_dropped_and_pasted(page: Any, event: str) -> None:
    hand_over(page, event, PHOTOS["grey.jpeg"])
    expect(page.locator("#status")).to_contain_text("handed.jpg: ", timeout=LONG)
    hand_over(page, event, None)
    expect(page.locator("#status")).to_contain_text("is no ")


@pytest.mark.parametrize("dropped", [True, False], ids=["dropped", "chosen"])
def test_a_folder_gives_its_photos(page: Any, tmp_path: Path, dropped: bool) -> None:
    for name, content in PHOTOS.items():
        (tmp_path / "holiday" / "sea").mkdir(parents=True, exist_ok=True)
        (tmp_path / "holiday" / "sea" / name).write_bytes(content)
    if dropped:
        drop_folder(page, tmp_path / "holiday")
    else:
        page.set_input_files("#folder", tmp_path / "holiday")
    expect(page.locator("#status")).to_have_text(f"{len(PHOTOS)} photos named", timeout=LONG)
    assert page.locator("h2").first.inner_text() == "holiday/sea/clear.png"


def test_of_a_folder_as_many_photos_are_taken_as_a_page_can_hold(browser: Any) -> None:
    page = browser.new_page()
    found = run_script(
        page,
        ("folders",),
        """const file = (name, type) => ({ name: `a/${name}`, file: { type } });
        const files = Array.from({ length: given }, (_, n) => file(`${given - n}.jpg`, "image/jpeg"));
        files.push(file("b.txt", "text/plain"), file(".c", ""));
        return photosOf(files);""",
        2001,
    )
    assert (len(found["photos"]), found["others"], found["more"]) == (2000, 1, True)
    assert [each["name"] for each in found["photos"][:3]] == ["a/1.jpg", "a/2.jpg", "a/3.jpg"]
    page.close()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, small: Path, scheme: str, viewport: dict[str, int]) -> None:
    with opened(browser, small.as_uri(), offline=True, color_scheme=scheme, viewport=viewport) as page:
        long = "a_rather_long_name_without_any_space_in_it_at_all_and_on_it_goes.png"
        page.set_input_files("#files", files({long: PHOTOS["one.png"], "bad.png": b"no photo"}))
        expect(page.locator("#status")).to_have_text("1 photo named, 1 not", timeout=LONG)
        page.get_by_text("About this module").click()
        page.get_by_text("About the software in this page").click()
        assert fits(page)
        assert least_contrast(page, "h1, h2, p, a, label, .label, .percent, summary, dt, dd, pre") >= 4.5


def test_the_example_of_a_module_that_knows_it(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.html"
    hub.export("tiny_imagenet", path, to="html", runtime=web_runtime())
    with opened(browser, path.as_uri(), offline=True) as page:
        page.get_by_role("button", name="Try an example").click()
        expect(page.locator("ol > li")).to_have_count(5, timeout=LONG)
        assert set(page.locator(".label").all_inner_texts()[:2]) == {"lemon", "orange"}
