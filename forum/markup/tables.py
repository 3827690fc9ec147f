"""Tables as people draw them with `|`: a line of heads, a line of dashes, and a line per row."""

import re
from xml.etree.ElementTree import SubElement

from forum.markup.limits import TABLE_TOO_LARGE, TooComplex

MOST_COLUMNS = 20
# in all tables of a text; short rows are filled up, so that a few characters could make many cells
MOST_CELLS = 2_000

CELL_END = re.compile(r"(?<!\\)\|")
DASHES = re.compile(r":?-+:?")


def cells_of(row):
    """The texts of the row's cells."""
    row = row.strip().removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(row)]


def columns_under(line):
    """How many columns the line of dashes `line` parts; 0 if it is none."""
    if "|" not in line or not set(line) <= set("|:- "):
        return 0
    cells = cells_of(line)
    return len(cells) if all(DASHES.fullmatch(cell) for cell in cells) else 0


class Table:
    """An open table; `budget` holds the cells that the text may still have."""

    def __init__(self, element, heads, budget):
        self.columns, self.budget = len(heads), budget
        if self.columns > MOST_COLUMNS:
            self._refuse()
        self._fill(SubElement(element, "thead"), "th", heads)
        self.body = SubElement(element, "tbody")

    def add_row(self, line):
        """Adds a row: what is missing stays empty, what is too much joins the last cell, so that no word is lost."""
        cells = cells_of(line)
        last = self.columns - 1
        self._fill(self.body, "td", [*cells[:last], " | ".join(cells[last:])])

    def _fill(self, parent, tag, texts):
        self.budget.cells -= self.columns
        if self.budget.cells < 0:
            self._refuse()
        row = SubElement(parent, "tr")
        for number in range(self.columns):
            SubElement(row, tag).text = texts[number] if number < len(texts) else ""

    def _refuse(self):
        raise TooComplex(TABLE_TOO_LARGE, columns=MOST_COLUMNS, cells=MOST_CELLS)
