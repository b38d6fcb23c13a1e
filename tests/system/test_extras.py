"""The command that installs what is missing."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from inception_hub.system import extras


class Distribution:
    """One that was installed with this record of PEP 610, or without one."""

    def __init__(self, record: str | None) -> None:
        self._record = record

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self._record


@pytest.mark.parametrize(
    ("record", "source"),
    [
        (None, "inception-hub"),
        (
            json.dumps({"url": "file:///home/anna/my%20hub", "dir_info": {"editable": True}}),
            "/home/anna/my hub",
        ),
        (
            json.dumps({"url": "file:///home/anna/inception_hub-0.1.0.whl", "archive_info": {}}),
            "inception-hub",
        ),
        (json.dumps({"url": "https://a.example/hub.git", "vcs_info": {}}), "inception-hub"),
        ("{damaged", "inception-hub"),
        ("[]", "inception-hub"),
    ],
    ids=["index", "checkout", "wheel", "git", "damaged", "a list"],
)
def test_an_extra_comes_from_where_the_package_came(
    record: str | None, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution(record))
    assert extras.install_command("serve") == f"pip install '{source}[serve]'"


def test_pytorch_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version("torch")
    for extra in ("train", "timm"):
        assert extras.install_command(extra).endswith(f"[{extra}]' torch=={version}")

    def nowhere(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", nowhere)
    assert extras.install_command("train").endswith("[train]'")


def test_this_checkout_is_found() -> None:
    root = Path(__file__).resolve().parents[2]
    assert Path(extras._source()) == root or extras._source() == "inception-hub"


def test_the_sentence() -> None:
    error = extras.missing("Parquet needs pyarrow", "parquet", ", or write JSON lines")
    assert str(error).startswith("Parquet needs pyarrow, which is not installed: pip install '")
    assert str(error).endswith("[parquet]', or write JSON lines.")
