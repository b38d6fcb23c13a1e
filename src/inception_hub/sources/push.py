"""A module as a model repository on the Hugging Face Hub."""

import tempfile
from pathlib import Path

from .. import bundle as bundles
from ..bundle import Bundle, HasBundle
from ..errors import OutputError


def push(module: HasBundle, repository: str, *, private: bool = False) -> str:
    """Uploads `module`, with its present weights, to `owner/name`; see `push_bundle`."""
    return push_bundle(module.bundle, repository, private=private)


def push_bundle(bundle: Bundle, repository: str, *, private: bool = False) -> str:
    """Uploads a module directory; returns the page's URL.

    The repository is made if it is missing, private if asked. Raises `HandleError` for a name that is none or
    a token that may not, `OutputError` if it is to be private and is there already, public; `DownloadError`
    without a network; `MissingExtraError`.
    """
    from .repository import explained

    with explained(repository), tempfile.TemporaryDirectory() as temporary:
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
