"""Metadata of an export: written from a module, read back, taken only if they are valid."""

import json
from pathlib import Path

from inception_hub import bundle
from inception_hub.formats.exported import Exported, from_metadata, metadata


def test_metadata_come_back(small_module: Path) -> None:
    source = bundle.read(small_module)
    exported = from_metadata({}, metadata(source))
    assert exported == Exported({}, source.labels, source.image_size, source.resize)
    assert json.loads(metadata(source)["channels"]) == "RGB"
    assert from_metadata({}, {}) == Exported({})


def told(**values: object) -> Exported:
    return from_metadata({}, {name: json.dumps(value) for name, value in values.items()})


def test_metadata_are_taken_only_if_they_fit() -> None:
    labels = told(labels=["a", "b"]).labels
    assert labels and labels.names == ("a", "b")
    for value in (["a", 1], ["a", "b\n"], ["a", ""], "ab", None, {}):
        assert told(labels=value).labels is None
    assert told(labels=["a", "b"], wordnet_ids=["n1", 2]).labels is None
    labels = told(labels=["a", "b"], wordnet_ids=["n00000001"]).labels
    assert labels and labels.wordnet_ids == (None, None), "ids that are not one a name count as none"
    assert told(image_size=[64, 32]).image_size == (64, 32)
    for value in ([64], [0, 1], [1, 1 << 20], "ab", [1.5, 2], [True, True], None):
        assert told(image_size=value).image_size is None
    assert told(resize="slim").resize == "slim" and told(resize="x").resize is None
    assert from_metadata({}, {"labels": "[" * 100_000}).labels is None
