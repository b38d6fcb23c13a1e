"""The plain endpoints: the command line's rows for one photo or several, with heatmaps; bad photos."""

import base64
import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.serving import Served, assert_same, jpeg, multipart, offline, served
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.images.heatmaps import DRAWN_SIDE, heatmap, map_size, palette
from inception_hub.images.presets import Preset, visible_fractions
from inception_hub.inference.activation_maps import activation_maps

LOGITS = "image_classification"


def test_one_photo_gets_the_command_lines_answer(server: Served) -> None:
    photo = {"": jpeg(1)}
    assert_same(server.post("/classify", photo[""]).json, offline(server.module, photo)[0])
    assert_same(server.post("/embed", photo[""]).json, offline(server.module, photo, "vector")[0])
    assert len(server.post("/classify?top=3", photo[""]).json["predictions"]) == 3


def test_several_photos_get_rows_and_a_bad_one_costs_only_itself(server: Served) -> None:
    photos = {f"{i}.jpg": jpeg(i) for i in range(6)} | {"bad.jpg": jpeg(1)[:300], "7.jpg": jpeg(7)}
    body, kind = multipart(photos)
    response = server.post("/classify", body, content_type=kind)
    expected = offline(server.module, photos)
    assert response.status == 200 and "error" in response.json[6]
    for one, other in zip(response.json, expected, strict=True):
        assert_same(one, other)


def test_heatmaps_are_exact(server: Served) -> None:
    """A map's mean and the class's bias are the logit at the size of heatmaps; labels are `/classify`'s."""
    images = hub.load_images([jpeg(1)], map_size(server.module.image_size))
    outputs = server.module(images, signature=LOGITS, as_dict=True)
    weights = server.module.spec.bundle.weights
    response = server.post("/explain?top=10", jpeg(1)).json
    assert_same(
        {k: response[k] for k in ("path", "module")} | {"predictions": response["predictions"][:5]},
        offline(server.module, {"": jpeg(1)})[0],
    )
    for prediction in response["predictions"]:
        index = prediction["index"]
        (map,) = activation_maps(server.module, outputs["InceptionV2/Mixed_5c"][0], [index])
        bias = weights["InceptionV2/Logits/Conv2d_1c_1x1/biases"][index]
        assert map.mean() + bias == pytest.approx(outputs["default"][0, index], rel=1e-4, abs=1e-4)
        assert np.allclose(prediction["activation_map"], map, rtol=1e-4, atol=1e-4)
        picture = Image.open(io.BytesIO(base64.b64decode(prediction["heatmap"].partition(",")[2])))
        expected = heatmap(map, DRAWN_SIDE, DRAWN_SIDE, (0.875, 0.875))
        assert prediction["place"] == expected.place
        shown = np.asarray(picture.convert("RGBA"), int)
        assert np.abs(shown - palette()[expected.index]).mean() < 1


@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_heatmaps_lie_on_what_the_module_sees_of_each_photo(
    small_module: Path, tmp_path: Path, preset: Preset
) -> None:
    """Of a wide photo and a high one, computed together."""
    bundle.write(replace(bundle.read(small_module), resize=preset), tmp_path / "made")
    photos = {name: jpeg(1, *size) for name, size in (("wide", (240, 90)), ("high", (60, 200)))}
    with served(tmp_path / "made") as server:
        body, kind = multipart(photos)
        for (width, height), record in zip(
            ((240, 90), (60, 200)), server.post("/explain?top=2", body, content_type=kind).json, strict=True
        ):
            visible = visible_fractions(preset, (height, width), server.module.image_size)
            for prediction in record["predictions"]:
                map = np.array(prediction["activation_map"], np.float32)
                expected = heatmap(map, DRAWN_SIDE, DRAWN_SIDE, visible)
                picture = Image.open(io.BytesIO(base64.b64decode(prediction["heatmap"].partition(",")[2])))
                assert prediction["place"] == expected.place
                shown = np.asarray(picture.convert("RGBA"), int)
                assert np.abs(shown - palette()[expected.index]).mean() < 1


def test_only_bad_photos_are_a_bad_request(server: Served) -> None:
    body, kind = multipart({"a": b"no photo", "b": b""})
    response = server.post("/classify", body, content_type=kind)
    assert response.status == 400 and "no readable image" in response.error


def test_curl(server: Served, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    one = [curl, "-s", "--data-binary", f"@{tmp_path / 'a.jpg'}", f"{server.url}/classify"]
    several = [curl, "-s", "-F", f"photos=@{tmp_path / 'a.jpg'}", f"{server.url}/embed"]
    assert json.loads(subprocess.check_output(one))["predictions"][0]["index"] in range(10)
    assert json.loads(subprocess.check_output(several))[0]["path"] == "a.jpg"


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"no boundary here", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/mixed; boundary=x"),
        (b"--x\r\n" + b"A: b\r\n" * 5000, "multipart/form-data; boundary=x"),
    ],
)
def test_bad_multipart(server: Served, body: bytes, kind: str) -> None:
    response = server.post("/classify", body, content_type=kind)
    assert response.status == 400 and response.error


@pytest.mark.usefixtures("unharmed")
def test_query_values(server: Served) -> None:
    for value in ("0", "-1", "1001", "x", "", "1e3"):
        response = server.post(f"/classify?top={value}", jpeg(1))
        assert response.status == 400 and response.error.startswith(f"top is {value!r}; it should be ")


@pytest.mark.usefixtures("unharmed")
def test_a_mistyped_parameter_is_told(server: Served) -> None:
    for path, accepted in (
        ("classify", "give top or coverage"),
        ("explain", "give top"),
        ("embed", "leave it out"),
    ):
        response = server.post(f"/{path}?tpo=3", jpeg(1))
        assert response.status == 400
        assert response.error == f"There is no parameter 'tpo' here; {accepted}."


@pytest.mark.usefixtures("unharmed")
def test_a_parameter_is_given_once(server: Served) -> None:
    for path in ("classify", "explain"):
        response = server.post(f"/{path}?top=1&top=2", jpeg(1))
        assert response.status == 400 and response.error == "top is given twice; give it once."
    response = server.post("/classify?" + "top=1&" * 2000, jpeg(1))
    assert response.status == 400 and response.error == "top is given twice; give it once."


@pytest.mark.usefixtures("unharmed")
def test_a_request_without_a_photo(server: Served) -> None:
    response = server.post("/classify", b"")
    assert response.status == 400 and response.error.startswith("The image is empty; give a JPEG")
