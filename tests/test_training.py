"""The training loop: what it is given, that it goes on where it stopped, what it writes."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, FormatError, HandleError, OutputError
from inception_hub.labels import Labels
from inception_hub.training.augmentation import distort
from inception_hub.training.data import ImageSet, load_split
from inception_hub.training.loop import Epoch, train
from inception_hub.training.muon import Muon, orthogonalise
from inception_hub.training.recipes import RECIPES, Phase
from inception_hub.training.run import finish, measure, read_labels, run

PHASE = Phase(1, 32, 0.5)
RECIPE = replace(RECIPES["tiny-imagenet"], phases=(PHASE, PHASE), batch_size=4, image_size=32)


@pytest.fixture(scope="module")
def data() -> ImageSet:
    """Eight images of two classes, dark and light."""
    generator = np.random.RandomState(0)
    images = generator.randint(0, 60, (8, 32, 32, 3)) + np.arange(8)[:, None, None, None] % 2 * 150
    return ImageSet(torch.from_numpy(images.astype(np.uint8)), torch.arange(8) % 2)


def test_crops_cover_what_they_should() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).repeat(64, 1)[None, :, :, None].expand(256, -1, -1, 3)
    found = distort(ramp, 16, 0.4, torch.Generator().manual_seed(0))
    assert found.shape == (256, 16, 16, 3) and found.dtype == torch.float32
    assert 0 <= float(found.min()) and float(found.max()) <= 63 / 255 + 1e-6
    width = (found[:, 0, -1, 0] - found[:, 0, 0, 0]) * 255 / 64 * 16 / 15
    mirrored = width < 0
    assert 0.4 < float(mirrored.float().mean()) < 0.6
    # Area 0.4 to 1 at aspect ratios of 3/4 to 4/3: sides from sqrt(0.4 * 3/4) to 1.
    assert 0.5 < float(width.abs().min()) < 0.7 and 0.95 < float(width.abs().max()) <= 1.01


def test_borders_are_not_dark() -> None:
    images = torch.full((64, 8, 8, 3), 255, dtype=torch.uint8)
    assert float(distort(images, 12, 0.4, torch.Generator().manual_seed(0)).min()) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(64, 16), (16, 64), (32, 32)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert 0.4 < float(values.min()) and float(values.max()) < 1.4


def test_muon_steps_by_its_rate_and_decays() -> None:
    torch.manual_seed(0)
    kernel = torch.nn.Parameter(torch.zeros(3, 3, 16, 16))
    optimiser = Muon([kernel], lr=0.1, weight_decay=0.5)
    kernel.grad = torch.randn_like(kernel)
    optimiser.step()
    # Orthogonal 144 x 16 times 0.2 * 12: a root mean square of 0.2 per entry of a full-rank step.
    assert float(kernel.detach().square().mean().sqrt()) == pytest.approx(0.1 * 0.2, rel=0.3)
    assert float((kernel.grad * kernel.detach()).sum()) < 0
    with torch.no_grad():
        kernel.fill_(1.0)
        kernel.grad.zero_()
        optimiser.state[kernel]["momentum"].zero_()
    optimiser.step()
    assert float(kernel.detach().mean()) == pytest.approx(1 - 0.1 * 0.5)


def test_interrupted_training_ends_as_if_it_had_not_been(data: ImageSet, tmp_path: Path) -> None:
    whole = train(RECIPE, data, 2, tmp_path / "whole.safetensors", seed=3)

    class Interrupted(Exception):
        pass

    def interrupt(epoch: Epoch) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        train(RECIPE, data, 2, tmp_path / "half.safetensors", seed=3, report=interrupt)
    epochs: list[Epoch] = []
    again = train(RECIPE, data, 2, tmp_path / "half.safetensors", seed=3, report=epochs.append)
    assert [epoch.number for epoch in epochs] == [2]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_what_is_written_is_what_was_measured(data: ImageSet, tmp_path: Path) -> None:
    network = train(replace(RECIPE, phases=(PHASE,)), data, 2, tmp_path / "checkpoint.safetensors")
    labels = Labels(("dark", "light"), (None, None))
    accuracy = finish("tiny-imagenet", network, labels, data, data, tmp_path / "module", 1.0)
    module = hub.Module(tmp_path / "module")
    assert measure(module, data) == accuracy
    assert accuracy.images == 8 and 0 <= accuracy.top1 <= accuracy.top5 == 1
    made = bundle.read(tmp_path / "module")
    assert made.accuracy == (
        {"data": "tiny-imagenet validation", "images": 8, "top1": accuracy.top1, "top5": 1.0},
    )
    assert f"{accuracy.top1:.2%}" in made.card and "1 minutes" in made.card
    assert made.labels.names == ("dark", "light")


def test_measuring_counts_right_answers(data: ImageSet, small_module: Path) -> None:
    module = hub.Module(small_module)
    logits = module(np.stack([np.asarray(Image.fromarray(i.numpy()[2:30, 2:30]).resize((64, 64), Image.Resampling.BILINEAR), np.float32) / 255 for i in data.images]))  # fmt: skip  # noqa: E501
    best = ImageSet(data.images, torch.from_numpy(logits.argmax(1)))
    worst = ImageSet(data.images, torch.from_numpy(logits.argmin(1)))
    assert (measure(module, best).top1, measure(module, worst).top5) == (1.0, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    rows = [{"image": {"bytes": buffer.getvalue(), "path": None}, "label": label} for label in (0, 1)]
    for split in ("train", "validation"):
        pa.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / f"{split}-00000-of-00001.parquet")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    return tmp_path


def test_data_is_read_with_its_labels(folder: Path) -> None:
    found = load_split(folder, "train")
    assert found.images.shape == (2, 8, 8, 3) and found.images[0, 0, 0].tolist() == [255, 0, 0]
    assert found.labels.tolist() == [0, 1]
    assert read_labels(folder).names == ("cat", "dog")
    (folder / "wnids.txt").write_text("n02121620\nn02084071\n")
    assert read_labels(folder).wordnet_ids == ("n02121620", "n02084071")


def test_bad_data_stops_early(folder: Path) -> None:
    with pytest.raises(HandleError, match=r"holds no test-\*.parquet"):
        load_split(folder, "test")
    (folder / "train-00000-of-00001.parquet").write_bytes(b"not parquet")
    with pytest.raises(FormatError, match="train-00000-of-00001.parquet"):
        load_split(folder, "train")
    (folder / "wnids.txt").write_text("n02121620\n")
    with pytest.raises(FormatError, match="WordNet ids"):
        read_labels(folder)
    with pytest.raises(ArgumentError, match="There is no recipe 'huge'"):
        run("huge", folder, folder / "out")
    with pytest.raises(OutputError, match="already exists"):
        run("tiny-imagenet", folder, folder)
