"""`classify` and `embed`: one photo or many, of any kind, with the command line's numbers."""

import io
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.command import run
from helpers.dataset_photos import png
from PIL import Image

import inception_hub as hub
from inception_hub.errors import ArgumentError, HandleError, ImageError, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.png").write_bytes(png(number))
    (folder / "2.png").write_bytes(b"no photo")
    return folder


def test_the_rows_of_the_command_line(
    folder: Path, small_module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "classify", folder, "--module", small_module, "--top", "2", "--format", "jsonl")
    rows = hub.classify(folder, small_module, top=2).to_list()
    for row, line in zip(rows, map(json.loads, out.splitlines()), strict=True):
        assert (row.path, row.module, row.error) == (line["path"], line["module"], line.get("error"))
        found = [(p.label, p.index) for p in row.predictions or ()]
        assert found == [(p["label"], p["index"]) for p in line.get("predictions", ())]
    assert [row.error is None for row in rows] == [True, True, False, True]


def test_one_photo_of_any_kind_and_many(folder: Path, module: hub.Module) -> None:
    path = folder / "0.png"
    image = Image.open(path)
    pixels = np.asarray(image.convert("RGB"))
    kinds: list[Any] = [path, str(path), path.read_bytes(), image, io.BytesIO(path.read_bytes()), pixels]
    best = {hub.classify(one, module).to_list()[0].predictions[0].index for one in kinds}  # type: ignore[index]
    assert len(best) == 1
    kinds[4].seek(0)
    rows = hub.classify([*kinds, folder], module).to_list()
    paths = [row.path for row in rows]
    assert paths[:6] == [str(path), str(path), "image 3", str(path), "image 5", "image 6"]
    assert paths[6:] == [str(folder / f"{number}.png") for number in range(4)]
    assert len(hub.classify(np.stack([pixels, pixels]), module).to_list()) == 2
    assert len(hub.classify(str(folder / "[01].png"), module).to_list()) == 2


def test_rows_are_computed_anew_but_an_iterator_is_used_up(folder: Path, module: hub.Module) -> None:
    rows = hub.classify([folder / "0.png"], module)
    assert [row.path for row in rows] == [row.path for row in rows]
    once = hub.classify(iter([folder / "0.png"]), module)
    assert "use up" in once._repr_html_() and len(once.to_list()) == 1
    with pytest.raises(ArgumentError, match="an iterator, which is used up; give a list"):
        once.to_list()


def test_vectors_as_one_array(folder: Path, module: hub.Module) -> None:
    good = [folder / "0.png", folder / "1.png"]
    vectors = hub.embed(good, module)
    images = hub.load_images(good, module)
    assert vectors.array.dtype == np.float32 and vectors.paths == list(map(str, good))
    np.testing.assert_allclose(
        vectors.array, module(images, signature="image_feature_vector"), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(ImageError, match="2.png is no readable image.* iterate over them instead"):
        _ = hub.embed(folder, module).array


def test_options_arrive(folder: Path, module: hub.Module) -> None:
    photo = folder / "0.png"
    plain = hub.load_images([photo], module, resize="plain")
    vector = module(plain, signature="image_feature_vector")
    np.testing.assert_allclose(hub.embed(photo, module, resize="plain").array, vector, rtol=1e-5, atol=1e-6)
    (row,) = hub.classify(photo, module, max_pixels=1)
    assert row.error is not None and "at most 1 are accepted" in row.error
    (row,) = hub.embed(photo, module, max_pixels=1)
    assert row.error is not None
    assert hub.classify(photo, "tiny_imagenet", engine="torch").module.engine == "torch"


def test_tables_and_notebooks(folder: Path, module: hub.Module) -> None:
    rows = hub.classify(folder, module, top=3)
    frame = rows.to_pandas()
    assert len(frame) == 10 and list(frame["rank"][:3]) == [1, 2, 3]
    assert rows.to_polars().height == rows.to_arrow().num_rows == 10
    assert rows._repr_html_().count("data:image/jpeg") == 3
    assert hub.embed(folder, module).to_arrow().num_rows == 4


def test_a_table_of_many_photos_holds_few_of_them(spec: hub.ModuleSpec) -> None:
    alive = most = 0

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def photos() -> Iterator[Image.Image]:
        nonlocal alive, most
        for number in range(400):
            photo = Image.new("RGB", (80, 64), (number % 256, 0, 0))
            weakref.finalize(photo, gone)
            alive += 1
            most = max(most, alive)
            yield photo
            del photo

    module = hub.Module(spec, cores=2)  # few are ahead of the others where there are few cores
    assert hub.classify(photos(), module, top=2).to_arrow().num_rows == 800
    assert 0 < most < 100


def test_mistakes_are_said_before_anything_is_computed(folder: Path, module: hub.Module) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(HandleError, match="this folder holds no photo"):
        hub.classify([folder, folder / "empty"], module)
    with pytest.raises(HandleError, match="this pattern matches no photo"):
        hub.embed(str(folder / "*.gif"), module)
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        hub.classify(folder, module, top=0)
    with pytest.raises(ArgumentError, match="resize is 'fit'; give one of default"):
        hub.classify(folder, module, resize="fit")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="made already; give engine, precision and device when it is"):
        hub.embed(folder, module, precision="bf16")
    with pytest.raises(InputError, match=r"an array of float32 \[4, 4, 3\]; give uint8"):
        hub.classify(np.zeros((4, 4, 3), np.float32), module).to_list()
    with pytest.raises(InputError, match="images holds a int"):
        hub.classify([7], module).to_list()  # type: ignore[list-item]


def test_a_module_without_classes_is_refused(folder: Path) -> None:
    with pytest.raises(ArgumentError, match="is a feature vector module and has no classes"):
        hub.classify(folder, feature_vector_module(folder.parent))


def feature_vector_module(scratch: Path) -> Path:
    from inception_hub import bundle
    from inception_hub.architecture import Architecture
    from inception_hub.labels import Labels
    from inception_hub.weights import initialise

    architecture = Architecture(0.25, 0)
    made = bundle.Bundle(
        "vectors",
        architecture,
        initialise(architecture, 0),
        Labels((), ()),
        bundle.Provenance("random"),
        (64, 64),
    )
    bundle.write(made, scratch / "vectors")
    return scratch / "vectors"
