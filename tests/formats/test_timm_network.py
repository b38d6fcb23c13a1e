"""What timm asks of its models, of ours: every way of using it gives what the module itself computes."""

import copy
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import hub_server, torchvision_operators

import inception_hub as hub
from inception_hub import bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.options import Options
from inception_hub.formats.timm import register, write

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is (deprecated|not supported)"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system doesn't support"),  # said of torch.fx's
]
Create = Callable[..., Any]
Expected = Mapping[str, np.ndarray]
STAGES = ("Conv2d_1a_7x7", "Conv2d_2c_3x3", "Mixed_3c", "Mixed_4e", "Mixed_5c")
EXACT = 1e-5


@pytest.fixture(scope="module")
def directory(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torchvision_operators.declare()
    path = tmp_path_factory.mktemp("exports") / "timm"
    write(bundle.read(small_module), path, Options())
    return path


@pytest.fixture(scope="module")
def create(directory: Path) -> Create:
    """`timm.create_model` with the weights of the small module."""
    timm = register()
    return lambda **options: timm.create_model(f"local-dir:{directory}", pretrained=True, **options).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """NCHW in [-1, 1], of an odd and an even side."""
    return torch.rand(2, 3, 65, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def expected(module: hub.Module, images: torch.Tensor) -> Expected:
    """Every endpoint of the small module for `images`."""
    outputs = module((images.permute(0, 2, 3, 1).numpy() + 1) / 2, as_dict=True)
    return {name.removeprefix("InceptionV2/"): np.asarray(output) for name, output in outputs.items()}


def check_stages(outputs: Any, expected: Expected, names: tuple[str, ...] = STAGES) -> None:
    for name, output in zip(names, outputs, strict=True):
        computed = output.detach().permute(0, 2, 3, 1).numpy()
        assert relative_error(computed, expected[name]) < EXACT, name


def with_assigned_weights(model: Any) -> Any:
    empty = register().create_model("inception_v2", depth_multiplier=0.25, num_classes=10, device="meta")
    empty.load_state_dict(model.state_dict(), assign=True)
    assert {value.device.type for value in [*empty.parameters(), *empty.buffers()]} == {"cpu"}
    return empty.eval()


def with_timms_tracer(model: Any) -> Any:
    models = register().models
    _, names = models.get_graph_node_names(model)
    return lambda x: models.create_feature_extractor(model, [names[-1]])(x)[names[-1]]


WAYS: dict[str, Callable[[Any], Any]] = {
    "eager": lambda model: model,
    "torchscript": torch.jit.script,
    "fx": torch.fx.symbolic_trace,
    "fx and torchscript": lambda model: torch.jit.script(torch.fx.symbolic_trace(model)),
    "timm's tracer": with_timms_tracer,
    "torch.export": lambda model: torch.export.export(model, (torch.zeros(2, 3, 65, 96),)).module(),
    "channels last": lambda model: model.to(memory_format=torch.channels_last),
    "a copy": copy.deepcopy,
    "assigned weights": with_assigned_weights,
    "timm's SyncBatchNorm": lambda model: register().layers.convert_sync_batchnorm(model),
    "PyTorch's SyncBatchNorm": torch.nn.SyncBatchNorm.convert_sync_batchnorm,
}


@pytest.mark.parametrize("way", WAYS)
def test_logits(way: str, create: Create, images: torch.Tensor, expected: Expected) -> None:
    """Scripting and tracing leave the size open."""
    with torch.no_grad():
        model = WAYS[way](create())
        logits = model(images)
        if way in ("torchscript", "fx", "timm's tracer"):
            other = torch.rand(1, 3, 50, 33)
            assert torch.allclose(model(other), create()(other), atol=1e-5)
    assert relative_error(logits.numpy(), expected["Logits"]) < EXACT


@pytest.mark.parametrize("kind", [None, "list", "hook", "fx", "getter", "dict"])
def test_features_only(kind: str | None, create: Create, images: torch.Tensor, expected: Expected) -> None:
    options = {"feature_cls": kind} if kind else {}
    model = create(features_only=True, **options)
    assert model.feature_info.reduction() == [2, 4, 8, 16, 32]
    outputs = model(images)
    check_stages(outputs.values() if kind == "dict" else outputs, expected)


@pytest.mark.parametrize("kind", ["list", "getter"])
def test_features_of_chosen_stages(
    kind: str, create: Create, images: torch.Tensor, expected: Expected
) -> None:
    model = create(features_only=True, feature_cls=kind, out_indices=(1, 3))
    assert model.feature_info.channels() == [48, 144]
    check_stages(model(images), expected, (STAGES[1], STAGES[3]))


@pytest.mark.parametrize("stop_early", [False, True])
@pytest.mark.parametrize(
    ("indices", "stages"),
    [(None, STAGES), (2, STAGES[3:]), ([0, 2], (STAGES[0], STAGES[2])), ([-2], STAGES[3:4])],
)
def test_forward_intermediates(
    indices: Any,
    stages: tuple[str, ...],
    stop_early: bool,
    create: Create,
    images: torch.Tensor,
    expected: Expected,
) -> None:
    model = create()
    last, taken = model.forward_intermediates(images, indices, stop_early=stop_early)
    check_stages(taken, expected, stages)
    check_stages([last], expected, stages[-1:] if stop_early else STAGES[-1:])
    alone = model.forward_intermediates(images, indices, stop_early=stop_early, intermediates_only=True)
    check_stages(alone, expected, stages)


def test_intermediates_that_are_not_there(create: Create, images: torch.Tensor) -> None:
    with pytest.raises(AssertionError, match="NCHW"):
        create().forward_intermediates(images, output_fmt="NHWC")
    with pytest.raises(AssertionError, match="out of range"):
        create().forward_intermediates(images, [5])


def test_pruned_to_a_stage(create: Create, images: torch.Tensor, expected: Expected) -> None:
    model = create()
    assert model.prune_intermediate_layers([1, -3]) == [1, 2]
    assert [name for name, _ in model.features.named_children()][-1] == "Mixed_3c"
    assert (model.num_classes, model.num_features) == (0, 80)
    check_stages([model(images)], expected, ("Mixed_3c",))
    check_stages(model.forward_intermediates(images, intermediates_only=True), expected, STAGES[:3])


def test_pruned_of_nothing_but_the_head(create: Create, images: torch.Tensor, expected: Expected) -> None:
    model = create()
    assert model.prune_intermediate_layers(1, prune_head=False) == [4]
    assert relative_error(model(images).detach().numpy(), expected["Logits"]) < EXACT
    assert model.prune_intermediate_layers(1) == [4]
    check_stages([model(images)], expected, STAGES[4:])


def test_the_head(create: Create, images: torch.Tensor, expected: Expected) -> None:
    model = create()
    features = model.forward_features(images)
    check_stages([features], expected, STAGES[4:])
    pooled = model.forward_head(features, pre_logits=True)
    assert relative_error(pooled.detach().numpy(), expected["global_pool"][:, 0, 0]) < EXACT
    assert model.get_classifier() is model.fc
    model.reset_classifier(0)
    assert torch.equal(model(images), pooled) and model.num_classes == 0
    model.reset_classifier(3, "catavgmax")
    assert (model(images).shape, model.num_features, model.head_hidden_size) == ((2, 3), 256, 512)
    model.reset_classifier(4)
    assert (model(images).shape, model.global_pool.pool_type) == ((2, 4), "catavgmax")
    model.reset_classifier(0, "")
    assert torch.equal(model(images), features)
    assert torch.equal(create(num_classes=0, global_pool="")(images), features)


# Number of channels, the colours that the first of them show, and how many times larger the sums of the first
# convolution are than those of the colours: one channel stands for all three, else timm repeats and divides.
CHANNELS = {1: ([0], 1.0), 2: ([0, 1], 1.5), 4: ([0, 1, 2], 0.75), 6: ([0, 1, 2, 0, 1, 2], 1.0)}


@pytest.mark.parametrize("channels", CHANNELS)
def test_other_channels(channels: int, create: Create, images: torch.Tensor) -> None:
    colours, factor = CHANNELS[channels]
    rgb = images[:, :1].repeat(1, 3, 1, 1) if channels == 1 else images.clone()
    if channels == 2:
        rgb[:, 2] = 0
    shown = torch.zeros(2, channels, *images.shape[2:])
    shown[:, : len(colours)] = rgb[:, colours]
    model, original = create(in_chans=channels), create()
    sums = original.features[0].conv_dw(rgb)
    assert torch.allclose(model.features[0].conv_dw(shown), factor * sums, atol=1e-4)
    if factor == 1:
        assert torch.allclose(model(shown), original(rgb), atol=1e-4)
    assert len(create(in_chans=channels, features_only=True)(shown)) == 5


def test_a_network_of_other_channels_is_saved_and_loaded(
    create: Create, tmp_path: Path, images: torch.Tensor
) -> None:
    timm = register()
    model, made_by = create(in_chans=1), {"in_chans": 1, "depth_multiplier": 0.25}
    timm.models.save_for_hf(model, tmp_path, safe_serialization=True, model_args=made_by)
    again = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    assert torch.equal(again(images[:, :1]), model(images[:, :1]))
    with pytest.raises(hub.InceptionHubError, match="images of 1 channels"):
        hub.load_module_spec(tmp_path)


def test_what_timm_saves_is_read(create: Create, tmp_path: Path, small_module: Path) -> None:
    register().models.save_for_hf(create(), tmp_path, safe_serialization=True)
    read, written = hub.load_module_spec(tmp_path).bundle, bundle.read(small_module)
    assert all(np.array_equal(read.weights[name], array) for name, array in written.weights.items())


@pytest.mark.parametrize(("way", "channels"), [("eager", 3), ("eager", 4), ("torchscript", 4)])
def test_every_parameter_has_a_gradient(way: str, channels: int, create: Create) -> None:
    model = create(in_chans=channels).train()
    WAYS[way](model)(torch.rand(2, channels, 33, 40)).square().sum().backward()
    parameters = dict(model.named_parameters())
    assert len(parameters) == 141 and all(value.grad is not None for value in parameters.values())
    assert all(float(value.grad.abs().sum()) > 0 for name, value in parameters.items() if "conv" in name)


def test_groups_of_parameters(create: Create) -> None:
    models, model = register().models, create()
    for coarse, blocks in ((False, 13), (True, 5)):  # two of the 15 are pools
        groups = models.group_parameters(model, model.group_matcher(coarse=coarse))
        assert sorted(name for names in groups.values() for name in names) == sorted(
            name for name, _ in model.named_parameters()
        )
        assert groups[0][0].startswith("features.Conv2d_1a_7x7") and len(groups) == blocks + 1
        assert groups[blocks] == ["fc.weight", "fc.bias"]
    decayed = import_module("timm.optim").param_groups_layer_decay(model, layer_decay=0.5)
    assert min(group["lr_scale"] for group in decayed) == 0.5**13


def test_what_it_does_not_have(create: Create) -> None:
    model = create()
    model.set_grad_checkpointing(False)
    with pytest.raises(AssertionError, match="not supported"):
        model.set_grad_checkpointing()
    with pytest.raises(RuntimeError, match="No pretrained weights exist for inception_v2"):
        register().create_model("inception_v2", pretrained=True)


def test_the_configuration_that_timm_knows(create: Create) -> None:
    timm = register()
    model = timm.create_model("inception_v2").eval()
    size, pool = model.default_cfg["input_size"], model.default_cfg["pool_size"]
    assert model(torch.rand(1, *size)).shape == (1, 1001) and model.num_features == 1024
    assert model.forward_features(torch.rand(1, *size)).shape[2:] == pool
    for layer in (model.default_cfg["first_conv"], model.default_cfg["classifier"]):
        assert f"{layer}.weight" in model.state_dict()


def test_a_repository_on_the_hub(
    directory: Path, create: Create, images: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = import_module("huggingface_hub.constants")  # which it has read from the environment
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with hub_server.running() as server:
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        server.files["someone/photos"] = {path.name: path.read_bytes() for path in directory.iterdir()}
        model = register().create_model("hf-hub:someone/photos", pretrained=True).eval()
        assert any("someone/photos/resolve" in request for request in server.requests)
    assert torch.equal(model(images), create()(images))


@pytest.mark.slow  # PyTorch and timm are imported anew
def test_a_repository_on_the_hub_as_a_user_takes_it(
    directory: Path, create: Create, images: torch.Tensor, tmp_path: Path
) -> None:
    code = """
import sys
from helpers import torchvision_operators
torchvision_operators.declare()
import inception_hub.timm, timm, torch
images = torch.load(sys.argv[1])
model = timm.create_model("hf-hub:someone/photos", pretrained=True).eval()
torch.save(model(images).detach(), sys.argv[2])
"""
    torch.save(images, tmp_path / "images.pt")
    with hub_server.running() as server:
        server.files["someone/photos"] = {path.name: path.read_bytes() for path in directory.iterdir()}
        environment = {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
        paths = {"PYTHONPATH": ":".join([str(Path(hub.__file__).parents[1]), str(Path(__file__).parents[1])])}
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "images.pt", tmp_path / "logits.pt"],
            capture_output=True,
            text=True,
            env={"PATH": "", "OMP_NUM_THREADS": str(torch.get_num_threads()), **environment, **paths},
        )
    assert done.returncode == 0, done.stderr
    assert torch.equal(torch.load(tmp_path / "logits.pt"), create()(images))


def test_where_timm_is_missing() -> None:
    code = "import sys; sys.modules['timm'] = None; import inception_hub.timm"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "MissingExtraError: The network for timm needs timm, which is not installed: pip" in done.stderr
