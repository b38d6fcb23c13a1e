"""Tables loaded by Hugging Face `datasets`: silently, local ones without network and never outdated."""

import errno
import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DownloadError, FormatError, HandleError, OutputError
from ..sources.cache import default_cache
from ..sources.network import is_offline
from ..system.extras import missing
from .data_files import ACCEPTED, DataFiles

OPTIONS: dict[str, dict[str, Any]] = {
    "parquet": {},
    # A class may be called "NA" or "007"; pandas would read a missing value and a number.
    "csv": {"converters": {"path": str, "label": str}, "keep_default_na": False},
    "webdataset": {},
}


def load_local(data_files: DataFiles) -> Mapping[str, Any]:
    """The `datasets.Dataset` of each split of local data.

    Its Arrow copies go to a folder of the cache that is named by the path, size and modification time of
    every file; those of an earlier state of the same data are removed. Raises `FormatError` for data that
    cannot be read, `OutputError` where the copies cannot be written, `MissingExtraError` without `datasets`.
    """
    stamps: dict[str, list[Any]] = {
        split: [_stamp(file) for file in files] for split, files in data_files.files.items()
    }
    copies = _arrow_folder() / _key(data_files.format, str(data_files.path))
    current = copies / _key(repr(data_files.files), repr(stamps))
    with _quiet(offline=True) as datasets:
        from datasets.data_files import DataFilesList

        # Ready-made lists: as patterns, brackets in a folder's name would be taken for wildcards.
        files = {split: DataFilesList(names, stamps[split]) for split, names in data_files.files.items()}
        try:
            for earlier in copies.glob("*"):
                if earlier != current:
                    shutil.rmtree(earlier, ignore_errors=True)
            return datasets.load_dataset(
                data_files.format, data_files=files, cache_dir=str(current), **OPTIONS[data_files.format]
            )
        except Exception as error:  # of a dozen kinds, from five libraries
            cause = _cause(error)
            if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
                raise OutputError(
                    f"{current} cannot be written ({cause.strerror}); free space there, or name another "
                    "folder with INCEPTION_HUB_CACHE."
                ) from error
            paths = data_files.files
            where = next(iter(paths.values()))[0] if len(paths) == 1 else data_files.root
            raise FormatError(f"{where} cannot be read ({_reason(cause)}); give {ACCEPTED}.") from error


def load_hub(name: str) -> Mapping[str, Any]:
    """The `datasets.Dataset` of each split of the data set `name` on the hub.

    Raises `DownloadError` where it cannot be had or downloads are forbidden, `MissingExtraError` without
    `datasets`.
    """
    if is_offline():
        raise DownloadError(
            f"{name} is no local path, and INCEPTION_HUB_OFFLINE forbids to look for it on the hub; "
            "give a path, or unset the variable."
        )
    with _quiet(offline=False) as datasets:
        try:
            return datasets.load_dataset(name, cache_dir=str(_arrow_folder() / "hub"))
        except Exception as error:
            raise DownloadError(
                f"{name} is no local path, and the hub's data set of that name cannot be had "
                f"({_reason(_cause(error))}); give {ACCEPTED}."
            ) from error


@contextmanager
def _quiet(offline: bool) -> Iterator[Any]:
    """`datasets` without progress bars, warnings and usage counts; its settings are restored afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import datasets.config
        except ImportError as error:
            raise missing(
                "Reading Parquet, CSV, tar shards and hub names needs Hugging Face datasets",
                "train",
                ", or give a folder with a folder of photos per class",
            ) from error
        config: Any = datasets.config
        before = config.HF_HUB_OFFLINE, config.HF_UPDATE_DOWNLOAD_COUNTS
        verbosity, silent = datasets.logging.get_verbosity(), datasets.are_progress_bars_disabled()
        # By default it reports every use to a server, even of local files.
        config.HF_HUB_OFFLINE, config.HF_UPDATE_DOWNLOAD_COUNTS = offline or before[0], False
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        datasets.disable_progress_bars()
        try:
            yield datasets
        finally:
            config.HF_HUB_OFFLINE, config.HF_UPDATE_DOWNLOAD_COUNTS = before
            datasets.logging.set_verbosity(verbosity)
            if not silent:
                datasets.enable_progress_bars()


def _arrow_folder() -> Path:
    return default_cache().root / "datasets"


def _stamp(file: str) -> tuple[str, ...]:
    try:
        status = os.stat(file)
    except OSError as error:
        raise HandleError(f"{file} cannot be read ({error.strerror}); check its permissions.") from error
    return str(status.st_size), str(status.st_mtime_ns)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _cause(error: BaseException) -> BaseException:
    # `datasets` wraps what went wrong in "An error occurred while generating the dataset".
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else type(error).__name__
