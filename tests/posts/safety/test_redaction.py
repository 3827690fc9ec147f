"""Passages are taken out and put back: tables, and whatever hypothesis thinks of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.safety.redaction import LEFT_OUT, cut, joined, passages_of, put_back

TEXT = "My sister Ann lives in Oak Lane. She was unkind to me.\n\nI told my therapist about Ann, and it helped."


@pytest.mark.parametrize(
    ("typed", "passages"),
    [
        ("", []),
        ("  in Oak Lane \n", ["in Oak Lane"]),
        ("two\n\nparagraphs", ["two\n\nparagraphs"]),
        (f"one\n{LEFT_OUT}\ntwo\n {LEFT_OUT} \n{LEFT_OUT}\none", ["one", "two"]),
        (f"a {LEFT_OUT} inside", [f"a {LEFT_OUT} inside"]),
    ],
)
def test_several_passages_have_a_line_with_the_mark_between_them(typed, passages):
    assert passages_of(typed) == passages
    assert passages_of(joined(passages)) == passages


@pytest.mark.parametrize(
    ("passages", "left"),
    [
        (["in Oak Lane"], "My sister Ann lives […]. She was unkind to me."),
        (["Ann"], "My sister […] lives in Oak Lane. She was unkind to me."),
        (["Ann lives", "in Oak Lane"], "My sister […] […]. She was unkind to me."),
        (["Oak Lane", "in Oak Lane"], "My sister Ann lives […]. She was unkind to me."),
        (["never said"], None),
        (["in"], None),
        (["lives in Oak", "Oak Lane"], None),
    ],
)
def test_passages_are_cut_whole_or_not_at_all(passages, left):
    assert cut(TEXT, passages) == (left and TEXT.replace(TEXT.split("\n")[0], left).replace("Ann,", _ann(passages)))


def _ann(passages):
    return f"{LEFT_OUT}," if passages == ["Ann"] else "Ann,"


def test_a_passage_at_an_end_does_not_come_into_the_place_of_another():
    full = "Ann said it first. And then I went home."
    assert put_back("[…] Quite another text.", full, ["Ann said it first."]) == "[…] Quite another text."
    assert put_back("Quite another text […]", full, ["I went home."]) == "Quite another text […]"


@pytest.mark.parametrize("passages", [["in Oak Lane"], ["Ann"], ["Ann lives", "in Oak Lane"], ["Ann", "Oak Lane"]])
def test_a_text_that_was_not_changed_since_is_as_it_was(passages):
    assert put_back(cut(TEXT, passages), TEXT, passages) == TEXT


@pytest.mark.parametrize(
    ("now", "then"),
    [
        # written on, before and behind
        ("Hello. My sister Ann lives […]. She was.", "Hello. My sister Ann lives in Oak Lane. She was."),
        # changed all around: the mark may be of another decision, or its writer's own
        ("Ann? […]", "Ann? […]"),
        # another mark, of another decision
        ("[…] My sister Ann lives […]. She is.", "[…] My sister Ann lives […]. She is."),
        ("[…] My sister Ann lives […]. She wanted it.", "[…] My sister Ann lives in Oak Lane. She wanted it."),
        # its writer took the mark out, or nobody can tell
        ("My sister Ann lives somewhere.", "My sister Ann lives somewhere."),
        ("[…] or […]", "[…] or […]"),
    ],
)
def test_a_text_that_was_changed_since_has_it_where_the_mark_still_stands(now, then):
    assert put_back(now, TEXT, ["in Oak Lane"]) == then


words = st.lists(st.text("abc ", min_size=1, max_size=12), min_size=1, max_size=9).map(" ".join)


@given(words, st.data())
def test_cutting_and_putting_back_is_no_change_or_says_so(text, data):
    ends = st.integers(0, len(text))
    start, end = sorted((data.draw(ends), data.draw(ends)))
    passages = passages_of(text[start:end])
    shorter = cut(text, passages)
    if shorter is None:
        assert any(len(passage) < 3 for passage in passages)
        return
    assert not any(passage in shorter for passage in passages)
    again = put_back(shorter, text, passages)
    # a mark whose neighbours are marks may stay: nothing else may happen
    assert again.count(LEFT_OUT) <= shorter.count(LEFT_OUT)
    assert set(again) <= set(text) | set(LEFT_OUT)
    if shorter.count(LEFT_OUT) == 1 and len(shorter.replace(LEFT_OUT, "").replace(" ", "")) >= 20:
        assert again == text
