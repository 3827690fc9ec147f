"""The tree without the database: paths sort in reading order, and lists open and close where they should."""

from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts import tree


@given(st.integers(0, tree.LARGEST_ID), st.integers(0, tree.LARGEST_ID))
def test_segments_sort_as_their_numbers(one, other):
    assert (tree.segment(one).encode() < tree.segment(other).encode()) == (one < other)
    assert (tree.segment(one) == tree.segment(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, tree.LARGEST_ID + 1])
def test_a_number_that_does_not_fit_is_refused(number):
    with pytest.raises(ValueError, match="does not fit"):
        tree.segment(number)


def test_a_path_tells_depth_and_what_is_above():
    above = tree.child_path(tree.child_path("", 7), 70)
    path = tree.child_path(above, 700)
    assert (tree.depth_of(path), tree.parent_path(path)) == (2, above)
    assert tree.parent_path(tree.child_path("", 7)) == ""


@given(st.lists(st.integers(1, 999), min_size=1, max_size=6), st.lists(st.integers(1, 999), min_size=1, max_size=6))
def test_the_range_of_a_branch_holds_what_begins_like_it_and_nothing_else(one, other):
    path, candidate = ("".join(map(tree.segment, ids)) for ids in (one, other))
    low, high = tree.range_below(path)
    assert (low < candidate < high) == (candidate.startswith(path) and candidate != path)


@dataclass
class Row:
    depth: int


def some_depths():
    """Depths of rows as reading order gives them: each at most one level below the one before."""

    def climb(steps):
        depths = [1]
        for step in steps:
            depths.append(max(1, min(depths[-1] + 1, step)))
        return depths

    return st.lists(st.integers(1, 20), max_size=40).map(climb)


class Nesting(HTMLParser):
    """Fails on an end tag that does not match; knows the level of each row."""

    def __init__(self):
        super().__init__()
        self.stack, self.levels = [], []

    def handle_starttag(self, tag, attrs):
        if tag == "li":
            assert self.stack[-1] == "ol"
            self.levels.append(self.stack.count("ol"))
        self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


@given(some_depths())
def test_lists_nest_well_and_no_deeper_than_the_page_indents(depths):
    html = ""
    for step in tree.steps([Row(depth) for depth in depths], top=1):
        html += ("<ol>" if step.opens else "") + "<li>" + ("</li>" if step.ends else "")
        html += "</ol></li>" * len(step.closes)
    html += "</ol>"
    nesting = Nesting()
    nesting.feed(html)
    assert nesting.stack == []
    assert nesting.levels == [min(depth, 1 + tree.INDENTED) for depth in depths]


def test_what_lies_too_deep_is_told_in_words():
    steps = list(tree.steps([Row(depth) for depth in range(1, 11)], top=1))
    assert [step.in_words for step in steps] == [False] * 8 + [True] * 2


def test_a_page_that_skips_a_level_is_refused():
    with pytest.raises(ValueError, match="depth 3 after one at level 1"):
        list(tree.steps([Row(1), Row(3)], top=1))
