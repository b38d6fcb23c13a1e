"""Validation: loss and top-1 over all photos, whatever the batches."""

import pytest
import torch
from helpers import runs

from inception_hub.training import validation
from inception_hub.training.validation import validator


def test_loss_and_top1_are_means_over_all_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    network, photos = runs.network(), runs.photos(7, 32)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        logits = network(photos.images.float() / 255)["InceptionV2/Logits"]
    expected = torch.nn.functional.cross_entropy(logits, photos.classes)
    for batch in (64, 3):
        monkeypatch.setattr(validation, "BATCH", batch)
        score = validator(photos, bfloat16=False)(network)
        assert score.loss == pytest.approx(float(expected), rel=1e-5)
        assert score.top1 == pytest.approx(float((logits.argmax(1) == photos.classes).float().mean()))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_mixed_precision_is_close() -> None:
    network, photos = runs.network(), runs.photos(7, 32)
    exact, mixed = (validator(photos, bfloat16)(network).loss for bfloat16 in (False, True))
    assert 0 < abs(exact - mixed) < 0.1
