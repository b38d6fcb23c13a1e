"""The PyTorch engine behind a module: live variables, gradients, checked tensors."""

import numpy as np
import pytest
import torch
from helpers.small import IMAGES, trainable

import inception_hub as hub
from inception_hub import errors


def test_moving_averages_move_once_a_call(spec: hub.ModuleSpec) -> None:
    module = trainable(spec, True, "train")
    name = "InceptionV2/Conv2d_2b_1x1/BatchNorm/moving_mean"
    values = [module.variable_map[name].clone()]
    for _ in range(3):
        module(
            {"images": IMAGES, "batch_norm_momentum": 0.5},
            signature="image_classification_with_bn_hparams",
            as_dict=True,
        )
        values.append(module.variable_map[name].clone())
    steps = [float((b - a).norm()) for a, b in zip(values, values[1:], strict=False)]
    assert steps[1] == pytest.approx(steps[0] / 2, rel=1e-3)
    assert steps[2] == pytest.approx(steps[0] / 4, rel=1e-3)


def test_training_moves_the_live_variables(spec: hub.ModuleSpec) -> None:
    torch.manual_seed(0)
    module = hub.Module(spec, trainable=True, tags={"train"})
    assert module.engine == "torch"
    optimiser = torch.optim.SGD(module.trainable_variables, lr=0.01)
    images, labels = torch.from_numpy(IMAGES), torch.tensor([1, 2])
    losses = []
    for _ in range(5):
        loss = torch.nn.functional.cross_entropy(module(images), labels)
        (loss + sum(module.regularization_losses)).backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    kernel = module.variable_map["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    assert kernel.shape == (3, 3, 16, 24)
    assert not np.array_equal(
        kernel.detach().numpy(), spec.bundle.weights["InceptionV2/Mixed_4b/Branch_1/Conv2d_0b_3x3/weights"]
    )


def test_gradients_reach_the_images(spec: hub.ModuleSpec) -> None:
    images = torch.from_numpy(IMAGES).requires_grad_()
    hub.Module(spec, engine="torch")(images).sum().backward()
    assert images.grad is not None and float(images.grad.abs().max()) > 0


def test_torch_tensors_are_checked_for_dtype_shape_and_engine(
    spec: hub.ModuleSpec, module: hub.Module
) -> None:
    with pytest.raises(errors.InputError, match="torch tensor and this module runs on OpenVINO"):
        module(torch.from_numpy(IMAGES))
    with pytest.raises(errors.InputError, match=r"got a tensor of torch.float64.*use images.float\(\)"):
        trainable(spec, False)(torch.from_numpy(IMAGES).double())
    with pytest.raises(errors.InputError, match=r"got shape \[64, 64, 3\]"):
        trainable(spec, False)(torch.from_numpy(IMAGES)[0])
