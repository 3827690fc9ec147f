"""Tables written with `|`: a line of heads, a line of dashes, and a line for each row."""

import re
from typing import TYPE_CHECKING, NoReturn
from xml.etree.ElementTree import Element, SubElement

from forum.markup.limits import TABLE_TOO_LARGE, TooComplex

if TYPE_CHECKING:
    from forum.markup.blocks import Reader

MOST_COLUMNS = 20
# in all tables of a text: short rows are filled up, so a few characters could make many cells
MOST_CELLS = 2_000

CELL_END = re.compile(r"(?<!\\)\|")
DASHES = re.compile(r":?-+:?")


def cells_of(row: str) -> list[str]:
    """Return the texts of the row's cells."""
    row = row.strip().removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(row)]


def columns_under(line: str) -> int:
    """Return the number of columns in the line of dashes `line`; 0 if it is not such a line."""
    if "|" not in line or not set(line) <= set("|:- "):
        return 0
    cells = cells_of(line)
    return len(cells) if all(DASHES.fullmatch(cell) for cell in cells) else 0


class Table:
    """An open table; `budget.cells` is the number of cells that the text may still have.

    Raises TooComplex for too many columns or cells.
    """

    def __init__(self, element: Element, heads: list[str], budget: "Reader") -> None:
        self.columns, self.budget = len(heads), budget
        if self.columns > MOST_COLUMNS:
            self._refuse()
        self._fill(SubElement(element, "thead"), "th", heads)
        self.body = SubElement(element, "tbody")

    def add_row(self, line: str) -> None:
        """Add a row; missing cells stay empty, and surplus cells are added to the last one, so that no text is lost."""
        cells = cells_of(line)
        last = self.columns - 1
        self._fill(self.body, "td", [*cells[:last], " | ".join(cells[last:])])

    def _fill(self, parent: Element, tag: str, texts: list[str]) -> None:
        self.budget.cells -= self.columns
        if self.budget.cells < 0:
            self._refuse()
        row = SubElement(parent, "tr")
        for number in range(self.columns):
            SubElement(row, tag).text = texts[number] if number < len(texts) else ""

    def _refuse(self) -> NoReturn:
        raise TooComplex(TABLE_TOO_LARGE, columns=MOST_COLUMNS, cells=MOST_CELLS)
