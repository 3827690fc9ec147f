"""A chart of bars as numbers: where each bar of an SVG begins and how high it is. No database, no markup."""

from typing import NamedTuple

WIDTH, HEIGHT, FOOT = 640, 200, 24


class Bar(NamedTuple):
    """One bar, in units of the drawing; `middle` is where its label stands."""

    label: str
    number: float
    x: float
    y: float
    width: float
    height: float
    middle: float


def of(rows):
    """The Bars of (label, number) rows, from left to right, the highest as high as the drawing allows."""
    most = max((number for _label, number in rows), default=0)
    step = WIDTH / max(len(rows), 1)
    bars = []
    for index, (label, number) in enumerate(rows):
        height = round((HEIGHT - FOOT) * number / most, 1) if most else 0
        x = round(index * step + step * 0.1, 1)
        bars.append(
            Bar(
                label,
                number,
                x,
                round(HEIGHT - FOOT - height, 1),
                round(step * 0.8, 1),
                height,
                round(x + step * 0.4, 1),
            )
        )
    return bars
