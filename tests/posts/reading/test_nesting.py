"""Nested lists of a page open and close correctly, and say how many replies are omitted."""

from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.reading import nesting


@dataclass
class Row:
    pk: int
    parent_id: int
    reply_count: int = 0
    below_count: int = 0


def grown(parents):
    """Rows in reading order of a whole tree: row n (from 1) replies to the row `parents[n - 1]`, 0 being the top."""
    rows = {pk: Row(pk, parent) for pk, parent in enumerate(parents, start=1)}
    below = {pk: [row for row in rows.values() if row.parent_id == pk] for pk in (0, *rows)}

    def walk(pk):
        for row in below[pk]:
            yield row
            yield from walk(row.pk)

    for pk, row in rows.items():
        row.reply_count, row.below_count = len(below[pk]), len(list(walk(pk)))
    return list(walk(0))


def some_trees():
    return st.lists(st.integers(0, 10**6), max_size=30).map(
        lambda numbers: grown([number % index for index, number in enumerate(numbers, start=1)])
    )


class Nesting(HTMLParser):
    """Fails on an end tag that does not match; knows what each item hangs below."""

    def __init__(self):
        super().__init__()
        self.stack, self.parents = [], {}

    def handle_starttag(self, tag, attrs):
        if tag == "li":
            assert self.stack[-1][0] == "ol"
            items = [name for kind, name in self.stack if kind == "li"]
            pk = int(attrs[0][1])
            self.parents[pk] = items[-1] if items else 0
            self.stack.append((tag, pk))
        else:
            self.stack.append((tag, attrs[0][1] if attrs else None))

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag


def drawn(laid):
    """The list marks of Steps as HTML, and how many rows they say are left out below each row."""
    html, left = "<ol>", {}
    for step in laid:
        html += f'<li id="{step.row.pk}">'
        if step.opens:
            html += "<ol>"
            continue
        for more in [step.more] if step.more else []:
            left[more.parent.pk] = more.count
        html += "</li>"
        for more in step.closes:
            if more:
                left[more.parent.pk] = more.count
            html += "</ol></li>"
    parsed = Nesting()
    parsed.feed(html + "</ol>")
    assert parsed.stack == []
    return parsed, left


@given(some_trees(), st.booleans())
def test_lists_nest_like_replies(rows, is_start):
    laid = nesting.steps(rows, follows_parent=is_start)
    parsed, left = drawn(laid)
    assert parsed.parents == {row.pk: row.parent_id for row in rows}
    assert left == {}
    above = [0 if is_start else None, *(row.pk for row in rows)]
    assert [step.follows_parent for step in laid] == [pk == row.parent_id for pk, row in zip(above, rows, strict=False)]


@given(some_trees(), st.data())
def test_omitted_replies_are_reported_where_they_are_missing(rows, data):
    kept = set()
    for row in rows:
        if (row.parent_id in kept or row.parent_id == 0) and data.draw(st.booleans()):
            kept.add(row.pk)
    shown = [row for row in rows if row.pk in kept]
    _nesting, left = drawn(nesting.steps(shown))
    # of every list the first rows may be missing here too: the count is the same
    missing = {}
    for row in shown:
        below = [other for other in rows if row.pk in above_of(other, rows)]
        replies = [other for other in shown if other.parent_id == row.pk]
        missing[row.pk] = len(below) - sum(1 + reply.below_count for reply in replies)
    assert left == {pk: count for pk, count in missing.items() if count}


def above_of(row, rows):
    by_pk, above = {one.pk: one for one in rows}, set()
    while row.parent_id:
        above.add(row.parent_id)
        row = by_pk[row.parent_id]
    return above


def test_rows_in_wrong_order_are_refused():
    with pytest.raises(ValueError, match="comment 3 is not behind its parent"):
        nesting.steps([Row(1, 0, 1, 1), Row(2, 0), Row(3, 1)])


@pytest.mark.parametrize(("steps", "most"), [(1, 1), (5, 31), (7, 127)])
def test_steps_hold_number_of_replies_shown(steps, most):
    def shown(left):
        return sum(1 + shown(left - rank) for rank in range(1, left + 1))

    assert nesting.most_shown(steps) == shown(steps) == most
