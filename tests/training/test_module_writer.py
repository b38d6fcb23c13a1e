"""The module directory that a run writes: stored weights are what was measured, test before validation."""

from pathlib import Path

import numpy as np
import pytest
from helpers import runs
from helpers.dataset_photos import png, split_of
from safetensors.numpy import load_file

from inception_hub import Module, load_module_spec
from inception_hub.bundle import Bundle, Provenance
from inception_hub.data import Dataset
from inception_hub.errors import OutputError
from inception_hub.evaluation import Candidate, Epoch, Score, Selection, measurement
from inception_hub.labels import Labels
from inception_hub.training.listener import RunListener
from inception_hub.training.module_writer import write_module
from inception_hub.training.summary import RunSummary

LABELS = Labels(("a", "b", "c"), (None,) * 3)
DATASET = Dataset(
    "noise",
    LABELS,
    {
        name: split_of([png(seed + number, (40, 40)) for number in range(count)], [0, 1, 2, 0][:count])
        for name, seed, count in (("train", 0, 3), ("validation", 10, 3), ("test", 20, 4))
    },
)
SCORE = Score(0.9, 0.5, 3)
HISTORY = [Epoch("training", 1, 1.0, SCORE, 1e-3, 100.0, 0.0, kept=True)]
SELECTION = Selection("Kept: that one.", (Candidate("training, epoch 1", 1, SCORE, kept=True),))
SUMMARY = RunSummary(
    "Title of the run", {"seed": "7"}, HISTORY, SELECTION, [], ["a note"], False, lowest_loss=0.5
)


@pytest.mark.usefixtures("no_matplotlib")
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_what_is_stored_is_what_was_measured(tmp_path: Path, dtype: str) -> None:
    network, output = runs.network(), tmp_path / "module"
    draft = Bundle(
        "module", network.architecture, {}, LABELS, Provenance("noise", "CC0-1.0"), image_size=(32, 32)
    )
    test, validation = write_module(draft, network, DATASET, output, dtype, SUMMARY, RunListener())
    assert (test.data, len(test.classes)) == ("noise test", 4)
    assert (validation.data, len(validation.classes)) == ("noise validation", 3)
    weights = load_file(output / "weights.safetensors")
    assert {str(array.dtype) for array in weights.values()} == {dtype}
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(weights[name], value.numpy().astype(dtype))
    again = measurement.evaluate_split(Module(output), DATASET.splits["test"], LABELS, "again")
    np.testing.assert_allclose(again.probabilities, test.probabilities, atol=1e-6)
    made = load_module_spec(output).bundle
    assert [figures["data"] for figures in made.accuracy] == ["noise test", "noise validation"]
    assert made.accuracy[0]["top1"] == test.top1 and made.accuracy[1]["images"] == 3
    assert "# Title of the run" in made.card and "| seed | 7 |" in made.card and "| machine | " in made.card
    assert "Measured as stored, on OpenVINO in float32." in made.card
    page = (output / "report.html").read_text("utf-8")
    assert "<h1>Title of the run</h1>" in page and "a note" in page
    with pytest.raises(OutputError, match="exists and is left as it is"):
        write_module(draft, network, DATASET, output, dtype, SUMMARY, RunListener())
