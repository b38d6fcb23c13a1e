"""The card of a trained module, its README.md: accuracy, how it was trained, and its limits."""

from ..bundle import Bundle
from ..evaluation import Evaluation
from .summary import RunSummary


def card(
    module: Bundle, facts: dict[str, str], evaluations: list[Evaluation], measured: str, summary: RunSummary
) -> str:
    """The card's Markdown. `measured`: how the accuracy was measured, as the end of a sentence."""
    rows = "\n".join(
        f"| {e.data} | {len(e.classes):,} | {e.top1:.2%} | {e.top5:.2%} | {e.ece:.3f} |" for e in evaluations
    )
    table = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    chosen = (
        "\nThe validation photos also chose what was kept, so their figure flatters a little.\n"
        if summary.chosen_by_validation
        else ""
    )
    height, width = module.image_size
    return f"""# {summary.title}

Inception V2 (depth multiplier {module.architecture.depth_multiplier:g}) for {len(module.labels)} classes,
{module.provenance.source}; licence {module.provenance.licence}. It sees photos at {height} x {width} px,
by the preset `{module.resize}`.

| data | images | top-1 | top-5 | ECE |
|---|---|---|---|---|
{rows}

Measured {measured}.
{chosen}
| | |
|---|---|
{table}

Larger photos are reduced to the default size, so fine detail does not count. Not for decisions about people.
"""
