"""wandb, mlflow and trackio themselves, offline: what they keep of runs, and what their failures cost."""

import json
import os
import pty
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers import tracked_runs
from helpers.colour_photos import write_colour_photos
from helpers.places import ROOT
from helpers.tracked_runs import Kept
from helpers.written_rows import small_files

from inception_hub.errors import ArgumentError, OutputError, TrainingError
from inception_hub.evaluation import Epoch, Score
from inception_hub.training.tracking import Tracking

pytestmark = [pytest.mark.trackers, pytest.mark.filterwarnings("default")]
ALL = ("wandb", "mlflow", "trackio")
HOSTILE = "m <b>'\"\x1b[31m"  # the name of a module, and of a class
# Every look-up and connection of the process, whatever library makes it, fails and is told at the end.
PROGRAM = """
import json, os, sys

seen = []

def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        if isinstance(address, (str, bytes)) and event == "socket.connect":  # a socket's file
            return
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("127.0.0.1", "localhost", "::1"):
            seen.append(f"{event} {address}")
            raise OSError("there is no network in this test")

sys.addaudithook(watch)
from dataclasses import asdict
import inception_hub as hub
from inception_hub.training import loop
from inception_hub.training.listener import RunListener

loop.SAVE_EVERY = 0.0

class Recorder(RunListener):
    epochs, notes = [], []
    def note(self, message):
        self.notes.append(message)
    def epoch(self, epoch):
        self.epochs.append(asdict(epoch))
        if epoch.epoch == int(sys.argv[3]):
            raise KeyboardInterrupt

made = []
try:
    made = hub.finetune(
        sys.argv[1], sys.argv[2], sys.argv[4], epochs=3, image_size=32, precision="f32", patience=0,
        log_with=["wandb", "mlflow", "trackio", "wandb"], listener=Recorder(),
    )
except KeyboardInterrupt:
    pass
figures = [[each.data, each.top1, each.ece] for each in made]
print(json.dumps({"epochs": Recorder.epochs, "notes": Recorder.notes, "figures": figures, "seen": seen}))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which all trackers keep their runs; they read these variables once in a process."""
    folder = tmp_path_factory.mktemp("trackers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_DIR", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.setenv("TRACKIO_DIR", str(folder / "trackio"))
        yield folder


def kept(name: str, place: Path) -> list[Kept]:
    return tracked_runs.of_wandb(place) if name == "wandb" else getattr(tracked_runs, f"of_{name}")()


def finetune(photos: Path, output: Path, module: Path, interrupted_at: int) -> dict[str, Any]:
    """What `PROGRAM` says in a process of its own, which writes nothing else and asks nobody.

    wandb's own process, of which Python sees nothing, would go to the proxy that stands in its environment.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_TOKEN": "hf_token"}
    for name in ("PYTEST_CURRENT_TEST", "CI", "GITHUB_ACTIONS"):  # in which mlflow reports nothing anyway
        environment.pop(name, None)
    command = [sys.executable, "-c", PROGRAM, photos, output, str(interrupted_at), module]
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        threading.Thread(target=turn_away, args=(proxy, came), daemon=True).start()
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        environment |= {"HTTP_PROXY": address, "HTTPS_PROXY": address}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=output.parent, timeout=300
        )
        proxy.shutdown(socket.SHUT_RDWR)
    assert came == []
    assert done.returncode == 0 and done.stderr == "", done.stderr[-4000:]
    said = json.loads(done.stdout)
    assert said["seen"] == []
    return said


def turn_away(proxy: socket.socket, came: list[object]) -> None:
    """Closes every connection to `proxy`, and notes where it came from."""
    with suppress(OSError):  # it is shut down
        while True:
            visitor, address = proxy.accept()
            came.append(address)
            visitor.close()


def expected(epochs: list[dict[str, Any]], figures: list[list[Any]]) -> dict[str, list[tuple[int, float]]]:
    """The scalars of a run that went through `epochs` and made a module with these `figures`."""
    names = {
        "loss/train": lambda epoch: epoch["train_loss"],
        "loss/validation": lambda epoch: epoch["validation"]["loss"],
        "top-1/validation": lambda epoch: epoch["validation"]["top1"],
        "learning rate": lambda epoch: epoch["learning_rate"],
        "images per second": lambda epoch: epoch["images_per_second"],
        "share waiting for data": lambda epoch: epoch["waiting"],
    }
    scalars = {name: [(epoch["epoch"], value(epoch)) for epoch in epochs] for name, value in names.items()}
    for _, top1, ece in figures:
        scalars |= {"module top-1/validation": [(3, top1)], "module ECE/validation": [(3, ece)]}
    return scalars


def test_all_at_once_keep_what_the_report_says_through_an_interruption(
    place: Path, small_module: Path, tmp_path: Path
) -> None:
    photos, output = write_colour_photos(tmp_path / "photos"), tmp_path / HOSTILE
    (photos / "red").rename(photos / HOSTILE)
    first = finetune(photos, output, small_module, 2)
    assert [line.split(":")[0] for line in first["notes"] if line.startswith("Logging")] == [
        f"Logging with {name}" for name in ALL
    ]
    killed = {name: kept(name, place) for name in ALL}
    assert {name: runs[0].status for name, runs in killed.items()} == {
        "wandb": "255", "mlflow": "KILLED", "trackio": None,
    }  # fmt: skip
    second = finetune(photos, output, small_module, 0)
    assert "Continuing at epoch 3 of 3." in second["notes"]
    epochs = first["epochs"] + second["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
    accuracy = json.loads((output / "module.json").read_text())["accuracy"]
    assert [[each["top1"], each["ece"]] for each in accuracy] == [figure[1:] for figure in second["figures"]]
    for name in ALL:
        runs = kept(name, place)
        scalars: dict[str, list[tuple[int, float]]] = {}
        for run in runs:  # wandb's parts are files of their own offline
            assert run.identity == killed[name][0].identity
            assert run.name.startswith("m <b>'\"\\x1b[31m")
            assert run.settings["data"] == "photos" and str(run.settings["image-size"]) == "32"
            assert (str(run.settings["patience"]), str(run.settings["recipe.patience"])) == ("0", "None")
            assert str(run.settings["recipe.cycles.0.learning_rate"]) == "0.0005"
            for scalar, values in run.scalars.items():
                scalars.setdefault(scalar, []).extend(values)
        assert len(runs) == (2 if name == "wandb" else 1)
        assert runs[-1].status == {"wandb": "0", "mlflow": "FINISHED", "trackio": None}[name]
        assert scalars == expected(epochs, second["figures"]), name
    assert not (tmp_path / f"{HOSTILE}.run" / "trackers.json").exists()


EPOCH = Epoch("training", 1, 1.5, Score(1.4, 0.5, 10), 1e-3, 100.0, 0.25)


def begun(name: str, folder: Path, notes: list[str], called: str = "run") -> Tracking:
    tracking = Tracking([name], notes.append)
    tracking.begin(called, {"--seed": 1, "none": None}, folder / "trackers.json", False)
    return tracking


@pytest.mark.parametrize("name", ALL)
def test_a_run_that_fails_is_shown_as_such(name: str, place: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    with pytest.raises(TrainingError), begun(name, tmp_path, notes, f"failing {name}") as tracking:
        tracking.epoch(EPOCH)
        raise TrainingError("The loss became nan.")
    (run,) = [run for run in kept(name, place) if run.name.startswith(f"failing {name}")]
    assert run.status == {"wandb": "1", "mlflow": "FAILED", "trackio": None}[name]
    assert run.scalars["loss/train"] == [(1, 1.5)] and len(notes) == 1


def test_a_full_disk_costs_the_figures_only(place: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    tracking = begun("mlflow", tmp_path, notes)
    with tracking, small_files():
        tracking.epoch(EPOCH)
        tracking.epoch(EPOCH)
    assert notes[1:] == [
        "mlflow failed (disk I/O error): its run is incomplete from here on; nothing else is lost."
    ]
    notes.clear()
    tracking = begun("trackio", tmp_path, notes)
    with warnings.catch_warnings(record=True) as caught, small_files(), tracking:
        tracking.epoch(EPOCH)  # trackio's own thread warns
    (said,) = [*notes[1:], *(str(each.message) for each in caught)]
    assert "trackio failed to flush metric logs for run 'run-" in said and "disk I/O error" in said


def test_a_process_of_wandb_that_is_killed_costs_the_figures_only(place: Path, tmp_path: Path) -> None:
    code = """
import os, psutil
from pathlib import Path
from inception_hub.evaluation import Epoch
from inception_hub.training.tracking import Tracking
with Tracking(["wandb"], print) as tracking:
    tracking.begin("run", {}, Path("trackers.json"), False)
    for child in psutil.Process().children(recursive=True):
        child.kill()
        child.wait()
    for step in range(1, 100):
        tracking.epoch(Epoch("training", step, 1.5, None, 1e-3, 100.0, 0.25))
print("done", flush=True)
os._exit(0)  # what wandb does at the end cannot work
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("WANDB_SERVICE", None)  # the process of the tests' own runs
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    _, note, last = done.stdout.splitlines()
    assert note.startswith("wandb failed (") and note.endswith("nothing else is lost.") and last == "done"


def test_a_place_that_cannot_be_written_is_told_before_the_run(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(
        OutputError, match=r"^mlflow cannot begin a run \(\[Errno 17\] File exists: .* or leave"
    ):
        begun("mlflow", tmp_path, [])


def test_a_run_that_is_gone_says_how_to_begin_another(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "trackers.json"
    file.write_text('{"mlflow": "0123456789abcdef"}')
    with pytest.raises(
        OutputError, match=f"0123456789abcdef.*, or remove {file} to begin a new run there, or"
    ):
        Tracking(["mlflow"], print).begin("run", {}, file, True)


def test_what_would_send_runs_is_refused_where_the_network_is_forbidden(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:secret@example.org/mlflow")
    monkeypatch.setenv("TRACKIO_SERVER_URL", "https://example.org/?write_token=secret")
    with pytest.raises(
        ArgumentError, match="^mlflow is set up to log to https://example.org, and INCEPTION_HUB"
    ):
        Tracking(["mlflow"], print)
    with pytest.raises(
        ArgumentError, match="^trackio is set up to log to example.org, and INCEPTION_HUB_OFFLINE"
    ):
        Tracking(["trackio"], print)
    assert Tracking(["wandb"], print) is not None  # offline anyway


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "wandb has no API key here; log in with wandb login (or set WANDB_API_KEY), or set WANDB_MODE="),
        ({"WANDB_API_KEY": "short"}, "wandb is not ready (API key must have "),
        (
            {"WANDB_API_KEY": "0" * 40, "INCEPTION_HUB_OFFLINE": "1"},
            "wandb is set up to log to https://",
        ),
    ],
)
def test_wandb_never_asks_on_a_terminal(
    place: Path, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(tmp_path), **variables}
    del environment["WANDB_MODE"]
    command = [sys.executable, "-m", "inception_hub", "finetune", "gone", "--output", "made"]
    done = subprocess.run(
        [*command, "--log-with", "wandb"],
        stdin=follower, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=100,
    )  # fmt: skip
    os.close(leader)
    os.close(follower)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"inception-hub: {said}") and done.stderr.count("\n") == 1
    assert not (tmp_path / "made.run").exists()
