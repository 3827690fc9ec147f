"""Compute the positions and sizes of the bars of an SVG bar chart. No database, no markup."""

from itertools import count
from math import ceil
from typing import NamedTuple

WIDTH, HEIGHT, FOOT, HEAD, AXIS, EDGE = 640, 220, 40, 16, 64, 24
# greatest width of a bar, and the width that a label needs, also on a phone
WIDEST, LABEL = 40, 96


class Bar(NamedTuple):
    """One bar, in units of the drawing. `middle` is the x position of its label, shown if `is_labelled`."""

    label: str
    number: float | None
    x: float
    y: float
    width: float
    height: float
    middle: float
    is_labelled: bool


class Chart(NamedTuple):
    """The bars from left to right, and the numbers on the axis with their y positions."""

    bars: list
    axis: list


def chart_of(rows: list[tuple[str, float | None]]) -> Chart:
    """Return the Chart of (label, number) rows. A number of None leaves the place of the bar empty."""
    top = _top_of(max((number or 0 for _label, number in rows), default=0))
    step = min((WIDTH - AXIS - EDGE) / max(len(rows), 1), WIDEST / 0.8)
    every = ceil(LABEL / step)
    bars = []
    for index, (label, number) in enumerate(rows):
        x, y = AXIS + step * (index + 0.1), _height_of(number or 0, top)
        # counted from the latest bar, which always has a label
        is_labelled = (len(rows) - 1 - index) % every == 0
        width, height, middle = step * 0.8, HEIGHT - FOOT - y, x + step * 0.4
        x, y, width, height, middle = (round(each, 1) for each in (x, y, width, height, middle))
        bars.append(Bar(label, number, x, y, width, height, middle, is_labelled))
    return Chart(bars, [(number, round(_height_of(number, top), 1)) for number in (0, top // 2, top)])


def _height_of(number: float, top: int) -> float:
    return HEIGHT - FOOT - (HEIGHT - FOOT - HEAD) * number / top


def _top_of(most: float) -> int:
    """Return the end of the axis, a round number that can be halved: 2, 4, 6, 8, 10, 20, 40 ..."""
    return next(top for power in count() for top in (2 * 10**power * one for one in (1, 2, 3, 4, 5)) if top >= most)
