"""Small modules to put into a cache, whole or damaged, by this process or another."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from helpers.places import SOURCE, TESTS
from inception_hub import bundle, weights
from inception_hub.architecture import Architecture
from inception_hub.bundle import Bundle, Provenance
from inception_hub.labels import Labels
from inception_hub.sources.cache import Cache as Cache
from inception_hub.sources.keys import text_key

KEY = text_key("a module")


def small_bundle(name: str = "small") -> Bundle:
    architecture = Architecture(0.01, 3)
    labels = Labels(("cat", "dog", "owl"), (None,) * 3)
    return Bundle(name, architecture, weights.initialise(architecture, 0), labels, Provenance("a test"))


def writes(name: str = "small") -> Callable[[Path], None]:
    return lambda directory: bundle.write(small_bundle(name), directory)


def shorten_weights(path: Path) -> None:
    os.truncate(path / bundle.WEIGHTS, 100)


def run(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A Python process that imports this package and has `code` read `sys.argv[1:]`."""
    paths = [str(SOURCE.parent), str(TESTS)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
