"""A module before an engine makes it runnable: its facts, its graph variants, how it is shown."""

from dataclasses import replace

import pytest

from inception_hub import ModuleSpec, get_expected_image_size, get_num_image_channels, load_module_spec
from inception_hub.errors import ArgumentError, SignatureError, TagsError
from inception_hub.module_spec import graph_variant


@pytest.fixture(scope="module")
def spec() -> ModuleSpec:
    return load_module_spec("tiny_imagenet")


def test_facts(spec: ModuleSpec) -> None:
    assert spec.image_size == (128, 128)
    assert spec.resize == "default"
    assert spec.architecture.num_classes == len(spec.labels) == 200
    assert spec.get_tags() == [frozenset(), frozenset({"train"})]
    assert spec.get_signature_names() == spec.get_signature_names({"train"})
    assert set(spec.get_input_info_dict()) == {"images"}
    assert spec.get_output_info_dict()["default"].shape == (None, 200)


def test_only_two_graph_variants() -> None:
    assert graph_variant(None) == graph_variant([]) == frozenset()
    assert graph_variant(["train"]) == {"train"}
    with pytest.raises(
        TagsError, match=r"tags is the string 'train'; give a set of tags such as \{'train'\}"
    ):
        graph_variant("train")
    with pytest.raises(TagsError, match=r"tags=\['serve', 'train'\]"):
        graph_variant({"train", "serve"})


def test_size_and_channels_are_of_a_known_input(spec: ModuleSpec) -> None:
    assert get_expected_image_size(spec) == [128, 128]
    assert get_num_image_channels(spec, "image_feature_vector", "images") == 3
    with pytest.raises(SignatureError, match="'nope' is missing"):
        get_expected_image_size(spec, "nope")
    with pytest.raises(ArgumentError, match="missing input 'pictures' in signature 'default'; it has images"):
        get_num_image_channels(spec, input_name="pictures")


def test_shown_in_one_line_and_as_a_table(spec: ModuleSpec) -> None:
    assert repr(spec) == "ModuleSpec('tiny_imagenet', 200 classes, 128 x 128 px, resize='default')"
    page = ModuleSpec(replace(spec.bundle, name="<b>a</b>"))._repr_html_()
    assert "<caption>&lt;b&gt;a&lt;/b&gt;</caption>" in page
    assert "<th>image size</th><td>128 x 128 px, default</td>" in page
