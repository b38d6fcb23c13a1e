"""The fuzzers' targets under Hypothesis: whatever is done to a valid file, an answer or one of our errors."""

import random
from pathlib import Path

import pytest
from fuzz.fuzz import HERE, TARGETS
from helpers.tensorflow_samples import examples
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import InceptionHubError, WeightsError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def seeds(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(Path(HERE / "corpus" / target).iterdir())]


def answer_or_refusal(target: str, data: bytes) -> None:
    try:
        TARGETS[target](data)
    except InceptionHubError as error:
        assert str(error).isprintable()


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_is_understood(target: str) -> None:
    """Every seed is read in full; that of safetensors, of two arrays, up to the check for the others."""
    assert seeds(target)
    for data in seeds(target):
        if target == "safetensors":
            with pytest.raises(WeightsError, match="missing: .* and 272 more; unexpected: .*, b;"):
                TARGETS[target](data)
        else:
            TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@examples
@given(
    st.integers(0),
    st.lists(st.tuples(st.integers(0, 4095), st.binary(max_size=8)), max_size=4),
    st.booleans(),
)
def test_damaged_files(target: str, choice: int, patches: list[tuple[int, bytes]], cut: bool) -> None:
    found = seeds(target)
    data = bytearray(found[choice % len(found)])
    for place, patch in patches:
        place %= len(data) + 1
        data[place : place + len(patch)] = patch
    if cut:
        del data[random.Random(choice).randrange(len(data) + 1) :]
    answer_or_refusal(target, bytes(data))


@pytest.mark.parametrize("target", TARGETS)
@examples
@given(st.binary(max_size=200))
def test_any_bytes(target: str, data: bytes) -> None:
    answer_or_refusal(target, data)
