"""The optimisers of a recipe over the network's variables, with rates that are tensors on the device.

A step recorded as a CUDA graph reads its learning rate and weight decay from memory, so `set_rates` writes
them there between replays.
"""

import math
from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor

from ..architecture import LOGITS_LAYER
from ..engines.torch import Network
from . import foreach
from .muon import Muon
from .recipes import AdamW, Cycle, Recipe, RMSProp
from .recipes import Muon as MuonRecipe
from .rmsprop import RMSProp as TensorFlowRMSProp

STAIRCASE_FACTOR, STAIRCASE_EPOCHS, STAIRCASE_END = 0.94, 2, 0.01  # TF-Slim's defaults


class Optimisers:
    """The optimisers of a network: Muon and AdamW, AdamW alone, or TF-Slim's RMSProp.

    The decoupled weight decay acts on the 69 kernels that Slim regularises; RMSProp has none, as Slim's decay
    is part of its loss.
    """

    def __init__(self, network: Network, recipe: Recipe) -> None:
        self._parameters: dict[str, Tensor] = dict(network.named_parameters())
        self._example = next(iter(self._parameters.values()))
        self._rates: dict[float, Tensor] = {}  # by their share of the recipe's rate
        self._decay = self._example.new_zeros(())
        self._decayed: list[tuple[list[Tensor], Tensor]] = []  # kernels and their rate
        self._all: Sequence[torch.optim.Optimizer] = self._made(network, recipe.optimiser)

    def _made(
        self, network: Network, optimiser: MuonRecipe | AdamW | RMSProp
    ) -> Sequence[torch.optim.Optimizer]:
        everything = list(self._parameters.values())
        if isinstance(optimiser, RMSProp):
            rate = self._rate(1.0)
            return [
                TensorFlowRMSProp(everything, rate, optimiser.decay, optimiser.momentum, optimiser.epsilon)
            ]
        variables = network.architecture.variables.values()
        regularized = [self._parameters[v.name] for v in variables if v.regularized]
        if isinstance(optimiser, AdamW):
            self._decayed = [(regularized, self._rate(1.0))]
            return [self._adam(everything, self._rate(1.0))]
        head = self._parameters[f"{LOGITS_LAYER}/weights"]
        kernels = [parameter for parameter in regularized if parameter is not head]
        by_muon = {id(parameter) for parameter in kernels}
        rest = [parameter for parameter in everything if id(parameter) not in by_muon]
        muon, adam = self._rate(1.0), self._rate(optimiser.head_learning_rate)
        self._decayed = [(kernels, muon), ([head], adam)]
        return [Muon(kernels, muon), self._adam(rest, adam)]

    def _rate(self, share: float) -> Tensor:
        return self._rates.setdefault(share, self._example.new_zeros(()))

    def _adam(self, parameters: list[Tensor], rate: Tensor) -> torch.optim.AdamW:
        # Weight decay is ours, as PyTorch's is a number that a recorded graph would keep for ever.
        graphs = self._example.is_cuda
        adam = torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, fused=True, capturable=graphs)
        adam.param_groups[0]["lr"] = rate  # given to the constructor, it would be read
        for parameter in parameters:  # as its first step would make it: a graph may only read what is there
            adam.state[parameter]["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
            adam.state[parameter]["exp_avg"] = torch.zeros_like(parameter)
            adam.state[parameter]["exp_avg_sq"] = torch.zeros_like(parameter)
        return adam

    def set_rates(self, rate: float, weight_decay: float) -> None:
        """Sets the learning rate and weight decay of the following steps."""
        for share, tensor in self._rates.items():
            tensor.fill_(rate * share)
        self._decay.fill_(weight_decay)

    @torch.no_grad()
    def step(self) -> None:
        """One update of every variable from its gradient, which is set to None afterwards."""
        for kernels, rate in self._decayed:
            foreach.mul_(kernels, 1 - rate * self._decay)
        for optimiser in self._all:
            optimiser.step()
        for parameter in self._parameters.values():
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """The optimisers' state, by `key/variable`."""
        names = {id(parameter): name for name, parameter in self._parameters.items()}
        items = chain.from_iterable(optimiser.state.items() for optimiser in self._all)
        return {f"{key}/{names[id(p)]}": value for p, kept in items for key, value in kept.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Restores what `state` returned."""
        for key, value in self.state().items():
            value.copy_(state[key])


def rate_at(cycle: Cycle, epoch: float) -> float:
    """The learning rate after `epoch` epochs of `cycle`, with a fraction."""
    progress = epoch / sum(phase.epochs for phase in cycle.phases)
    if cycle.decay == "staircase":
        factor = max(STAIRCASE_FACTOR ** (epoch // STAIRCASE_EPOCHS), STAIRCASE_END)
    else:
        factor = 0.5 * (1 + math.cos(math.pi * progress))
    return cycle.learning_rate * (min(progress / cycle.warmup, factor) if cycle.warmup else factor)
