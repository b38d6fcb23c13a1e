"""Pulls modules from the Hugging Face Hub and pushes them there, with the token and cache of its library.

A repository holds a module directory as it is; `hf://owner/name` or `hf://owner/name@revision` names it.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import bundle as bundles
from ..bundle import MANIFEST, Bundle
from ..errors import (
    DownloadError,
    FormatError,
    HandleError,
    InceptionHubError,
    OutputError,
)
from ..system.extras import missing
from .network import MAX_BYTES, OFFLINE, is_offline

HANDLE = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?/?", re.ASCII)


def pull(handle: str, directory: Path) -> None:
    """Makes `directory` of the files that the repository's `module.json` names, all of one commit, verified.

    Raises `HandleError` for a handle that leads to no module, its subclass `DownloadError` without a network,
    `FormatError` for files that are not as `module.json` describes them, `MissingExtraError`.
    """
    match = HANDLE.fullmatch(handle)
    if not match:
        raise HandleError(
            f"{handle!r} names no repository; give hf://owner/name or hf://owner/name@revision."
        )
    repository, revision = match.groups()
    with _library_asked_about(handle):
        from huggingface_hub import hf_hub_download

        first = Path(hf_hub_download(repository, MANIFEST, revision=revision))
        commit = first.parent.name  # of the library's cache: snapshots/<commit>/
        files = bundles.read_manifest(first.parent)["files"]
        if sum(file["size"] for file in files.values()) > MAX_BYTES:
            raise FormatError(
                f"{handle} is larger than {MAX_BYTES >> 30} GiB; give a module of Inception V2."
            )
        directory.mkdir()
        for name in (*files, MANIFEST):
            downloaded = hf_hub_download(repository, name, revision=commit)
            shutil.copyfile(downloaded, directory / name)
    bundles.verify(directory)


def push_bundle(bundle: Bundle, repository: str, *, private: bool = False) -> str:
    """Uploads a module directory to `owner/name`; returns the page's URL.

    The repository is made if it is missing, private if asked. Raises `HandleError` for a malformed name or a
    token that may not write there, `OutputError` if it is to be private and is there already, public;
    `DownloadError` without a network; `MissingExtraError`.
    """
    import tempfile  # takes longer to import than all the rest of this file

    with _library_asked_about(repository), tempfile.TemporaryDirectory() as temporary:
        from huggingface_hub import HfApi

        folder = Path(temporary) / "module"
        bundles.write(bundle, folder)
        api = HfApi(library_name="inception-hub")
        url = api.create_repo(repository, private=private, exist_ok=True)
        if private and not api.model_info(repository).private:
            raise OutputError(
                f"{repository} is there already and is public; make it private on its page first."
            )
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message=bundle.name)
        return str(url)


@contextmanager
def _library_asked_about(name: str) -> Iterator[None]:
    """Lets the block use `huggingface_hub`, whose errors become one sentence about `name`.

    Keeps the library off the network where `INCEPTION_HUB_OFFLINE` forbids it. Raises `MissingExtraError`.
    """
    try:
        from huggingface_hub import constants
    except ImportError as error:
        raise missing(f"{name} needs huggingface_hub", "hub") from error
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or is_offline()
    try:
        yield
    except InceptionHubError:
        raise
    except Exception as error:
        raise _explained(error, name) from error
    finally:
        constants.HF_HUB_OFFLINE = before


def _explained(error: Exception, name: str) -> HandleError:
    """The error of ours for one of the library's, from the special to the general."""
    from huggingface_hub import errors

    match error:
        case errors.HFValidationError():
            return HandleError(f"{name} is no name of a repository; give one like owner/name.")
        case errors.GatedRepoError() | errors.DisabledRepoError():
            return HandleError(f"{name} is closed to this token; ask for access on its page on the hub.")
        case errors.RepositoryNotFoundError():
            return HandleError(
                f"{name} is not on the hub, or is private; check the name, and log in with hf auth login or "
                "set HF_TOKEN."
            )
        case errors.RevisionNotFoundError():
            return HandleError(f"{name} has no such revision; give a branch, tag or commit of it.")
        case errors.OfflineModeIsEnabled():
            return DownloadError(
                f"{OFFLINE} or HF_HUB_OFFLINE forbids the network, so the hub was not asked about {name}; "
                "unset it."
            )
        case errors.LocalEntryNotFoundError():
            return DownloadError(
                f"{name} is not in the cache and the hub cannot be reached; check the network, and that "
                f"neither {OFFLINE} nor HF_HUB_OFFLINE is set."
            )
        case errors.EntryNotFoundError():
            return HandleError(
                f"{name} is no module of ours, for {MANIFEST} or a file it names is missing; give a "
                "repository that inception-hub push made."
            )
        case errors.LocalTokenNotFoundError():
            return _needs_token(name)
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            return _needs_token(name)
        case errors.HfHubHTTPError():
            return DownloadError(
                f"The hub answered {error.response.status_code} about {name}; try again later."
            )
        case _:
            reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
            reason = re.sub(r"\[Errno -?\d+\] ", "", reason)
            reason = re.sub(r"\?\S+", "?...", reason)  # signed URLs let whoever reads them in
            return DownloadError(f"The hub cannot be reached for {name} ({reason}); check the network.")


def _needs_token(name: str) -> HandleError:
    return HandleError(
        f"{name} needs a token that may write there; log in with hf auth login, or set HF_TOKEN."
    )
