"""Differences between two texts, by words."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.reading import diff

CASES = [
    ("the same", "the same", ["=the same"]),
    ("one two three", "one 2 three", ["=one ", "-two ", "+2 ", "=three"]),
    ("one", "one two", ["-one", "+one two"]),
    ("one two\nthree", "one two\nfour", ["=one two\n", "-three", "+four"]),
    ("", "new", ["+new"]),
    ("old", "", ["-old"]),
    ("a\n\nb\n\nc", "a\n\nc", ["=a\n\n", "-b\n\n", "=c"]),
    ("", "", []),
    ("one two three", "1 2 three", ["-one two ", "+1 2 ", "=three"]),
    ("waited for.\n\n- one", "waited for years.\n\n- one", ["=waited ", "-for.", "+for years.", "=\n\n- one"]),
]


@pytest.mark.parametrize(("old", "new", "told"), CASES)
def test_change_is_described_in_words(old, new, told):
    signs = {diff.KEPT: "=", diff.OUT: "-", diff.IN: "+"}
    assert [signs[kind] + text for kind, text in diff.parts(old, new)] == told


TEXTS = st.text(alphabet="ab \n", max_size=60)


@given(TEXTS, TEXTS)
def test_parts_of_difference_make_up_both_texts(old, new):
    found = diff.parts(old, new)
    assert "".join(text for kind, text in found if kind != diff.OUT) == new
    assert "".join(text for kind, text in found if kind != diff.IN) == old
    assert all(text for _kind, text in found)
    assert all(one.kind != other.kind for one, other in pairwise(found))


def test_comparison_that_would_take_long_is_not_started(monkeypatch):
    old, new = "A " + "x " * 49_990, "B " + "x " * 190 + "C"
    begun, whole = [], diff._Matcher.find_longest_match

    def watched(matcher, *bounds):
        begun.append(len(matcher.a) * len(matcher.b))
        return whole(matcher, *bounds)

    monkeypatch.setattr(diff._Matcher, "find_longest_match", watched)
    assert [part.kind for part in diff.parts(old, new)] == [diff.OUT, diff.IN]
    assert max(begun) == 1


def test_texts_not_compared_in_time_are_shown_completely(monkeypatch):
    clock = iter(range(9_999))
    monkeypatch.setattr(diff, "thread_time", lambda: next(clock))
    found = diff.parts("one two three four", "1 two three 4")
    assert [part.kind for part in found] == [diff.OUT, diff.IN]
    assert "".join(part.text for part in found) == "one two three four1 two three 4"
