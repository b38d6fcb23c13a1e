"""The page of `export --to html`: what stands in it and what is refused. test_html_page_browser opens it."""

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import onnx
import pytest
from helpers.command import run
from helpers.exports import compare_one_shape
from helpers.pages import Page
from helpers.web_pages import HOSTILE, hostile, web_runtime

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, MissingExtraError, OutputError
from inception_hub.formats import export_bundle
from inception_hub.formats.html_page import GENERATOR, PAGE, WORKER, _file, _graph_options, _script
from inception_hub.formats.onnxruntime_web import FETCH, licence
from inception_hub.formats.options import Options


@pytest.fixture(scope="module")
def page(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pages") / "page.html"
    with pytest.MonkeyPatch.context() as patch:
        compare_one_shape(patch)
        check = export_bundle(hostile(small_module), "html", path, options=Options(runtime=web_runtime()))
    assert check.loader.startswith("onnxruntime ") and check.loader.endswith(" in f16")
    assert 0 < check.error < 1e-2
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]
    return path.read_text("utf-8")


def block(page: str, name: str) -> str:
    """The content of the block of data `name`."""
    (content,) = re.findall(rf'<script type="[a-z/]+" id="{re.escape(name)}">(.*?)</script>', page, re.DOTALL)
    return content


def test_what_a_stranger_wrote_is_text(page: str) -> None:
    assert "alert(1)" in page and "<script>alert" not in page and "<!-- " not in page
    settings = json.loads(block(page, "settings"))
    assert settings["labels"] == [HOSTILE, *"bcdefghij"]
    assert (settings["card"]["name"], settings["card"]["card"]) == (HOSTILE, f"# {HOSTILE}")
    assert len(Page(page).attributes("script")) == 7  # the page's, settings and five of data


def test_it_names_photos_as_the_module_does(page: str) -> None:
    settings = json.loads(block(page, "settings"))
    assert settings["preset"] == {"fit": "squash", "fraction": 0.875, "exact": True, "grey": 128}  # slim
    assert (settings["size"], settings["map_size"]) == ([64, 64], [128, 128])
    assert (settings["card"]["precision"], settings["card"]["classes"]) == ("f16", 10)
    assert settings["drawing"]["levels"] == [0.25, 0.5] and len(settings["drawing"]["palette"]) == 81


def test_nothing_is_loaded_and_only_its_own_script_runs(page: str) -> None:
    (policy,) = [
        each["content"] or ""
        for each in Page(page).attributes("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(part.split(" ", 1) for part in html.unescape(policy).split("; "))
    (script,) = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}' blob: data: 'wasm-unsafe-eval'"
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in rules["style-src"]
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "connect-src" not in rules and rules["img-src"] == "blob: data:"
    found = [each.get("src") or each.get("href") for each in Page(page).attributes("script")]
    assert not any(found) and [each["href"] for each in Page(page).attributes("link")] == ["data:,"]


def test_it_says_whose_software_it_holds(page: str) -> None:
    parsed = Page(page)
    assert parsed.texts("pre") == [licence()]
    assert any("It computes with ONNX Runtime Web 1.30.0" in each for each in parsed.texts("p"))
    generators = [each["content"] for each in parsed.attributes("meta") if each.get("name") == "generator"]
    assert generators == [GENERATOR]


@pytest.mark.parametrize(
    "precision, options, size",
    [("int8", {}, (0, 18e6)), pytest.param("f16", {"fp16": True}, (18e6, 31e6), marks=pytest.mark.slow)],
)
def test_int8_is_taken_where_the_module_has_it(
    precision: str,
    options: dict[str, Any],
    size: tuple[float, float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compare_one_shape(monkeypatch)
    path = tmp_path / "page.html"
    check = hub.export("tiny_imagenet", path, to="html", runtime=web_runtime(), **options)
    assert check.loader.endswith(f" in {precision}")
    assert json.loads(block(path.read_text("utf-8"), "settings"))["card"]["precision"] == precision
    assert size[0] < path.stat().st_size < size[1]


@pytest.mark.parametrize("fp16, int8", [(False, True), (True, False)])
def test_half_precision_is_taken_where_it_is_asked_for(fp16: bool, int8: bool) -> None:
    chosen = _graph_options(hub.load_module_spec("tiny_imagenet").bundle, Options(fp16=fp16))
    assert (chosen.fp16, chosen.int8, chosen.evidence) == (not int8, int8, True)


def test_the_graph_gives_activation_maps(page: str, tmp_path: Path) -> None:
    import gzip

    (tmp_path / "graph.onnx").write_bytes(gzip.decompress(base64.b64decode(block(page, "graph"))))
    graph = onnx.load(tmp_path / "graph.onnx").graph
    assert {output.name for output in graph.output} == {"feature_vector", "logits", "evidence"}


@pytest.mark.parametrize("names", [PAGE, WORKER])
def test_the_scripts_become_one(names: tuple[str, ...]) -> None:
    """Each stands after those that it imports from, no name is given twice, none makes markup of text."""
    seen: set[str] = set()
    for name in names:
        needed = set(re.findall(r'from "\./(\w+)\.js"', _file(f"{name}.js").decode()))
        assert {"local" if each == "request" else each for each in needed} <= seen
        seen.add(name)
    whole = _script(*names)
    defined = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", whole, re.MULTILINE)
    assert len(defined) == len(set(defined)) > 10
    assert not re.search(
        r"^(import|export) |innerHTML|outerHTML|document\.write|eval\(|</script", whole, re.M
    )


def test_what_is_refused(
    capsys: pytest.CaptureFixture[str],
    small_module: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "export", small_module, "page.html", "--to", "html")
    assert (code, out, err.count("\n")) == (2, "", 1) and f"fetch it by {FETCH}" in err
    code, out, err = run(capsys, "export", small_module, "page.html", "--to", "html", "--int8")
    assert (code, out) == (2, "") and "small has no int8 graph" in err
    code, out, err = run(capsys, "export", small_module, "page.html", "--to", "html", "--batch", 1)
    assert (code, out) == (2, "") and "does not take batch; its options: fp16, int8, runtime" in err
    with pytest.raises(ArgumentError, match="small is a feature vector module and has no classes to name"):
        export_bundle(bundle.read(small_module).without_head(), "html", tmp_path / "page.html")
    assert not list(tmp_path.iterdir())
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(OutputError, match="page.html exists and is left as it is"):
        export_bundle(bundle.read(small_module), "html", tmp_path / "page.html")
    with pytest.raises(MissingExtraError):
        export_bundle(bundle.read(small_module), "html", tmp_path / "page.html", force=True)
    assert (tmp_path / "page.html").read_text() == "mine"
