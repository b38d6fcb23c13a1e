"""What makes a module directory a repository of the Hugging Face Hub: the card's metadata, `config.json`.

The hub reads YAML between two lines of dashes at the head of `README.md`; JSON values are YAML too.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

METADATA = re.compile(r"\A---\n.*?\n---\n\n?", re.DOTALL)


def with_metadata(
    body: str, name: str, licence: str, num_classes: int, accuracy: Iterable[Mapping[str, Any]]
) -> str:
    """The card `body` behind its metadata; `accuracy` as in `Bundle`, of which float32's top-1 is told."""
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
    known = re.fullmatch(r"[a-z0-9.-]+", licence.lower())
    metadata: dict[str, object] = {
        "library_name": "inception-hub",
        "license": licence.lower() if known and known[0] != "unknown" else "other",
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
    """The body of a card."""
    return METADATA.sub("", card)


def config(labels: Iterable[str]) -> str:
    """`config.json`: the labels as `id2label`, the form in which the hub's pages look for them."""
    names = {str(index): name for index, name in enumerate(labels)}
    found = {"architectures": ["InceptionV2"], "num_labels": len(names), "id2label": names}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
