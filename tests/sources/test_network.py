"""`INCEPTION_HUB_OFFLINE` forbids the network, and nothing else does."""

from pathlib import Path

import pytest
from helpers.responder import Responder, sends

from inception_hub.errors import DownloadError
from inception_hub.sources.download import download
from inception_hub.sources.network import is_offline


@pytest.mark.parametrize("value", ["1", "yes", "true"])
def test_offline_no_socket_is_made(
    responder: Responder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", value)
    url = responder.url("/file", sends())
    with pytest.raises(
        DownloadError, match=f"INCEPTION_HUB_OFFLINE forbids the network, so {url} was not asked"
    ):
        download([url], tmp_path / "file")
    with pytest.raises(DownloadError, match=f"so {url} and {url} were not asked"):
        download([url, url], tmp_path / "file")
    assert not responder.asked and not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["", "0"])
def test_zero_and_nothing_do_not_forbid_the_network(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", value)
    assert not is_offline()
