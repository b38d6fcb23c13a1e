"""Draws boxes on floors with arrows between them as SVG: docs/architecture.svg, made by `generate.py`.

An arrow that passes floors gets a seat of its own on each, as a box does. Seats are exchanged, then moved, so
that arrows become short and straight.
"""

from collections.abc import Callable, Sequence
from html import escape
from itertools import combinations, pairwise, product

WIDTH, MARGIN = 800, 16  # px
ROW, BOX = 64, 32  # px from floor to floor, and of a box's height
LETTER, PADDING = 8, 14  # px of a letter of 14 px on average, and beside a name
PASSING = 12  # px kept free for an arrow that passes a floor
GAP = 16  # px between neighbours on a floor, at least
BESIDE = 4  # so much more an arrow within a floor counts than one to another floor
SWEEPS = 40
STYLE = """
text { font: 14px 'DejaVu Sans', Verdana, sans-serif; fill: #1d2733; text-anchor: middle }
.floor { fill: #f2f5f8 }
.number { font-size: 11px; fill: #7b8794 }
.folder { fill: #d9e8f5; stroke: #3a6ea5 }
.file { fill: #ffffff; stroke: #7b8794 }
.arrow { fill: none; stroke: #5b6b7c; stroke-width: 1.3 }
"""

Seat = str | tuple[str, str, int]  # a box by its name, or an arrow's place on a floor it passes


def draw(
    floors: Sequence[Sequence[str]], arrows: Sequence[tuple[str, str]], shown: Callable[[str], str]
) -> str:
    """The picture: `floors` from the bottom up, arrows from who imports to what is imported.

    `shown`: what a box is called; what ends in a slash is drawn as a folder.
    """
    level = {name: number for number, floor in enumerate(floors) for name in floor}
    paths = [_path(arrow, level) for arrow in arrows]
    rows: list[list[Seat]] = [list(floor) for floor in floors]
    for path in paths:
        for seat in path[1:-1]:
            rows[int(seat[2])].append(seat)
    seats = _seated(rows, [pair for path in paths for pair in pairwise(path)])
    height = len(floors) * ROW + 2 * MARGIN
    tops = [height - MARGIN - (number + 1) * ROW + (ROW - BOX) // 2 for number in range(len(rows))]
    top = {seat: y for row, y in zip(rows, tops, strict=True) for seat in row}
    parts = [
        f'<rect class="floor" x="{MARGIN}" y="{y - 8}" width="{WIDTH - 2 * MARGIN}" height="{BOX + 16}" '
        f'rx="6"/><text class="number" x="{MARGIN + 14}" y="{y + 20}">{number}</text>'
        for number, y in enumerate(tops, 1)
    ]
    parts += [_arrow(path, seats, top, level) for path in paths]
    parts += [_box(shown(name), seats[name], top[name], _width(name)) for floor in floors for name in floor]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}">\n<style>{STYLE}</style>\n'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#5b6b7c"/></marker></defs>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _path(arrow: tuple[str, str], level: dict[str, int]) -> list[Seat]:
    """From a box through a place on every floor between to the other."""
    source, target = arrow
    return [source, *((source, target, n) for n in range(level[source] - 1, level[target], -1)), target]


def _width(seat: Seat) -> int:
    """px, with room for `.py` after a name."""
    return LETTER * len(f"{seat}.py") + 2 * PADDING if isinstance(seat, str) else PASSING


def _seated(rows: list[list[Seat]], links: list[tuple[Seat, Seat]]) -> dict[Seat, float]:
    """The middle of every seat in px; on each floor seats are exchanged while that makes `links` shorter."""
    row_of = {seat: number for number, row in enumerate(rows) for seat in row}
    weights = [1 if row_of[a] != row_of[b] else BESIDE for a, b in links]
    seats = {seat: x for row in rows for seat, x in _spread(row).items()}

    def length() -> float:
        return sum(weight * abs(seats[a] - seats[b]) for weight, (a, b) in zip(weights, links, strict=True))

    for _, row in product(range(SWEEPS), rows):
        for i, j in combinations(range(len(row)), 2):
            before = length()
            row[i], row[j] = row[j], row[i]
            seats |= _spread(row)
            if length() >= before - 1e-6:
                row[i], row[j] = row[j], row[i]
                seats |= _spread(row)
    return _straightened(rows, links, seats)


def _straightened(
    rows: list[list[Seat]], links: list[tuple[Seat, Seat]], seats: dict[Seat, float]
) -> dict[Seat, float]:
    """Seats moved, in the order they have, towards the middle of those they are linked with."""
    linked = {seat: [b if a == seat else a for a, b in links if seat in (a, b)] for seat in seats}
    for _, row in product(range(SWEEPS), rows):
        for i, seat in enumerate(row):
            half = _width(seat) / 2
            low = seats[row[i - 1]] + _width(row[i - 1]) / 2 + GAP if i else 2 * MARGIN
            last = i == len(row) - 1
            high = WIDTH - 2 * MARGIN if last else seats[row[i + 1]] - _width(row[i + 1]) / 2 - GAP
            wish = sum(seats[other] for other in linked[seat]) / max(len(linked[seat]), 1)
            seats[seat] = min(max(wish, low + half), high - half)
    return seats


def _spread(row: list[Seat]) -> dict[Seat, float]:
    """The seats of a floor one beside the other, what is left of the width shared between them."""
    free = WIDTH - 4 * MARGIN - sum(map(_width, row))
    gap = free / (len(row) + 1)
    x, seats = 2 * MARGIN + gap, {}
    for seat in row:
        seats[seat] = x + _width(seat) / 2
        x += _width(seat) + gap
    return seats


def _arrow(path: list[Seat], seats: dict[Seat, float], top: dict[Seat, int], level: dict[str, int]) -> str:
    source, target = path[0], path[-1]
    x, y = seats[source], top[source]
    if level[str(source)] == level[str(target)]:
        left = seats[target] < x
        start = x - _width(source) / 2 if left else x + _width(source) / 2
        end = seats[target] + (_width(target) / 2 if left else -_width(target) / 2)
        line = f"M{start:.0f} {y + BOX / 2:.0f} H{end + (2 if left else -2):.0f}"
    else:
        line, y = f"M{x:.0f} {y + BOX}", y + BOX
        for seat in path[1:]:
            above, middle = top[seat], (y + top[seat]) / 2
            line += f" C{x:.0f} {middle:.0f} {seats[seat]:.0f} {middle:.0f} {seats[seat]:.0f} {above}"
            x, y = seats[seat], above
            if isinstance(seat, tuple):
                line, y = f"{line} V{above + BOX}", above + BOX
    return f'<path class="arrow" d="{line}" marker-end="url(#head)"/>'


def _box(shown: str, x: float, y: int, width: int) -> str:
    kind = "folder" if shown.endswith("/") else "file"
    return (
        f'<rect class="{kind}" x="{x - width / 2:.0f}" y="{y}" width="{width}" height="{BOX}" rx="5"/>'
        f'<text x="{x:.0f}" y="{y + 21}">{escape(shown)}</text>'
    )
