"""The listener for trackers: what it asks beforehand, and that their failures cost nothing else.

With a tracker of this file's own; the others themselves: test_trackers.py.
"""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from inception_hub.errors import ArgumentError, MissingExtraError, OutputError
from inception_hub.evaluation import Epoch
from inception_hub.training import trackers
from inception_hub.training.tracking import LONGEST_NAME, Tracking


class Own:
    """A tracker that notes what it is told, and fails where it is told to."""

    told: list[Any] = []
    failing = ""

    def __init__(self, name: str, settings: Any, run: str | None) -> None:
        self.identity, self.place = run or "new", "here"
        self._tell("begin", name, dict(settings), run)

    @classmethod
    def _tell(cls, what: str, *values: Any) -> None:
        print("what trackers print")
        cls.told.append((what, *values))
        if cls.failing == what:
            try:
                raise OSError("no space\x1b[31m\nleft.")
            except OSError as error:
                raise RuntimeError("page after page") from error

    @staticmethod
    def host() -> str | None:
        return "https://example.org" if Own.failing == "host" else None

    @staticmethod
    def check() -> None:
        Own._tell("check")

    begin = classmethod(lambda cls, name, settings, run: cls(name, settings, run))

    def log(self, values: dict[str, float], step: int | None = None) -> None:
        warnings.warn("slow\x1b[31m", stacklevel=2)
        warnings.warn("old", DeprecationWarning, stacklevel=2)
        self._tell("log", values["loss/train"], step)

    def end(self, status: str) -> None:
        self._tell("end", status)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> type[Own]:
    """`Own` in wandb's place."""
    library = ModuleType("wandb")
    library.__file__ = "wandb.py"
    monkeypatch.setitem(sys.modules, "wandb", library)
    monkeypatch.setitem(trackers.KINDS, "wandb", Own)
    monkeypatch.setattr(Own, "told", [])
    monkeypatch.setattr(Own, "failing", "")
    for name in ("WANDB_ERROR_REPORTING", "MLFLOW_DISABLE_TELEMETRY", "MLFLOW_LOGGING_LEVEL"):
        monkeypatch.setenv(name, "as the user has it")  # and as it is again after the test
    return Own


def epoch(number: int) -> Epoch:
    return Epoch("training", number, 1 / number, None, 1e-3, 100.0, 0.25)


pytestmark = pytest.mark.filterwarnings("default")


def test_nothing_is_loaded_where_no_tracker_is_asked_for(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from inception_hub.training.tracking import Tracking
with Tracking([], print) as tracking:
    tracking.begin("run", {}, Path("trackers.json"), False)
print({"accelerate", "wandb", "mlflow", "trackio"} & sys.modules.keys(), list(Path().iterdir()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout == "set() []\n"


def test_an_unknown_tracker_names_the_known_ones() -> None:
    with pytest.raises(
        ArgumentError, match=r"^--log-with \(log_with=\) is 'tensorboard'; give one of wandb, ml"
    ):
        Tracking(["tensorboard"], print)


@pytest.mark.parametrize("name", ["wandb", "mlflow", "trackio"])
def test_a_missing_one_is_named_with_its_extra(
    name: str, own: type[Own], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = rf"^Logging with {name} needs {name}, which is not installed: pip install '.*\[{name}\]'\.$"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=said):
        Tracking([name], print)
    monkeypatch.setitem(sys.modules, name, ModuleType(name))  # as of a folder that wandb has written
    sys.modules[name].__file__ = None
    with pytest.raises(MissingExtraError, match=said):
        Tracking([name], print)


def test_a_run_from_begin_to_end(own: type[Own], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes: list[str] = []
    name, file = "m\x1b[31m\udcff" + "x" * 300, tmp_path / "trackers.json"
    with Tracking(["wandb", "wandb"], notes.append) as tracking:
        tracking.begin(name, {"--seed": 1}, file, False)
        tracking.epoch(epoch(1))
    shown = r"m\x1b[31m\udcff"
    assert own.told == [
        ("check",),
        ("begin", shown + "x" * (LONGEST_NAME - len(shown)), {"--seed": 1}, None),
        ("log", 1.0, 1),
        ("end", "finished"),
    ]
    assert notes == ["Logging with wandb: here", r"wandb: slow\x1b[31m"]
    assert json.loads(file.read_text()) == {"wandb": "new"}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("kept", "resume", "run"),
    [
        ('{"wandb": "old"}', True, "old"),
        ('{"wandb": "old"}', False, None),
        ("damaged", True, None),
        ("1", True, None),
        ('{"wandb": 5}', True, None),
        ("[" * 100_000, True, None),
    ],
)
def test_a_resumed_run_continues_the_run_that_was_kept(
    own: type[Own], tmp_path: Path, kept: str, resume: bool, run: str | None
) -> None:
    file = tmp_path / "trackers.json"
    file.write_text(kept)
    Tracking(["wandb"], print).begin("m", {}, file, resume)
    assert own.told[-1] == ("begin", "m", {}, run)
    assert json.loads(file.read_text()) == {"wandb": run or "new"}


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "killed"), (ValueError, "failed")])
def test_how_a_run_ended_is_told(own: type[Own], tmp_path: Path, error: type[Exception], status: str) -> None:
    with pytest.raises(error), Tracking(["wandb"], print) as tracking:
        tracking.begin("m", {}, tmp_path / "trackers.json", False)
        raise error
    assert own.told[-1] == ("end", status)


def test_a_failure_costs_the_figures_only(
    own: type[Own], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    sentence = (
        r"wandb failed (no space\x1b[31m left): its run is incomplete from here on; nothing else is lost."
    )
    with Tracking(["wandb"], notes.append) as tracking:
        tracking.begin("m", {}, tmp_path / "trackers.json", False)
        monkeypatch.setattr(own, "failing", "log")
        tracking.epoch(epoch(1))
        tracking.epoch(epoch(2))
        assert notes[1:] == [sentence]
        monkeypatch.setattr(own, "failing", "end")
    assert notes[1:] == [sentence], "once"
    assert [each[0] for each in own.told] == ["check", "begin", "log", "end"]


def test_what_stands_in_the_way_is_told_beforehand(
    own: type[Own], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trackers.json"
    monkeypatch.setattr(own, "failing", "check")
    with pytest.raises(
        ArgumentError, match=r"^wandb is not ready \(no space\\x1b\[31m left\); set it up, or leave"
    ):
        Tracking(["wandb"], print)
    monkeypatch.setattr(own, "failing", "begin")
    with pytest.raises(
        OutputError, match=r"^wandb cannot begin a run \(no .* left\); set it up so that it can, or"
    ):
        Tracking(["wandb"], print).begin("m", {}, file, True)
    assert not file.exists()
    file.write_text('{"wandb": "old"}')
    with pytest.raises(
        OutputError, match=f"so that it can, or remove {file} to begin a new run there, or leave"
    ):
        Tracking(["wandb"], print).begin("m", {}, file, True)


def test_a_host_is_refused_where_the_network_is_forbidden(
    own: type[Own], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "failing", "host")
    Tracking(["wandb"], print)
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    with pytest.raises(
        ArgumentError, match="^wandb is set up to log to https://example.org, and INCEPTION_HUB_OFF"
    ):
        Tracking(["wandb"], print)


def test_trackers_report_nothing_by_themselves(own: type[Own], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "true")
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY")
    Tracking(["wandb"], print)
    assert (os.environ["WANDB_ERROR_REPORTING"], os.environ["MLFLOW_DISABLE_TELEMETRY"]) == ("true", "true")
