"""A module as a model repository on the Hugging Face Hub."""

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from .. import bundle as bundles
from ..bundle import Bundle
from ..errors import OutputError
from ..module import Module

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
CONFIG = "config.json"  # where the hub's own pages look for labels


def push(module: Module, repository: str, *, private: bool = False) -> str:
    """Uploads `module`, with its present weights, to `owner/name`; see `push_bundle`."""
    return push_bundle(module.bundle, repository, private=private)


def push_bundle(bundle: Bundle, repository: str, *, private: bool = False) -> str:
    """Uploads a module directory, its card with metadata and labels as `id2label`; returns the page's URL.

    The repository is made if it is missing, private if asked. Raises `HandleError` for a name that is none or
    a token that may not, `OutputError` if it is to be private and is there already, public; `DownloadError`
    without a network; `MissingExtraError`.
    """
    from ..repository import explained

    with explained(repository), tempfile.TemporaryDirectory() as temporary:
        from huggingface_hub import HfApi

        folder = Path(temporary) / "module"
        bundles.write(replace(bundle, card=card(bundle)), folder)
        (folder / CONFIG).write_text(json.dumps(config(bundle), indent=2, ensure_ascii=False) + "\n", "utf-8")
        api = HfApi(library_name="inception-hub")
        url = api.create_repo(repository, private=private, exist_ok=True)
        if private and not api.model_info(repository).private:
            raise OutputError(
                f"{repository} is there already and is public; make it private on its page first."
            )
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message=bundle.name)
        return str(url)


def config(bundle: Bundle) -> dict[str, object]:
    """Labels in the form that Transformers introduced and the hub's pages read."""
    return {
        "architectures": ["InceptionV2"],
        "num_labels": len(bundle.labels),
        "id2label": {str(index): name for index, name in enumerate(bundle.labels)},
    }


def card(bundle: Bundle) -> str:
    """The module's card behind metadata as the hub wants it."""
    from huggingface_hub import EvalResult, ModelCardData

    classes = bundle.architecture.num_classes
    task = "image-classification" if classes else "image-feature-extraction"
    licence = bundle.provenance.licence.lower()
    results = [
        EvalResult(task, str(data), str(data), metric_type="accuracy", metric_value=top1)
        for figures in bundle.accuracy
        if (data := figures.get("data")) and (top1 := figures.get("top1")) and "precision" not in figures
    ]
    metadata = ModelCardData(
        library_name="inception-hub",
        license=licence if re.fullmatch(r"[a-z0-9.-]+", licence) else "other",
        pipeline_tag=task,
        tags=["inception-v2", "openvino"],
        model_name=bundle.name if results else None,
        eval_results=results or None,
    )
    body = FRONT_MATTER.sub("", bundle.card) or f"# {bundle.name}\n\nInception V2; {classes} classes.\n"
    return f"---\n{metadata.to_yaml()}\n---\n\n{body}"
