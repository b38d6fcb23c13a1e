"""A module in one's own PyTorch code: the transform in a `DataLoader`, the network in a loop of one's own."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.cases import images_from_seed
from helpers.dataset_photos import png
from PIL import Image
from torch.utils.data import DataLoader

import inception_hub as hub
from inception_hub.errors import ArgumentError, ImageError, InputError, SignatureError

IMAGES = images_from_seed((3, 64, 96, 3), 4)
NCHW = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(png(number, (70 + number, 90)))
    return sorted(tmp_path.iterdir())


def test_what_load_images_gives_to_the_bit(paths: list[Path], module: hub.Module, small_module: Path) -> None:
    expected = hub.load_images(paths[0], module)[0].transpose(2, 0, 1)
    content = paths[0].read_bytes()
    for each in (module, module.spec, small_module):
        transform = hub.transform(each)
        for photo in (paths[0], str(paths[0]), content, io.BytesIO(content), Image.open(io.BytesIO(content))):
            tensor = transform(photo)
            assert tensor.dtype == torch.float32 and tensor.is_contiguous()
            assert np.array_equal(tensor.numpy(), expected)
    plain = hub.load_images(paths[0], module, resize="plain")[0].transpose(2, 0, 1)
    assert np.array_equal(hub.transform(module, resize="plain")(paths[0]).numpy(), plain)


def test_workers_of_a_data_loader_run_it(paths: list[Path], module: hub.Module) -> None:
    """A worker is a new process, to which the transform is pickled."""
    transform = hub.transform(module)
    assert pickle.loads(pickle.dumps(transform)) == transform
    loader = DataLoader(
        paths,  # type: ignore[arg-type]
        batch_size=None,
        collate_fn=transform,
        num_workers=1,
        multiprocessing_context="spawn",
    )
    loaded = torch.stack(list(loader))
    assert np.array_equal(loaded.permute(0, 2, 3, 1).numpy(), hub.load_images(paths, module))
    logits = hub.network(module)(loaded).detach().numpy()
    np.testing.assert_allclose(logits, module(hub.load_images(paths, module)), rtol=1e-4, atol=1e-4)


def test_what_the_transform_refuses(tmp_path: Path, module: hub.Module) -> None:
    with pytest.raises(ImageError, match="gone.png does not exist"):
        hub.transform(module)(tmp_path / "gone.png")
    with pytest.raises(InputError, match="images holds a ndarray"):
        hub.transform(module)(IMAGES[0])  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="at most 1 are accepted"):
        hub.transform(module, max_pixels=1)(Image.new("RGB", (2, 2)))
    with pytest.raises(ArgumentError, match="resize is 'fancy'"):
        hub.transform(module, resize="fancy")  # type: ignore[arg-type]


def test_logits_and_feature_vectors(module: hub.Module, small_module: Path) -> None:
    network = hub.network(small_module)
    assert not network.training
    with torch.inference_mode():
        np.testing.assert_allclose(network(NCHW).numpy(), module(IMAGES), rtol=1e-4, atol=1e-5)
        features = hub.network(module, signature="image_feature_vector")(NCHW).numpy()
    expected = module(IMAGES, signature="image_feature_vector")
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(SignatureError, match="'fancy' is missing"):
        hub.network(module, signature="fancy")
    with pytest.raises(ArgumentError, match="takes a momentum; leave it out"):
        hub.network(module, signature="image_classification_with_bn_hparams")


def test_every_parameter_of_a_feature_network_is_used(module: hub.Module) -> None:
    network = hub.network(module, signature="image_feature_vector")
    network(NCHW).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_loop_of_ones_own(small_module: Path, tmp_path: Path) -> None:
    network = hub.network(small_module)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    torch.manual_seed(0)
    losses = []
    for _ in range(8):
        loss = torch.nn.functional.cross_entropy(network(NCHW), torch.tensor([0, 1, 2]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(not torch.equal(value, before[name]) for name, value in network.state_dict().items())
    hub.export(network, tmp_path / "trained", to="module")
    trained = hub.Module(tmp_path / "trained", engine="torch")
    with torch.inference_mode():
        expected = network.eval()(NCHW).numpy()
    np.testing.assert_allclose(trained(IMAGES), expected, rtol=1e-4, atol=1e-4)
    assert trained.spec.bundle.provenance.source == "trained from random numbers"
    assert trained.labels.names == tuple("abcdefghij")


def test_the_momentum_decides_how_far_averages_move(small_module: Path) -> None:
    moved = []
    for momentum in (0.99, 0.5):
        network = hub.network(small_module)
        before = network.state_dict()["network.InceptionV2/Conv2d_2b_1x1/BatchNorm/moving_mean"].clone()
        network.batch_norm_momentum = momentum
        network.train()(NCHW)
        after = network.state_dict()["network.InceptionV2/Conv2d_2b_1x1/BatchNorm/moving_mean"]
        moved.append(float((after - before).abs().mean()))
    assert moved[1] == pytest.approx(50 * moved[0], rel=1e-3)
    assert hub.network(small_module).batch_norm_momentum == 0.99
