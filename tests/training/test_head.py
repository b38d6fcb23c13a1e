"""The head on frozen features: softmax regression, its weight decay chosen by the validation set."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import runs
from sklearn.linear_model import LogisticRegression

from inception_hub.architecture import GLOBAL_POOL
from inception_hub.training import head
from inception_hub.training.features import feature_vectors
from inception_hub.training.finetune_options import FinetuneOptions
from inception_hub.training.head import fit_head, train_head
from inception_hub.training.listener import RunListener
from inception_hub.training.training_data import TrainingData


def test_the_head_is_softmax_regression() -> None:
    generator = np.random.RandomState(0)
    classes = generator.randint(0, 3, 200)
    vectors = (generator.normal(size=(200, 8)) + np.eye(3, 8)[classes]).astype(np.float32)
    kernel, biases, score = fit_head(torch.from_numpy(vectors), torch.from_numpy(classes), 3)
    scale = vectors.std(ddof=1)
    # scikit-learn sums losses where we take their mean: C = 1 / (n * decay).
    reference = LogisticRegression(C=1 / (200 * 1e-3), tol=1e-8, max_iter=1000).fit(vectors / scale, classes)
    probabilities = torch.softmax(torch.from_numpy(vectors) @ kernel + biases, 1).numpy()
    np.testing.assert_allclose(probabilities, reference.predict_proba(vectors / scale), atol=2e-3)
    assert score is None


def test_validation_chooses_the_strength() -> None:
    generator = torch.Generator().manual_seed(0)
    classes = torch.arange(60) % 2
    vectors = torch.randn(60, 100, generator=generator)  # noise: the stronger the decay the better
    held_out = (torch.randn(200, 100, generator=generator), torch.arange(200) % 2)
    chosen, _, score = fit_head(vectors, classes, 2, held_out)
    unchosen, biases, _ = fit_head(vectors, classes, 2)
    loss = torch.nn.functional.cross_entropy(held_out[0] @ unchosen + biases, held_out[1])
    assert score is not None and score.loss < float(loss) - 0.5
    assert float(chosen.norm()) < float(unchosen.norm())


def test_validation_chooses_by_accuracy_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    classes = torch.arange(60) % 2
    vectors = torch.randn(60, 20, generator=generator) + classes[:, None]
    truth = torch.arange(200) % 2
    held_out = (torch.randn(200, 20, generator=generator) + truth[:, None], truth)
    scores = []
    for decay in head.DECAYS:
        monkeypatch.setattr(head, "DECAYS", (decay,))
        scores.append(fit_head(vectors, classes, 2, held_out)[2])
    monkeypatch.undo()
    kept = [s for s in scores if s]
    lowest, highest = min(kept, key=lambda s: s.loss), max(kept, key=lambda s: (s.top1, -s.loss))
    assert lowest != highest, "else there is nothing to choose"
    assert fit_head(vectors, classes, 2, held_out)[2] == lowest
    assert fit_head(vectors, classes, 2, held_out, select="accuracy")[2] == highest


class Progress(RunListener):
    """Keeps which tasks have made progress."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def progress(self, task: str, done: int, total: int) -> None:
        self.tasks.append(task)


def test_only_the_head_of_a_network_is_trained(tmp_path: Path) -> None:
    """On the training photos as validation sees them: here those of validation, which it then knows."""
    network, photos = runs.network(), runs.photos(12, 32)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    data, listener = TrainingData(photos, photos, ()), Progress()
    options = FinetuneOptions(bfloat16=False)
    score = train_head(network, data, "plain", options, tmp_path, "one", listener)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {f"InceptionV2/Logits/Conv2d_1c_1x1/{kind}" for kind in ("weights", "biases")}
    with torch.no_grad():
        endpoints = network(photos.images.float() / 255)
    loss = torch.nn.functional.cross_entropy(endpoints["InceptionV2/Logits"], photos.classes)
    assert score.top1 == 1 and abs(score.loss - float(loss)) < 1e-3
    assert listener.tasks == ["training features", "validation features"]
    kept = tmp_path / "validation.vectors"
    vectors = feature_vectors(
        network, 12, lambda start, stop: pytest.fail("all are kept"), False, kept, "one"
    )
    np.testing.assert_allclose(vectors, endpoints[GLOBAL_POOL][:, 0, 0].numpy(), atol=1e-5)
