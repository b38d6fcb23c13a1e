"""Training written once more, plainly and slowly, from the papers' formulas in float64.

The training loop is compared with it. Nothing here is fast or recorded, and nothing is shared with the loop
but the network's forward pass, which is held to the original elsewhere, and the draws of random numbers,
which have tests of their own.

AdamW: Loshchilov and Hutter 2019. Muon: https://kellerjordan.github.io/posts/muon, arXiv:2502.16982.
RMSProp: tf.train.RMSPropOptimizer. Label smoothing: Szegedy et al. 2016, section 7. CutMix: Yun et al. 2019.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from inception_hub.engines.torch import Network
from inception_hub.training.distortions import distort, mix
from inception_hub.training.randomness import Draws, permutation
from inception_hub.training.recipes import Muon, Recipe, RMSProp
from inception_hub.training.training_data import Photos

Array = NDArray[np.float64]


@dataclass
class Reference:
    """The result of a plain loop: `weights` and statistics, their moving `average`, each step's loss."""

    weights: dict[str, Array]
    average: dict[str, Array]
    losses: list[float] = field(default_factory=list)


def train(network: Network, recipe: Recipe, photos: Photos, seed: int) -> Reference:
    """One epoch of `recipe`'s only phase; `network`, float64, is left as it is."""
    ((cycle, phase),) = {(c, p) for c, p in recipe.epochs}
    state = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
    result = Reference(state, {name: value.copy() for name, value in state.items()})
    memory: dict[str, dict[str, Array]] = {name: {} for name in state}
    order = permutation(seed, 0, len(photos.classes)).tolist()
    steps = len(order) // recipe.batch_size
    draws = Draws(seed, torch.zeros((), dtype=torch.int64))
    for step in range(steps):
        mine = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
        before = [mine[-1], *mine[:-1]]  # each photo's partner
        images, others = (
            distort(
                photos.images[torch.tensor(samples)],
                photos.aspects[torch.tensor(samples)],
                torch.tensor(samples),
                phase.size,
                phase.augmentation,
                draws,
            )
            for samples in (mine, before)
        )
        mixed, remains = mix(images, others, torch.tensor(mine), phase.augmentation, draws)
        gradients, loss = _gradients(
            network, result.weights, recipe, photos, mine, before, mixed, remains, draws
        )
        result.losses.append(loss)
        progress = step / steps / phase.epochs
        rate = cycle.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        decay = getattr(recipe.optimiser, "weight_decay", 0.0)
        if recipe.weight_decay_end is not None:
            decay = recipe.weight_decay_end + (decay - recipe.weight_decay_end) * 0.5 * (
                1 + math.cos(math.pi * progress)
            )
        for name, gradient in gradients.items():
            update(network, recipe, result.weights, memory[name], name, gradient, rate, decay, step + 1)
        if recipe.average is not None:
            keep = min(recipe.average, (1 + step) / (10 + step))
            for name, value in result.weights.items():
                result.average[name] = keep * result.average[name] + (1 - keep) * value
    return result


def _gradients(
    network: Network,
    weights: dict[str, Array],
    recipe: Recipe,
    photos: Photos,
    mine: list[int],
    before: list[int],
    images: torch.Tensor,
    remains: torch.Tensor,
    draws: Draws,
) -> tuple[dict[str, Array], float]:
    """By float64 autograd through the network; also moves the moving statistics in `weights`."""
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    updates = recipe.batch_norm == "update"
    dropout: torch.Tensor | bool = False
    if recipe.dropout:  # a fifth of the features goes, the others grow so that their sum stays
        uniform = draws.uniform("dropout", torch.tensor(mine), network.architecture.num_features)
        dropout = torch.where(uniform < 0.2, 0.0, 1 / 0.8).double()
    logits = network(
        images.double(),
        batch_statistics=updates,
        momentum=recipe.batch_norm_momentum if updates else None,
        dropout=dropout,
    )["InceptionV2/Logits"]
    count = logits.shape[1]
    frequency = np.bincount(photos.classes.numpy(), minlength=count) / len(photos.classes)
    target = torch.zeros(len(mine), count, dtype=torch.float64)
    for row, (own, other, share) in enumerate(zip(mine, before, remains.tolist(), strict=True)):
        for sample, part in ((own, share), (other, 1 - share)):
            label = int(photos.classes[sample])
            smooth = recipe.label_smoothing
            onto = torch.full((count,), smooth / count, dtype=torch.float64)
            onto[label] += 1 - smooth
            if recipe.class_weights:  # PyTorch's convention: every term by the weight of its own class
                onto *= torch.from_numpy(1 / (count * frequency))
            target[row] += part * onto
    loss = -(target * (logits - logits.logsumexp(1, keepdim=True))).sum(1).mean()
    if isinstance(recipe.optimiser, RMSProp):  # Slim's l2_regularizer(0.00004): scale * sum(w ** 2) / 2
        for variable in network.architecture.variables.values():
            if variable.regularized:
                loss = loss + 0.00004 * network.get_parameter(variable.name).square().sum() / 2
    parameters = dict(network.named_parameters())
    values = torch.autograd.grad(loss, list(parameters.values()))
    for name, value in network.named_buffers():
        if name in weights:
            weights[name] = value.detach().numpy().copy()
    return {n: g.numpy() for n, g in zip(parameters, values, strict=True)}, float(loss.detach())


def update(
    network: Network,
    recipe: Recipe,
    weights: dict[str, Array],
    memory: dict[str, Array],
    name: str,
    gradient: Array,
    rate: float,
    decay: float,
    step: int,
) -> None:
    """Moves `weights[name]`; `step` counts from one."""
    variable, made_by = network.architecture.variables[name], recipe.optimiser
    head = name.startswith("InceptionV2/Logits/")
    value = weights[name]
    if isinstance(made_by, RMSProp):
        memory["square"] = (
            made_by.decay * memory.get("square", np.ones_like(value)) + (1 - made_by.decay) * gradient**2
        )
        memory["momentum"] = made_by.momentum * memory.get(
            "momentum", np.zeros_like(value)
        ) + rate * gradient / np.sqrt(memory["square"] + made_by.epsilon)
        weights[name] = value - memory["momentum"]
        return
    if isinstance(made_by, Muon) and variable.regularized and not head:
        memory["momentum"] = 0.95 * memory.get("momentum", np.zeros_like(value)) + 0.05 * gradient
        nesterov = 0.05 * gradient + 0.95 * memory["momentum"]
        matrix = nesterov.reshape(-1, value.shape[-1])
        step_size = rate * 0.2 * math.sqrt(max(matrix.shape))
        weights[name] = (1 - rate * decay) * value - step_size * orthogonal(matrix).reshape(value.shape)
        return
    if isinstance(made_by, Muon):
        rate *= made_by.head_learning_rate
    memory["m"] = 0.9 * memory.get("m", np.zeros_like(value)) + 0.1 * gradient
    memory["v"] = 0.999 * memory.get("v", np.zeros_like(value)) + 0.001 * gradient**2
    m, v = memory["m"] / (1 - 0.9**step), memory["v"] / (1 - 0.999**step)
    kept = (1 - rate * decay) * value if variable.regularized else value
    weights[name] = kept - rate * m / (np.sqrt(v) + 1e-8)


def orthogonal(matrix: Array) -> Array:
    """Five steps of the post's quintic on the singular values, which are computed here."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return left @ np.diag(values) @ right
