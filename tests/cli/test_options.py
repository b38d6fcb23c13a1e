"""Every option of every verb arrives: what differs from its default is seen in what the verb calls.

An option that `ROWS` lacks fails: a row says what is given, and where it must be seen. Places are written as
the called function and its parameter; fields of dataclasses follow behind another dot.
"""

import importlib
import inspect
import json
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from helpers.command import run
from helpers.dataset_photos import png, split_of
from PIL import Image

from inception_hub import Module
from inception_hub.benchmark import Figures
from inception_hub.cli.app import app
from inception_hub.data import Dataset
from inception_hub.evaluation import Comparison, Evaluation
from inception_hub.formats.comparison import Check as ExportCheck
from inception_hub.labels import Labels
from inception_hub.organising.placer import Summary
from inception_hub.organising.undo import Undone
from inception_hub.quantization.quantization import Check as QuantizeCheck

LABELS = Labels(tuple("abcdefghij"), (None,) * 10)


class Seen:
    """What the verb has called, by function and parameter; a place may have been seen with several values."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.places: dict[str, list[Any]] = defaultdict(list)

    def at(self, module: str, name: str, answer: Callable[..., Any] | None = None) -> None:
        """Has `inception_hub.MODULE.NAME` be noted when it is called, and `answer` in its place, if given."""
        holder = importlib.import_module(f"inception_hub.{module}")
        original = getattr(holder, name)
        signature = inspect.signature(original)

        def noted(*arguments: Any, **options: Any) -> Any:
            bound = signature.bind(*arguments, **options)
            bound.apply_defaults()
            for parameter, value in bound.arguments.items():
                self._note(f"{name}.{parameter}", value)
            return (answer or original)(*arguments, **options)

        self._monkeypatch.setattr(holder, name, noted)

    def _note(self, place: str, value: Any) -> None:
        self.places[place].append(value)
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                self._note(f"{place}.{field.name}", getattr(value, field.name))


@dataclass(frozen=True)
class Row:
    """The words `given`, the option among them, must put `value` in `place`: there, or in what is printed."""

    given: str
    place: str
    value: Any
    base: str | None = None  # the rest of the command, where it is not the verb's in `BASE`


COMPUTING = {
    "--engine": Row("--engine torch", "Module.engine", "torch"),
    "--precision": Row("--precision bf16", "Module.precision", "bf16"),
}
MODULE = {"--module": Row("--module other", "load_module_spec.handle", "other")}
ON_DEVICE = {"--device": Row("--device cuda", "Module.device", "cuda")}
ANSWERS = {
    **MODULE,
    **COMPUTING,
    **ON_DEVICE,
    "--output": Row("--output TMP/rows --format csv", "open_writer.output", "TMP/rows"),
    "--resume": Row("--resume --output TMP/rows --format csv", "open_writer.resume", True),
    "--resize": Row("--resize slim", "infer.options.resize", "slim"),
    "--max-pixels": Row("--max-pixels 12345", "infer.options.max_pixels", 12345),
    "--ray": Row("--ray auto", "on_cluster.address", "auto"),
}
FINETUNED = "finetune.options"
ROWS: dict[str, dict[str, Row]] = {
    "classify": {
        **ANSWERS,
        "--top": Row("--top 3", "infer.options.top", 3),
        "--format": Row("--format jsonl", "open_writer.format", "jsonl"),
        "--gallery": Row("--gallery TMP/page.html", "Gallery.path", "TMP/page.html"),
        "--heatmaps": Row("--heatmaps --gallery TMP/page.html", "infer.options.feature_maps", True),
    },
    "embed": {**ANSWERS, "--format": Row("--format csv", "open_writer.format", "csv")},
    "explain": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--output": Row("--output TMP/other", "Pictures.folder", "TMP/other"),
        "--top": Row("--top 7", "explained_photo.top", 7),
        "--class": Row("--class b --class 4", "explained_photo.classes", [1, 4]),
        "--size": Row("--size 96x64", "explained_photo.size", (96, 64)),
        "--resize": Row("--resize slim", "explained_photo.resize", "slim"),
        "--max-pixels": Row("--max-pixels 12345", "explained_photo.max_pixels", 12345),
    },
    "organise": {
        **MODULE,
        **COMPUTING,
        **ON_DEVICE,
        "--into": Row("--into TMP/other", "organise.into", "TMP/other"),
        "--undo": Row("--undo TMP/sorted", "undo_organise.into", "TMP/sorted", base="organise"),
        "--how": Row("--how move", "organise.how", "move"),
        "--least": Row("--least 0.75", "organise.least", 0.75),
        "--dry-run": Row("--dry-run", "organise.dry_run", True),
        "--xmp": Row("--xmp", "organise.xmp", True),
        "--resize": Row("--resize slim", "organise.resize", "slim"),
        "--max-pixels": Row("--max-pixels 12345", "organise.max_pixels", 12345),
    },
    "info": {"--json": Row("--json", "stdout", '"name": "small"')},
    "pull": {},
    "convert": {"--depth-multiplier": Row("--depth-multiplier 0.5", "convert_files.depth_multiplier", 0.5)},
    "finetune": {
        "--output": Row("--output TMP/other", "finetune.output", "TMP/other"),
        "--module": Row("--module other", "resolve.handle", "other"),
        "--validation": Row("--validation held", "finetune.validation", "held"),
        "--phases": Row("--phases head", f"{FINETUNED}.phases", "head"),
        "--epochs": Row("--epochs 7", f"{FINETUNED}.epochs", 7),
        "--learning-rate": Row("--learning-rate 0.5", f"{FINETUNED}.learning_rate", 0.5),
        "--batch-size": Row("--batch-size 6", f"{FINETUNED}.batch_size", 6),
        "--image-size": Row("--image-size 96", f"{FINETUNED}.image_size", 96),
        "--training-size": Row("--training-size 64", f"{FINETUNED}.training_size", 64),
        "--batch-norm": Row("--batch-norm frozen", f"{FINETUNED}.batch_norm", "frozen"),
        "--batch-norm-momentum": Row("--batch-norm-momentum 0.5", f"{FINETUNED}.batch_norm_momentum", 0.5),
        "--label-smoothing": Row("--label-smoothing 0.3", f"{FINETUNED}.label_smoothing", 0.3),
        "--average": Row("--average 0.7", f"{FINETUNED}.average", 0.7),
        "--patience": Row("--patience 2", f"{FINETUNED}.patience", 2),
        "--class-weights": Row("--class-weights", f"{FINETUNED}.class_weights", True),
        "--teacher": Row("--teacher other --teacher third", "resolve.handle", "third"),
        "--teacher-share": Row(
            "--teacher other --teacher-share 0.25", f"{FINETUNED}.distillation.share", 0.25
        ),
        "--temperature": Row("--teacher other --temperature 5", f"{FINETUNED}.distillation.temperature", 5.0),
        "--precision": Row("--precision f32", f"{FINETUNED}.bfloat16", False),
        "--device": Row("--device cuda", f"{FINETUNED}.device", "cuda"),
        "--seed": Row("--seed 5", "finetune.seed", 5),
    },
    "train": {
        "--output": Row("--output TMP/other", "train_from_scratch.output", "TMP/other"),
        "--validation": Row("--validation held", "train_from_scratch.validation", "held"),
        "--set": Row("--set label_smoothing=0.3", "train_from_scratch.recipe.label_smoothing", 0.3),
        "--teacher": Row("--teacher other --teacher third", "resolve.handle", "third"),
        "--teacher-share": Row(
            "--teacher other --teacher-share 0.25", "train_from_scratch.distillation.share", 0.25
        ),
        "--temperature": Row(
            "--teacher other --temperature 5", "train_from_scratch.distillation.temperature", 5.0
        ),
        "--precision": Row("--precision f32", "train_from_scratch.bfloat16", False),
        "--device": Row("--device cuda", "train_from_scratch.device", "cuda"),
        "--seed": Row("--seed 5", "train_from_scratch.seed", 5),
    },
    "evaluate": {
        **COMPUTING,
        **ON_DEVICE,
        "--split": Row("--split train", "pick_split.name", "train"),
        "--against": Row("--against other", "load_module_spec.handle", "other"),
        "--report": Row("--report TMP/page.html", "stderr", "Report: TMP/page.html"),
        "--json": Row("--json", "stdout", '"top1": 1.0'),
        "--resize": Row("--resize slim", "evaluate_split.preset", "slim"),
    },
    "quantize": {
        "--calibrate": Row("--calibrate others", "quantize.calibrate", "others"),
        "--max-drop": Row("--max-drop 3", "quantize.max_drop", 3.0),
        "--min-agreement": Row("--min-agreement 70", "quantize.min_agreement", 70.0),
    },
    "export": {
        "--to": Row("--to openvino", "export_bundle.format", "openvino"),
        "--force": Row("--force", "export_bundle.force", True),
        "--size": Row("--size 96x64", "export_bundle.options.size", (96, 64)),
        "--batch": Row("--batch 3", "export_bundle.options.batch", 3),
        "--photos": Row("--photos", "export_bundle.options.photos", True),
        "--top": Row("--top 2", "export_bundle.options.top", 2),
        "--int8": Row("--int8", "export_bundle.options.int8", True),
    },
    "push": {"--private": Row("--private", "push_bundle.private", True)},
    "bench": {
        "--module": Row("--module other", "resolve.handle", "other"),
        "--photos": Row("--photos TMP/photo.png", "bench.photos", ["TMP/photo.png"]),
        "--batch": Row("--batch 3 --batch 5", "bench.batch", [3, 5]),
        "--seconds": Row("--seconds 0.5", "bench.seconds", 0.5),
        "--json": Row("--json", "stdout", '"module": "small"'),
    },
    "serve": {
        **MODULE,
        **COMPUTING,
        "--host": Row("--host 127.0.0.9", "_listen.host", "127.0.0.9"),
        "--port": Row("--port 8765", "_listen.port", 8765),
        "--allowed-host": Row("--allowed-host a.example", "AllowedHosts.given", ["a.example"]),
        "--limit": Row("--limit queue=7", "make_app.limits.queue", 7),
        "--ray": Row("--ray auto", "serve_on_cluster.address", "auto"),
    },
    "cache ls": {},
    "cache verify": {},
    "cache rm": {},
    "cache gc": {},
}
BASE = {
    "classify": "classify TMP/photo.png",
    "embed": "embed TMP/photo.png",
    "explain": "explain TMP/photo.png --output TMP/pictures",
    "organise": "organise TMP/photo.png --into TMP/sorted",
    "info": "info given",
    "convert": "convert given TMP/new",
    "finetune": "finetune data --output TMP/new",
    "train": "train slim data --output TMP/new",
    "evaluate": "evaluate given data",
    "quantize": "quantize given --calibrate photos",
    "export": "export given TMP/new --to onnx",
    "push": "push given owner/name",
    "bench": "bench",
    "serve": "serve",
}


def verbs(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every verb and its command, those below another verb too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def options() -> list[tuple[str, str]]:
    """Every option of every verb, by the name it is given by."""
    whole: Any = typer.main.get_command(app)
    return [
        (verb, parameter.opts[0])
        for verb, command in verbs(whole)
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.opts[0] != "--help"
    ]


def evaluation(*_: object, **__: object) -> Evaluation:
    return Evaluation("small", "data", LABELS, np.array([0]), np.eye(10, dtype=np.float32)[:1], ["0.png"])


def figures(*_: object, **__: object) -> Figures:
    return Figures("small", (64, 64), 0.1, {"cpu": "one", "cores": 1, "openvino": "1"}, {}, [], [])


@pytest.fixture
def seen(small_module: Path, module: Module, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """What verbs call, noted; what takes long or is not installed everywhere is only answered for."""
    seen = Seen(monkeypatch)
    data = Dataset("data", LABELS, {name: split_of([png(0)], [0]) for name in ("train", "test")})

    def exported(bundle: object, format: str, path: Path, **_: object) -> ExportCheck:
        path.touch()
        return ExportCheck("nobody 1", 0.0)

    # Before `Module` is replaced, of which this file takes the class as it is imported.
    seen.at("evaluation.evaluate", "open_dataset", lambda *_, **__: data)
    seen.at("evaluation.evaluate", "compare", lambda *_, **__: Comparison(0.0, 0.0, 0.0, 1, 0, 0, 0.95))
    seen.at("sources.resolve", "resolve", lambda *_, **__: small_module)
    seen.at("sources.transfer", "resolve", lambda *_, **__: small_module)
    seen.at("module_spec", "load_module_spec", lambda *_, **__: module.spec)
    seen.at("module", "Module", lambda *_, **__: module)
    seen.at("output.run", "infer", lambda *_, **__: iter(()))
    seen.at("output.run", "open_writer")
    seen.at("output.run", "Gallery")
    seen.at("cli.explain", "Pictures")
    seen.at("cli.photo_run", "on_cluster", lambda *_, **__: None)
    seen.at("inference.heatmaps", "explained_photo", lambda *_, **__: Image.new("RGB", (1, 1)))
    seen.at("organising.organise", "organise", lambda *_, **__: Summary())
    seen.at("organising.undo", "undo_organise", lambda *_, **__: Undone())
    seen.at("sources.transfer", "convert_files", lambda *_, **__: module.spec.bundle)
    seen.at("training.finetune", "finetune", lambda *_, **__: [evaluation()])
    seen.at("training.from_scratch", "train_from_scratch", lambda *_, **__: [evaluation()])
    seen.at("evaluation.measurement", "pick_split")
    seen.at("evaluation.measurement", "evaluate_split", evaluation)
    seen.at("evaluation.measurement", "page", lambda *_, **__: "a page")
    seen.at("quantization.quantization", "quantize", lambda *_, **__: QuantizeCheck(1, 1.0))
    seen.at("sources.transfer", "export_bundle", exported)
    seen.at("sources.transfer", "push_bundle", lambda *_, **__: "https://hub/owner/name")
    seen.at("benchmark", "bench", figures)
    service = SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(failure=None)))
    listener = SimpleNamespace(getsockname=lambda: ("127.0.0.1", 1), close=lambda: None)
    seen.at("server.app", "make_app", lambda *_, **__: service)
    server = SimpleNamespace(run=lambda sockets: None, heed_signals=lambda: None)
    seen.at("server.app", "make_server", lambda *_, **__: server)
    seen.at("server.hosts", "AllowedHosts")
    seen.at("cli.serve", "_listen", lambda *_, **__: listener)
    seen.at("cli.serve", "serve_on_cluster", lambda *_, **__: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield seen
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def module(small_module: Path) -> Module:
    return Module(small_module)


def placed(words: str, folder: Path) -> str:
    return words.replace("TMP", str(folder))


def test_every_option_has_its_row() -> None:
    found = options()
    lacking = [f"{verb} {option}" for verb, option in found if option not in ROWS.get(verb, {})]
    assert not lacking, f"add rows for these to ROWS: {', '.join(lacking)}"
    gone = [(verb, option) for verb, rows in ROWS.items() for option in rows if (verb, option) not in found]
    assert not gone, f"there are no such options any more: {gone}"
    whole: Any = typer.main.get_command(app)
    assert set(ROWS) == {verb for verb, _ in verbs(whole)}


@pytest.mark.parametrize(("verb", "option"), [(v, o) for v, rows in ROWS.items() for o in rows])
def test_it_arrives(
    verb: str, option: str, seen: Seen, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = ROWS[verb][option]
    assert option in row.given.split()

    def arrives(folder: Path, words: str) -> bool:
        folder.mkdir()
        (folder / "photo.png").write_bytes(png(0, (64, 48)))
        seen.places.clear()
        code, out, err = run(capsys, *placed(words, folder).split())
        assert code == 0, err
        if row.place in ("stdout", "stderr"):
            return placed(row.value, folder) in (out if row.place == "stdout" else err)
        return any(_same(value, row.value, folder) for value in seen.places[row.place])

    assert not arrives(tmp_path / "without", BASE[verb]), "the row gives no other value than the default"
    assert arrives(tmp_path / "with", f"{row.base or BASE[verb]} {row.given}"), seen.places[row.place]


def _same(value: Any, wanted: Any, folder: Path) -> bool:
    if isinstance(wanted, list):
        same = isinstance(value, list) and len(value) == len(wanted)
        return same and all(_same(*pair, folder) for pair in zip(value, wanted, strict=True))
    if isinstance(wanted, str):
        return str(value) == placed(wanted, folder)
    return type(value) is type(wanted) and value == wanted


def test_json_of_info_is_whole(small_module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "info", small_module, "--json")
    assert code == 0 and json.loads(out)["path"] == str(small_module)
