"""Modules in the cache of `kagglehub`, which keeps what it downloads of Kaggle's models; without its code.

`kagglehub://owner/model/framework/variation`, with or without `/version`, names one: Kaggle took over the
models of tfhub.dev. Its cache is `KAGGLEHUB_CACHE`, else `~/.cache/kagglehub`: a version is the folder
`models/owner/model/framework/variation/version`, with an empty file `version.complete` beside it once it is
whole.
"""

import os
import re
from pathlib import Path

from ..bundle import Provenance
from ..errors import HandleError
from ..system.home import at_home
from .build import build_module
from .cache import find_or_make
from .keys import text_key

SCHEME = "kagglehub://"
PART = r"[\w-][\w.-]*"  # never "." or ".."
HANDLE = re.compile(rf"{SCHEME}({PART}/({PART})/{PART}/{PART})(?:/(\d{{1,9}}))?/?", re.ASCII)


def convert_cached(handle: str) -> Path:
    """The module directory made of a version in kagglehub's cache: the newest one if `handle` names none.

    It is made once for each version. Raises `HandleError` for a handle of another form or a model that is not
    in the cache, and what `build_module` raises.
    """
    match = HANDLE.fullmatch(handle)
    if not match:
        raise HandleError(
            f"{handle[:200]!r} names no model; give kagglehub://owner/model/framework/variation, with or "
            "without /version."
        )
    path, model, wanted = match.groups()
    versions = _cache() / "models" / path
    version = wanted or _newest(versions)
    if not version or not _is_whole(versions, version):
        name = path if wanted is None else f"{path}/{wanted}"
        raise HandleError(
            f"{handle[:200]} is not in kagglehub's cache, {_cache()}; fetch it there by "
            f"kagglehub.model_download({name!r}), or point KAGGLEHUB_CACHE to where it is."
        )
    source = f"{SCHEME}{path}/{version}"

    def make(directory: Path) -> None:
        build_module(versions / version, directory, model, Provenance(source))

    return find_or_make(text_key(source), make)


def _cache() -> Path:
    return Path(os.environ.get("KAGGLEHUB_CACHE", at_home("~/.cache/kagglehub")))


def _newest(versions: Path) -> str | None:
    try:
        names = [entry.name for entry in versions.iterdir() if re.fullmatch(r"\d{1,9}", entry.name, re.ASCII)]
    except OSError:
        return None
    return max((name for name in names if _is_whole(versions, name)), key=int, default=None)


def _is_whole(versions: Path, version: str) -> bool:
    return (versions / version).is_dir() and (versions / f"{version}.complete").exists()
