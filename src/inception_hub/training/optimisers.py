"""From a recipe to optimisers over the network's variables, and their rate at each step."""

import math

import torch

from ..architecture import LOGITS_LAYER
from ..engines.torch import Network
from .muon import Muon
from .recipes import Cycle, Recipe
from .recipes import Muon as MuonRecipe
from .recipes import RMSProp as RMSPropRecipe
from .rmsprop import RMSProp

STAIRCASE_FACTOR, STAIRCASE_EPOCHS, STAIRCASE_END = 0.94, 2, 0.01  # TF-Slim's defaults


def optimisers(network: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """One optimiser for each kind of variable; `relative_rate` in each group scales the recipe's rate."""
    found = recipe.optimiser
    if isinstance(found, RMSPropRecipe):
        groups = [dict(params=list(network.parameters()), relative_rate=1.0)]
        return [RMSProp(groups, 0.0, found.decay, found.momentum, found.epsilon)]
    head = network.get_parameter(f"{LOGITS_LAYER}/weights")
    regularized = [
        network.get_parameter(v.name) for v in network.architecture.variables.values() if v.regularized
    ]
    kernels = [parameter for parameter in regularized if parameter is not head]
    decayed = {id(parameter) for parameter in regularized}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in decayed]
    muon = isinstance(found, MuonRecipe)
    relative = found.head_learning_rate if isinstance(found, MuonRecipe) else 1.0
    adam = torch.optim.AdamW(
        [
            dict(
                params=[head] if muon else regularized,
                weight_decay=found.weight_decay,
                relative_rate=relative,
            ),
            dict(params=rest, weight_decay=0.0, relative_rate=relative),
        ],
        lr=0.0,
        fused=True,
    )
    if not muon:
        return [adam]
    return [Muon([dict(params=kernels, relative_rate=1.0)], 0.0, found.weight_decay), adam]


def set_rate(found: list[torch.optim.Optimizer], rate: float) -> None:
    """Gives every group its share of `rate`."""
    for optimiser in found:
        for group in optimiser.param_groups:
            group["lr"] = rate * group["relative_rate"]


def rate_at(cycle: Cycle, epoch: float) -> float:
    """The learning rate `epoch` epochs, with a fraction, into `cycle`."""
    progress = epoch / sum(phase.epochs for phase in cycle.phases)
    if cycle.decay == "staircase":
        factor = max(STAIRCASE_FACTOR ** (epoch // STAIRCASE_EPOCHS), STAIRCASE_END)
    else:
        factor = 0.5 * (1 + math.cos(math.pi * progress))
    return cycle.learning_rate * (min(progress / cycle.warmup, factor) if cycle.warmup else factor)


def state_tensors(found: list[torch.optim.Optimizer], network: Network) -> dict[str, torch.Tensor]:
    """What the optimisers remember, by `key/variable`."""
    return {
        f"{key}/{name}": value
        for name, parameter in network.named_parameters()
        for optimiser in found
        for key, value in optimiser.state.get(parameter, {}).items()
    }


def restore_state(
    found: list[torch.optim.Optimizer], network: Network, tensors: dict[str, torch.Tensor]
) -> None:
    """Puts back what `state_tensors` gave."""
    owner = {id(p): o for o in found for group in o.param_groups for p in group["params"]}
    parameters = dict(network.named_parameters())
    for key_and_name, value in tensors.items():
        key, name = key_and_name.split("/", 1)
        parameter = parameters[name]
        optimiser = owner[id(parameter)]
        optimiser.state[parameter][key] = value if key == "step" else value.to(parameter.device)
