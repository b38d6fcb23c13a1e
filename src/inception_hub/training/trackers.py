"""Runs in experiment trackers, through accelerate: what differs between wandb, mlflow and trackio."""

# pyright: reportMissingImports=false

import os
from collections.abc import Mapping
from secrets import token_hex
from typing import Literal, Protocol, Self
from urllib.parse import urlsplit

from accelerate.tracking import MLflowTracker, TrackioTracker, WandBTracker

from ..errors import ArgumentError

PROJECT = "inception-hub"  # also mlflow's experiment; WANDB_PROJECT, MLFLOW_EXPERIMENT_NAME name another

Status = Literal["finished", "failed", "killed"]
Config = Mapping[str, str | int | float | bool | None]


class TrackedRun(Protocol):
    """A run in a tracker, and what is asked before there is one."""

    @staticmethod
    def host() -> str | None:
        """Where the tracker is set up to send runs; None: they stay in files of this machine."""
        ...

    @staticmethod
    def check() -> None:
        """Raises `ArgumentError` where `begin` would ask for something on the terminal."""
        ...

    @classmethod
    def begin(cls, name: str, config: Config, run: str | None) -> Self:
        """A new run called `name`, or that which `run` identifies, continued."""
        ...

    @property
    def identity(self) -> str:
        """What identifies the run in its tracker, for `begin`."""
        ...

    @property
    def place(self) -> str:
        """Where people find the run."""
        ...

    def log(self, values: dict[str, float], step: int | None = None) -> None:
        """Writes the scalars `values` of an epoch, `step`."""
        ...

    def end(self, status: Status) -> None:
        """Ends the run; `status` is told to trackers that know one."""
        ...


class Wandb(WandBTracker):
    """A run of Weights & Biases, without the terminal's text; offline in `wandb/` in the current folder."""

    @staticmethod
    def host() -> str | None:
        import wandb

        settings = wandb.setup().settings
        return None if settings.mode in ("offline", "dryrun", "disabled") else settings.base_url

    @staticmethod
    def check() -> None:
        import wandb

        if Wandb.host() is not None and not wandb.login(prompt=False, verify=False):
            raise ArgumentError(
                "wandb has no API key here; log in with wandb login (or set WANDB_API_KEY), or set "
                "WANDB_MODE=offline to keep runs on this machine."
            )

    @classmethod
    def begin(cls, name: str, config: Config, run: str | None) -> Self:
        import wandb

        begun = cls(
            os.environ.get("WANDB_PROJECT", PROJECT),
            name=name,
            id=run or os.environ.get("WANDB_RUN_ID") or token_hex(4),
            resume="allow" if run else None,
            config=dict(config),
            settings=wandb.Settings(silent=True, console="off"),
        )
        begun.start()
        return begun

    @property
    def identity(self) -> str:
        return self.tracker.id

    @property
    def place(self) -> str:
        if self.tracker.disabled:
            return "nowhere, as WANDB_MODE is disabled"
        return self.tracker.url if Wandb.host() else os.path.dirname(self.tracker.dir)

    def end(self, status: Status) -> None:
        self.tracker.finish({"finished": 0, "failed": 1, "killed": 255}[status])


class MLflow(MLflowTracker):
    """A run of MLflow; by default in `mlflow.db` in the current folder."""

    @staticmethod
    def host() -> str | None:
        import mlflow

        uri = urlsplit(mlflow.get_tracking_uri())
        is_file = len(uri.scheme) < 2 or uri.scheme in ("file", "sqlite")  # a letter is a drive
        return None if is_file else f"{uri.scheme}://{uri.hostname or ''}"  # without user and password

    @staticmethod
    def check() -> None: ...

    @classmethod
    def begin(cls, name: str, config: Config, run: str | None) -> Self:
        begun = cls(PROJECT, run_name=name, run_id=run)
        begun.start()
        if run is None:
            begun.store_init_configuration(dict(config))
        return begun

    @property
    def identity(self) -> str:
        return self.tracker.info.run_id

    @property
    def place(self) -> str:
        import mlflow

        return MLflow.host() or mlflow.get_tracking_uri()

    def end(self, status: Status) -> None:
        import mlflow

        mlflow.end_run(status.upper())


class Trackio(TrackioTracker):
    """A run of trackio, which knows no status; by default in the user's cache folder."""

    @staticmethod
    def host() -> str | None:
        url = os.environ.get("TRACKIO_SERVER_URL")
        space = os.environ.get("TRACKIO_SPACE_ID")
        return space or (url and urlsplit(url).hostname)  # without the token that may stand in it

    @staticmethod
    def check() -> None: ...

    @classmethod
    def begin(cls, name: str, config: Config, run: str | None) -> Self:
        from huggingface_hub import constants

        # A run is continued by its name, so no two have the same.
        begun = cls(PROJECT, name=run or f"{name}-{token_hex(4)}", resume="allow", config=dict(config))
        before = constants.HF_HUB_OFFLINE
        constants.HF_HUB_OFFLINE = before or Trackio.host() is None  # or it asks the hub for the user's name
        try:
            begun.start()
        finally:
            constants.HF_HUB_OFFLINE = before
        return begun

    @property
    def identity(self) -> str:
        return self.tracker.name

    @property
    def place(self) -> str:
        return Trackio.host() or f"trackio show --project {PROJECT}"

    def end(self, status: Status) -> None:
        import trackio

        trackio.finish()


KINDS: dict[str, type[TrackedRun]] = {"wandb": Wandb, "mlflow": MLflow, "trackio": Trackio}
