"""Every option of every verb arrives: what differs from its default is seen in what the verb calls.

An option that `ROWS` of `helpers/option_rows.py` lacks fails: a row says what is given, and where it must be
seen.
"""

import importlib
import inspect
import json
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from helpers.command import run
from helpers.dataset_photos import png, split_of
from helpers.option_rows import BASE, ROWS
from PIL import Image

from inception_hub import Module
from inception_hub.benchmark import Figures
from inception_hub.cli.app import app
from inception_hub.data import Dataset
from inception_hub.evaluation import Comparison, Evaluation
from inception_hub.evaluation.calibrate import CalibrationResult
from inception_hub.formats.comparison import Check as ExportCheck
from inception_hub.labels import Labels
from inception_hub.organising.placer import Summary
from inception_hub.organising.undo import Undone
from inception_hub.quantization.quantization import Check as QuantizeCheck

CALIBRATED = CalibrationResult(100, "training photos", 1.0, 0.99, (), ())
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
    seen.at("inspection.inspect", "open_dataset", lambda *_, **__: data)
    seen.at("inspection.inspect", "survey")
    seen.at("evaluation.evaluate", "compare", lambda *_, **__: Comparison(0.0, 0.0, 0.0, 1, 0, 0, 0.95))
    seen.at("sources.resolve", "resolve", lambda *_, **__: small_module)
    seen.at("sources.transfer", "resolve", lambda *_, **__: small_module)
    seen.at("module_spec", "load_module_spec", lambda *_, **__: module.spec)
    seen.at("module", "Module", lambda *_, **__: module)
    seen.at("output.run", "infer", lambda *_, **__: iter(()))
    seen.at("output.run", "open_writer")
    seen.at("output.run", "Gallery")
    seen.at("similarity.search", "collect")
    seen.at("similarity.search", "search")
    seen.at("similarity.writing", "write_rows")
    seen.at("similarity.page", "SimilarPage")
    seen.at("cli.explain", "Pictures")
    seen.at("cli.photo_run", "on_cluster", lambda *_, **__: None)
    seen.at("inference.explained_photo", "explained_photo", lambda *_, **__: Image.new("RGB", (1, 1)))
    seen.at("organising.organise", "organise", lambda *_, **__: Summary())
    seen.at("organising.undo", "undo_organise", lambda *_, **__: Undone())
    seen.at("sources.transfer", "convert_files", lambda *_, **__: module.spec.bundle)
    seen.at("training.finetune", "finetune", lambda *_, **__: [evaluation()])
    seen.at("training.from_scratch", "train_from_scratch", lambda *_, **__: [evaluation()])
    seen.at("evaluation.measurement", "pick_split")
    seen.at("evaluation.measurement", "evaluate_split", evaluation)
    seen.at("evaluation.measurement", "page", lambda *_, **__: "a page")
    seen.at("evaluation.calibrate", "calibrate", lambda *_, **__: CALIBRATED)
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
    seen.at("server.listening", "listen", lambda *_, **__: [listener])
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
