"""Model repositories on the Hugging Face Hub, through `huggingface_hub`: its token, endpoint and cache.

A repository holds a module directory as it is; `hf://owner/name` or `hf://owner/name@revision` names it.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..bundle import MANIFEST, read_manifest, verify
from ..errors import DownloadError, FormatError, HandleError, InceptionHubError, MissingExtraError
from .download import MAX_BYTES, OFFLINE, is_offline

HANDLE = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?/?", re.ASCII)


def fetch(handle: str, directory: Path) -> None:
    """Makes `directory` of the files that the repository's `module.json` names, all of one commit, verified.

    Raises `HandleError` for a handle that leads to no module, its subclass `DownloadError` without a network,
    `FormatError` for files that are not what `module.json` says, `MissingExtraError`.
    """
    match = HANDLE.fullmatch(handle)
    if not match:
        raise HandleError(
            f"{handle!r} names no repository; give hf://owner/name or hf://owner/name@revision."
        )
    repository, revision = match.groups()
    with explained(handle):
        from huggingface_hub import hf_hub_download

        first = Path(hf_hub_download(repository, MANIFEST, revision=revision))
        commit = first.parent.name  # of the library's cache: snapshots/<commit>/
        files = read_manifest(first.parent)["files"]
        if sum(file["size"] for file in files.values()) > MAX_BYTES:
            raise FormatError(
                f"{handle} is larger than {MAX_BYTES >> 30} GiB; give a module of Inception V2."
            )
        directory.mkdir()
        for name in (*files, MANIFEST):
            found = hf_hub_download(repository, name, revision=commit)
            shutil.copyfile(found, directory / name)
    verify(directory)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Has what the library raises, of a dozen kinds, be one sentence of ours about `name`."""
    try:
        from huggingface_hub import constants, errors
    except ImportError as error:
        raise MissingExtraError(
            f"{name} needs huggingface_hub, which is not installed: pip install 'inception-hub[hub]'."
        ) from error
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or is_offline()
    try:
        yield
    except InceptionHubError:
        raise
    except errors.HFValidationError as error:
        raise HandleError(f"{name} is no name of a repository; give one like owner/name.") from error
    except (errors.GatedRepoError, errors.DisabledRepoError) as error:
        raise HandleError(
            f"{name} is closed to this token; ask for access on its page on the hub."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise HandleError(
            f"{name} is not on the hub, or is private; check the name, and log in with hf auth login or set "
            "HF_TOKEN."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HandleError(f"{name} has no such revision; give a branch, tag or commit of it.") from error
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise DownloadError(
            f"{name} is not in the cache and the hub cannot be reached; check the network, and that neither "
            f"{OFFLINE} nor HF_HUB_OFFLINE is set."
        ) from error
    except errors.EntryNotFoundError as error:
        raise HandleError(
            f"{name} is no module of ours, for {MANIFEST} or a file it names is missing; give a repository "
            "that inception-hub push made."
        ) from error
    except errors.LocalTokenNotFoundError as error:
        raise HandleError(_without_token(name)) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise HandleError(_without_token(name)) from error
        raise DownloadError(f"The hub answered {status} about {name}; try again later.") from error
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise DownloadError(f"The hub cannot be reached for {name} ({reason}); check the network.") from error
    finally:
        constants.HF_HUB_OFFLINE = before


def _without_token(name: str) -> str:
    return f"{name} needs a token that may write there; log in with hf auth login, or set HF_TOKEN."
