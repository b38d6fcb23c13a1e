"""Data sets of the Hugging Face hub, loaded by its `datasets`: silently, and only where asked for."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DownloadError
from ..sources.cache import default_cache
from ..sources.network import is_offline
from ..system.extras import missing
from .arrow import reason
from .data_files import ACCEPTED, FORMATS

NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(:[\w.-]+)?")  # owner, name, and perhaps a configuration
CONFIGURATIONS = re.compile(r"among the available configs: \[(.*?)\]", re.DOTALL)


def hub_name(data: str | Path) -> str | None:
    """`owner/name`, perhaps with `:configuration`, if `data` is one or `hf://` and one; None for a path."""
    text = str(data)
    if isinstance(data, str) and text.startswith("hf://"):
        return text.removeprefix("hf://").removeprefix("datasets/").strip("/")
    is_name = isinstance(data, str) and NAME.fullmatch(text) and Path(text).suffix not in FORMATS
    return text if is_name and not Path(text).exists() else None


def load_hub(name: str) -> Mapping[str, Any]:
    """The `datasets.Dataset` of each split of the data set `name` on the hub, a configuration after a colon.

    Raises `DownloadError` where it cannot be had or downloads are forbidden, `MissingExtraError` without
    `datasets`.
    """
    if is_offline():
        raise DownloadError(
            f"{name} is no local path, and INCEPTION_HUB_OFFLINE forbids to look for it on the hub; "
            "give a path, or unset the variable."
        )
    repository, _, configuration = name.partition(":")
    with _quiet() as datasets:
        try:
            cache = str(default_cache().root / "datasets" / "hub")
            return datasets.load_dataset(repository, configuration or None, cache_dir=cache)
        except Exception as error:  # of a dozen kinds, from five libraries
            cause = _innermost(error)
            if choices := CONFIGURATIONS.search(str(error)):
                names = re.findall(r"'([^']+)'", choices[1])
                raise DownloadError(
                    f"{repository} has several configurations ({', '.join(names)}); give one, such as "
                    f"{repository}:{names[0] if names else 'default'}."
                ) from error
            raise DownloadError(
                f"{name} is no local path, and the hub's data set of that name cannot be had "
                f"({cause}); give {ACCEPTED}."
            ) from error


@contextmanager
def _quiet() -> Iterator[Any]:
    """`datasets` without progress bars, warnings and usage counts; its settings are restored afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import datasets.config
        except ImportError as error:
            raise missing(
                "A data set of the hub needs Hugging Face datasets", "train", ", or give a path"
            ) from error
        config: Any = datasets.config
        before = config.HF_UPDATE_DOWNLOAD_COUNTS
        verbosity, silent = datasets.logging.get_verbosity(), datasets.are_progress_bars_disabled()
        config.HF_UPDATE_DOWNLOAD_COUNTS = False  # by default it reports every use to a server
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        datasets.disable_progress_bars()
        try:
            yield datasets
        finally:
            config.HF_UPDATE_DOWNLOAD_COUNTS = before
            datasets.logging.set_verbosity(verbosity)
            if not silent:
                datasets.enable_progress_bars()


def _innermost(error: BaseException) -> str:
    """The reason of the error that led to `error`."""
    while error.__cause__ is not None:  # "An error occurred while generating the dataset" and the like
        error = error.__cause__
    return reason(error)
