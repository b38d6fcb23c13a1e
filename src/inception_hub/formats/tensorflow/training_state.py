"""The network's variables among all that a checkpoint of training or of a larger program holds.

Beside them stand an optimiser's slots (`.../weights/RMSProp`), moving averages
(`.../weights/ExponentialMovingAverage`), counters, metrics and other layers; and all of the network's may
stand below a common prefix, such as the `module/` of programs around `hub.Module`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...architecture import LOGITS_LAYER, SCOPE, Architecture
from ...errors import WeightsError
from ...system.text import printable

Arrays = Mapping[str, NDArray[np.generic]]
# What tf.train.ExponentialMovingAverage and TensorFlow Addons' optimisers put behind a variable's name.
AVERAGES = ("ExponentialMovingAverage", "average")
COUNTERS = {"global_step", "save_counter"}  # in nearly every checkpoint: alone they are not told
NAMED = 5  # of what is left out, in a message


@dataclass(frozen=True)
class NetworkVariables:
    """`weights` by TF-Slim's names, moving `averages` of some, and a sentence on what was `left_out`."""

    weights: Arrays
    averages: Arrays
    left_out: str | None


def network_variables(arrays: Arrays) -> NetworkVariables:
    """Selects the network's variables of `arrays`, by name.

    What stands within the network's own scope and is none of its variables, nor belongs to one, stays among
    the weights: it is another network's, and the check against the architecture names it.
    Raises `WeightsError` for two networks under two prefixes.
    """
    prefix = _prefix(arrays)
    if prefix is None:
        return NetworkVariables(arrays, {}, None)
    weights: dict[str, NDArray[np.generic]] = {}
    averages: dict[str, NDArray[np.generic]] = {}
    left_out: list[str] = []
    for full_name, array in arrays.items():
        name = full_name.removeprefix(prefix) if full_name.startswith(prefix) else ""
        variable, _, slot = _split(name)
        if variable and slot in AVERAGES:
            averages[variable] = array
        elif (variable and slot) or not name.startswith(f"{SCOPE}/"):
            left_out.append(full_name)
        else:
            weights[name] = array
    return NetworkVariables(weights or averages, averages, _sentence(prefix, left_out))


def _prefix(arrays: Iterable[str]) -> str | None:
    """What stands before the network's names, mostly nothing; None where no whole network is there."""
    variables: defaultdict[str, set[str]] = defaultdict(set)
    for full_name in arrays:
        start = full_name.find(f"{SCOPE}/")
        while start >= 0:
            variable, _, slot = _split(full_name[start:])
            if variable and (not slot or slot in AVERAGES) and full_name[:start][-1:] in ("", "/"):
                variables[full_name[:start]].add(variable)
            start = full_name.find(f"{SCOPE}/", start + 1)
    whole = [prefix for prefix, names in variables.items() if names >= _body()]
    if len(whole) > 1:
        listed = ", ".join(repr(printable(prefix)[:60]) for prefix in sorted(whole)[:NAMED])
        raise WeightsError(
            f"The variables of the network stand {len(whole)} times in the file, below {listed}; give a "
            "file with one of them."
        )
    return whole[0] if whole else None


def _split(name: str) -> tuple[str, str, str]:
    """The network's variable that `name` is or belongs to, a slash, and what stands behind; else nothing."""
    if name in _all():
        return name, "", ""
    end = name.find("/", len(SCOPE) + 1)
    while end >= 0:
        if name[:end] in _all():
            return name[:end], "/", name[end + 1 :]
        end = name.find("/", end + 1)
    return "", "", ""


@cache
def _all() -> frozenset[str]:
    """The names of all variables; they are the same at every width."""
    return frozenset(Architecture(1.0, 2).variables)


@cache
def _body() -> frozenset[str]:
    """Those of every network: one that gives feature vectors has no head."""
    return frozenset(name for name in _all() if not name.startswith(f"{LOGITS_LAYER}/"))


def _sentence(prefix: str, left_out: list[str]) -> str | None:
    parts = []
    if prefix:
        parts.append(f"The network's variables stand below {printable(prefix)[:60]!r}.")
    if not COUNTERS.issuperset(left_out):
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        for name in left_out:
            _, _, slot = _split(name.removeprefix(prefix))
            kinds[slot].append(name)
        told = [f"{len(names)} .../{slot}" for slot, names in kinds.items() if slot]
        told += kinds.get("", [])
        listed = ", ".join(printable(each)[:80] for each in told[:NAMED])
        more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
        parts.append(f"Left out, not being the network's: {listed}{more}.")
    return " ".join(parts) or None
