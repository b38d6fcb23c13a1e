"""docs/python-api.md says of every public name what the code says: its signature, its members, its place."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.floors import SOURCE
from PIL import Image

import inception_hub
from inception_hub.errors import ImageError
from inception_hub.labels import Labels

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "python-api.md").read_text("utf-8")
KINDS = {
    "Module": inception_hub.Module,
    "ModuleSpec": inception_hub.ModuleSpec,
    "Labels": Labels,
    "Rows": inception_hub.Rows,
    "Vectors": inception_hub.Vectors,
}
CALL = re.compile(r"^(\w+)(\(.*\))$")

Parameters = list[tuple[str, Any, Any]]  # name, kind and default of each


def documented(section: str) -> dict[str, str | None]:
    """What the first columns of a section's tables name: the signature of each, None where there is none."""
    names: dict[str, str | None] = {}
    for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE):
        for name in re.findall("`(.+?)`", row):
            call = CALL.match(name)
            names[call[1] if call else name] = call[2] if call else None
    return names


def sections() -> dict[str, dict[str, str | None]]:
    """By the heading: `Module`, `ModuleSpec`, `Labels`; what stands before is under an empty one."""
    head, *rest = re.split(r"^## `(\w+)`$", PAGE, flags=re.MULTILINE)
    return {"": documented(head)} | {
        name: documented(text) for name, text in zip(rest[::2], rest[1::2], strict=True)
    }


def said(signature: str) -> Parameters:
    """The parameters of a signature as the page writes it."""
    function = ast.parse(f"def f{signature}: ...").body[0]
    made = eval(f"lambda {ast.unparse(function.args)}: None", {})  # type: ignore[attr-defined]
    return parameters(made)


def parameters(function: Any) -> Parameters:
    """What a caller gives, `self` left out."""
    listed = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in listed if each.name != "self"]


@pytest.mark.parametrize("name", inception_hub.__all__)
def test_signatures_of_public_names(name: str) -> None:
    public = getattr(inception_hub, name)
    signature = sections()[""][name]
    if inspect.isclass(public) and issubclass(public, Exception):
        assert signature is None
        return
    assert signature is not None, f"{name} stands without its signature"
    assert said(signature) == parameters(public)


@pytest.mark.parametrize("kind", KINDS)
def test_signatures_of_members(kind: str) -> None:
    members = {name: value for name, value in inspect.getmembers(KINDS[kind]) if not name.startswith("_")}
    if kind == "Module":
        members["module"] = inception_hub.Module.__call__
    names = sections()[kind]
    if kind == "Vectors":
        names |= sections()["Rows"]  # whose members it has, too
    for name, member in members.items():
        assert member.__doc__, f"{kind}.{name} has no docstring"
        if callable(member):
            assert name in names, f"{kind}.{name} is not documented"
            assert said(names[name] or "()") == parameters(member), f"{kind}.{name}"
        else:
            assert re.search(rf"`{name}`", PAGE), f"{kind}.{name} is not documented"


def test_nothing_is_documented_that_is_not_there() -> None:
    for kind, names in sections().items():
        for name, signature in names.items():
            if signature is None and kind:  # a property, an attribute, or a signature of the network
                continue
            owner = KINDS.get(kind, inception_hub)
            assert name == "module" or hasattr(owner, name), f"{kind}.{name}"


def test_no_function_shares_its_name_with_a_module() -> None:
    """`inception_hub.export` is a function: a file or folder of that name would take its place on import."""
    for name in inception_hub.__all__:
        hiding = [path.name for path in SOURCE.iterdir() if path.name in (name, f"{name}.py")]
        assert not hiding, f"{name} is public and {hiding} has its name"


def test_the_public_face_works_as_documented(tmp_path: Path) -> None:
    spec = inception_hub.load_module_spec("tiny_imagenet")
    module = inception_hub.Module(spec)
    photo = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), "red").save(photo)
    assert inception_hub.load_images([photo], module, max_pixels=1200).shape == (1, 128, 128, 3)
    with pytest.raises(ImageError, match="at most 1,199"):
        inception_hub.load_images([photo], module, resize="plain", max_pixels=1199)
    assert module.resize == spec.resize == "default"
    assert repr(spec) == "ModuleSpec('tiny_imagenet', 200 classes, 128 x 128 px, resize='default')"
    assert repr(module) == "Module('tiny_imagenet', tags=[], engine='openvino')"
    for shown in (module, spec):
        assert "<caption>tiny_imagenet</caption>" in shown._repr_html_()
    assert module.labels[:2] == module.labels.names[:2]


def test_what_is_imported_later_is_there_from_the_start() -> None:
    code = """
import sys, inception_hub
assert "inception_hub.formats" not in sys.modules
assert set(inception_hub.__all__) <= set(dir(inception_hub))
assert inception_hub.export is inception_hub.sources.transfer.export
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'inception_hub' has no attribute 'classifier'"):
        _ = inception_hub.classifier
