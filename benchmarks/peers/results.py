"""Measurements of all rounds -> figures per row, a Markdown table, a picture. Standard library only."""

import html
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .catalogue import BASE, OURS, ROWS, Row
from .processes import Measured

Rounds = Sequence[Measured]
Spread = tuple[float, float, float]  # median, least, most


@dataclass(frozen=True)
class Figures:
    """A row in figures. Ratios are taken within each round, then their median, least and most.

    `core_ms`: processor time for a photo; `core_ratio`: the original's through it.

    `first_*`: the whole process that answers for one photo. `agreement*`: share of the same first answers.
    """

    title: str
    setting: str
    photos_per_second: float
    ratio: Spread
    core_ms: float
    core_ratio: Spread
    peak_mb: float
    first_seconds: float
    first_ratio: Spread
    first_peak_mb: float
    first_memory_ratio: Spread
    agreement: float
    agreement_with_ours: float


def figures(
    throughput: Mapping[tuple[str, str], Rounds], first: Mapping[tuple[str, str], Rounds]
) -> list[Figures]:
    """`throughput` and `first` hold every round's measurement by (peer, setting)."""
    base, base_first = throughput[BASE.peer, BASE.settings[0]], first[BASE.peer, BASE.settings[0]]
    ours = throughput[OURS.peer, OURS.settings[0]]
    found = []
    for row in ROWS:
        setting = _best(row, throughput)
        if setting is None:
            continue
        rounds = throughput[row.peer, setting]
        cold = first[row.peer, setting]
        found.append(
            Figures(
                row.title,
                setting,
                statistics.median(run.photos_per_second for run in rounds),
                _ratios([run.photos_per_second for run in rounds], [run.photos_per_second for run in base]),
                statistics.median(run.core_ms for run in rounds),
                _ratios([run.core_ms for run in base], [run.core_ms for run in rounds]),
                statistics.median(run.peak_mb for run in rounds),
                statistics.median(run.seconds for run in cold),
                _ratios([run.seconds for run in cold], [run.seconds for run in base_first]),
                statistics.median(run.peak_mb for run in cold),
                _ratios([run.peak_mb for run in cold], [run.peak_mb for run in base_first]),
                _agreement(rounds[0].answers, base[0].answers),
                _agreement(rounds[0].answers, ours[0].answers),
            )
        )
    return found


def _best(row: Row, throughput: Mapping[tuple[str, str], Rounds]) -> str | None:
    rates = {
        setting: statistics.median(run.photos_per_second for run in throughput[row.peer, setting])
        for setting in row.settings
        if throughput.get((row.peer, setting))
    }
    return max(rates, key=lambda setting: rates[setting]) if rates else None


def _ratios(values: Sequence[float], base: Sequence[float]) -> Spread:
    ratios = [value / unit for value, unit in zip(values, base, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def _agreement(answers: Sequence[int], others: Sequence[int]) -> float:
    return statistics.mean(a == b for a, b in zip(answers, others, strict=True))


def table(rows: Sequence[Figures]) -> str:
    """Markdown."""
    lines = [
        "| | photos/s | times the original | core ms a photo | times the original | peak MB "
        "| first answer, s | of the original's | its peak MB | of the original's "
        "| same answer as the original | as ours |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.title} | {row.photos_per_second:.1f} | **{row.ratio[0]:.2f}** ({row.ratio[1]:.2f} to "
        f"{row.ratio[2]:.2f}) | {row.core_ms:.1f} | **{row.core_ratio[0]:.2f}** ({row.core_ratio[1]:.2f} to "
        f"{row.core_ratio[2]:.2f}) | {row.peak_mb:.0f} | {row.first_seconds:.2f} | {row.first_ratio[0]:.2f} "
        f"({row.first_ratio[1]:.2f} to {row.first_ratio[2]:.2f}) | {row.first_peak_mb:.0f} "
        f"| {row.first_memory_ratio[0]:.2f} | {row.agreement:.0%} | {row.agreement_with_ours:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


def picture(rows: Sequence[Figures], title: str) -> str:
    """SVG: bars of the ratio to the original, a line from the least to the most; for light and dark pages."""
    left, width, height = 260, 420, 24  # px: titles, longest bar, a row
    unit = width / max(row.ratio[2] for row in rows)
    parts = [f'<text x="0" y="14" font-weight="bold">{html.escape(title)}</text>']
    for number, row in enumerate(rows):
        y = 28 + number * height
        middle, least, most = (left + value * unit for value in row.ratio)
        colour = "#2a7a6f" if row.title.startswith("Inception Hub") else "#8a8f98"
        name, bar = (
            html.escape(row.title.replace("`", "")),
            f'width="{middle - left:.1f}" height="{height - 7}"',
        )
        parts += [
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{name}</text>',
            f'<rect x="{left}" y="{y + 3}" {bar} fill="{colour}"/>',
            f'<path d="M{least:.1f} {y + 11}H{most:.1f}" stroke="#c2703d" stroke-width="3"/>',
            f'<text x="{most + 6:.1f}" y="{y + 15}">{row.ratio[0]:.2f}</text>',
        ]
    size = f"0 0 {left + width + 60} {36 + len(rows) * height}"
    style = "<style>text{font:12px sans-serif;fill:#57606a}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}">{style}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
