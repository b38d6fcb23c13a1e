"""Shared by the tests of `resolve`: a loopback server of a folder, and archives like the original's."""

import functools
import http.server
import tarfile
import threading
from pathlib import Path

import numpy as np

from helpers.places import GOLDEN as GOLDEN
from helpers.tensorflow_writer import pack, write_hub_module, write_v1
from inception_hub import weights
from inception_hub.architecture import Architecture

HUB_ENTRY = "5de20d98872c8bf84bfe98da975eba4ff59fbacb"  # what TF-Hub 0.15 calls CLASSIFICATION on tfhub.dev


class Server:
    """The files of a folder over HTTP; `asked` lists the paths."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                super().do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
        )
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def unpacked(archive: Path, directory: Path) -> Path:
    """One of the archives of `made_originals` or of the golden ones, which are ours and safe."""
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory


def made_originals(folder: Path) -> Path:
    """Archives like the golden ones, of a thinner network with 1001 classes and what TensorFlow adds."""
    arrays = dict(weights.initialise(Architecture(0.01, 1001), 0))
    write_hub_module(folder / "hub", arrays | {"save_counter": np.array(1, np.int64)}, (224, 224))
    (folder / "slim").mkdir()
    write_v1(folder / "slim" / "inception_v2.ckpt", arrays | {"global_step": np.array(7, np.int64)})
    pack(folder / "hub", folder / "tf1_hub_module.tar.gz")
    pack(folder / "slim", folder / "slim_v1_checkpoint.tar.gz")
    return folder
