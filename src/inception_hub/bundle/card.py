"""The card's metadata and `config.json`, which make a module directory a repository of the Hugging Face Hub.

The Hub reads YAML between two lines of dashes at the head of `README.md`; JSON values are YAML too.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

METADATA = re.compile(r"\A---\n.*?\n---\n\n?", re.DOTALL)


def with_metadata(
    body: str, name: str, licence: str, num_classes: int, accuracy: Iterable[Mapping[str, Any]]
) -> str:
    """The card: metadata, then `body`. Of `accuracy` (as in `Bundle`) the metadata names float32's top-1."""
    task = "image-classification" if num_classes else "image-feature-extraction"
    results = [
        {
            "task": {"type": task},
            "dataset": {"type": figures["data"], "name": figures["data"]},
            "metrics": [{"type": "accuracy", "value": figures["top1"]}],
        }
        for figures in accuracy
        if "data" in figures and "top1" in figures and "precision" not in figures
    ]
    identifier = re.fullmatch(r"[a-z0-9.-]+", licence.lower())
    metadata: dict[str, object] = {
        "library_name": "inception-hub",
        "license": identifier[0] if identifier and identifier[0] != "unknown" else "other",
        "pipeline_tag": task,
        "tags": ["inception-v2", "openvino"],
    }
    if results:
        metadata["model-index"] = [{"name": name, "results": results}]
    lines = (
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in metadata.items()
    )
    return "---\n" + "\n".join(lines) + f"\n---\n\n{body}"


def without_metadata(card: str) -> str:
    """The body of a card, without the metadata before it."""
    return METADATA.sub("", card)


def config(labels: Iterable[str]) -> str:
    """The text of `config.json`: the labels as `id2label`, where the Hub's pages look for them."""
    names = {str(index): name for index, name in enumerate(labels)}
    content = {"architectures": ["InceptionV2"], "num_labels": len(names), "id2label": names}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
