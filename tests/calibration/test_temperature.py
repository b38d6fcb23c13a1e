"""The temperature is the most likely one, and confidence fits with it."""

import numpy as np
import pytest

from inception_hub.calibration.temperature import fit_temperature, tempered


def drawn(temperature: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and classes drawn from their softmax at `temperature`."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (n, 6))
    return logits, (logits / temperature + generator.gumbel(size=logits.shape)).argmax(1)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_a_temperature_is_found_again(temperature: float) -> None:
    logits, classes = drawn(temperature)
    assert fit_temperature(logits + 1000, classes) == pytest.approx(temperature, rel=0.06)


def test_no_neighbour_is_more_likely() -> None:
    logits, classes = drawn(1.7, 300)
    best = fit_temperature(logits, classes)

    def loss(temperature: float) -> float:
        return -np.log(tempered(logits, temperature)[np.arange(300), classes]).sum()

    assert loss(best) < min(loss(best * 1.01), loss(best / 1.01))


def test_it_stays_within_bounds_where_all_is_right_or_wrong() -> None:
    logits = np.eye(4)[[0, 1, 2, 3]] * 3.0
    assert fit_temperature(logits, np.arange(4)) == pytest.approx(0.05)
    assert fit_temperature(logits, np.array([1, 2, 3, 0])) == pytest.approx(20)


def test_huge_logits_overflow_nothing() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert tempered(np.array([[1e30, -1e30, 0]], np.float32), 0.05).tolist() == [[1, 0, 0]]
