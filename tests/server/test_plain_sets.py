"""`/classify?coverage=`: the command line's sets, for one photo and several, and what it refuses."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.serving import Served, served
from PIL import Image

import inception_hub as hub
from inception_hub.output.rows import as_record


@pytest.fixture(scope="module")
def calibrated(calibrated_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(calibrated_module) as client:
            yield client


def photo(seed: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (50, 60, 3), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_sets_are_those_of_classify(calibrated: Served) -> None:
    for seed in range(4):
        (row,) = hub.classify(photo(seed), calibrated.module, coverage=0.9)
        response = calibrated.post("/classify?coverage=0.9", photo(seed))
        assert response.status == 200
        assert response.json == as_record(row) | {"path": ""}
        assert response.json["unknown"] in (True, False)


def test_without_a_coverage_nothing_has_changed(calibrated: Served) -> None:
    response = calibrated.post("/classify", photo(1)).json
    assert list(response) == ["path", "module", "predictions"] and len(response["predictions"]) == 5


@pytest.mark.parametrize(
    "query, message",
    [
        ("coverage=0.9&top=3", "top is 3 and coverage is 0.9; give one of them"),
        ("coverage=0.999", "needs 999 photos or more"),
        ("coverage=1", "coverage is '1'; it should be less than 1; see /openapi.json."),
        ("coverage=nan", "coverage is 'nan'; it should be"),
        ("coverage=x", "coverage is 'x'; it should be a valid number"),
        ("coverge=0.9", "There is no parameter 'coverge' here; give top or coverage."),
    ],
)
def test_what_is_refused(query: str, message: str, calibrated: Served) -> None:
    response = calibrated.post(f"/classify?{query}", photo(1))
    assert response.status == 400 and message in response.error


def test_a_module_that_is_not_calibrated(server: Served) -> None:
    response = server.post("/classify?coverage=0.9", photo(1))
    assert response.status == 400 and "small has not been calibrated" in response.error


def test_the_description_has_it(calibrated: Served) -> None:
    described = calibrated.ask("GET", "/openapi.json").json["paths"]["/classify"]["post"]["parameters"]
    assert [each["name"] for each in described] == ["top", "coverage"]
