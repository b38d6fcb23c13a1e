"""What to say where an optional library is missing: which extra of the package installs it, and how."""

import json
from contextlib import suppress
from urllib.parse import urlsplit

from ..errors import MissingExtraError

PACKAGE = "inception-hub"
WITH_PYTORCH = ("train", "timm", "executorch", "litert")  # extras


def missing(needs: str, extra: str, otherwise: str = "") -> MissingExtraError:
    """The error for a library of `extra`: `needs` says what needs which, `otherwise` what else would do."""
    return MissingExtraError(f"{needs}, which is not installed: {install_command(extra)}{otherwise}.")


def install_command(extra: str) -> str:
    """The command that installs `extra` from where the package itself came from.

    It keeps the PyTorch that is there: pip might replace one for CPUs by gigabytes of one for GPUs.
    """
    from importlib.metadata import PackageNotFoundError, version  # a tenth of the time that `--help` takes

    command = f"pip install '{_source()}[{extra}]'"
    with suppress(PackageNotFoundError):
        if extra in WITH_PYTORCH:
            command += f" torch=={version('torch')}"
    return command


def _source() -> str:
    """The checkout's folder where the package was installed from one, else its name."""
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.request import url2pathname  # takes as long to import as all the rest that a command needs

    try:
        # The record of PEP 610 is there only if the package did not come from an index.
        record = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
        url = urlsplit(record.get("url", ""))
    except (PackageNotFoundError, ValueError, AttributeError):
        return PACKAGE
    return url2pathname(url.path) if url.scheme == "file" and "dir_info" in record else PACKAGE
