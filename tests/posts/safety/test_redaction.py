"""Passages are cut out of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import markup
from posts.safety.redaction import LEFT_OUT, contains_any, cut, joined, passages_of

ANOTHER = "a passage of another text"
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
def test_line_with_mark_separates_passages(typed, passages):
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
def test_passages_are_cut_completely_or_not_at_all(passages, left):
    whole = left and TEXT.replace(TEXT.split("\n")[0], left).replace("Ann,", _ann(passages))
    assert cut([TEXT], passages) == (whole and [whole])


def test_passage_is_cut_from_each_text_that_has_it():
    assert cut(["Ann and Bo", "Bo", "Ann"], ["Ann"]) == ["[…] and Bo", "Bo", "[…]"]
    assert cut(["Ann and Bo", "Bo"], ["Ann", "Cleo"]) is None


def _ann(passages):
    return f"{LEFT_OUT}," if passages == ["Ann"] else "Ann,"


words = st.lists(st.text("abc ", min_size=1, max_size=12), min_size=1, max_size=9).map(" ".join)


@given(words, st.data())
def test_no_passage_is_left_after_cutting(text, data):
    ends = st.integers(0, len(text))
    start, end = sorted((data.draw(ends), data.draw(ends)))
    passages = passages_of(text[start:end])
    shorter = cut([text], passages)
    if shorter is None:
        assert any(len(passage) < 3 for passage in passages)
        return
    assert not any(passage in shorter[0] for passage in passages)


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("J*oh*n Smithson", "John Smithson"),
        ("`Jo`hn ~~Smith~~son", "John Smithson"),
        (r"john\.smith@x.org", "john.smith@x.org"),
        (r"call 555\-123\-4567 now", "555-123-4567"),
        ("Jo\u200bhn Smithson", "John Smithson"),
        ("Jo&shy;hn Smithson", "John Smithson"),
        ("[John](https://e.org/) Smithson", "John Smithson"),
        ("\uff2aohn Smithson", "John Smithson"),
        ("John\n> Smithson", "John\nSmithson"),
        ("- John\n- Smithson", "John Smithson"),
        ("Cafe\u0301 Nord", "Caf\u00e9 Nord"),
        ("her name is ann.", "Ann"),
        ("[Anna][1] Smith\n\n[1]: https://e.org/", "Anna Smith"),
        ("[An](https://e.org/)[na](https://e.org/) Smith", "Anna Smith"),
        ('[Anna](https://e.org/ "t (x) y") Smith', "Anna Smith"),
        ("Anna_Smith", "Anna Smith"),
        *((f"An{sign}na Smith", "Anna Smith") for sign in "\ufe0f\u034f\u3164\u0332\u20dd\u115f\uffa0\u2060"),
        ("José Nord", "Jose Nord"),
        ("ANNA BERGS dog", "Anna Berg"),
        ("This is AnnaBerg.", "Anna Berg"),
        *((f"Anna{sign}Berg", "Anna Berg") for sign in "\u202e\u00ad\u200b"),
        ("[write](mailto:anna.berg@e.org)", "Anna Berg"),
        ("[this](https://e.org/Anna%20Berg)", "Anna Berg"),
    ],
)
def test_passage_written_differently_is_found(text, passage):
    assert contains_any(text, markup.render(text), [passage])


@pytest.mark.parametrize("source", ["](" * 49_500, "](x" * 33_000, "[x](" * 24_000, "\ufdfa" * 99_000, "_*" * 49_500])
def test_long_text_is_searched_in_a_time_that_grows_with_its_length(source):
    """A search in quadratic time would not end before the suite is stopped."""
    assert not contains_any(source * 20, "", [f"Anna Berg {number}" for number in range(20)])


@pytest.mark.parametrize(
    ("text", "passage"), [("We are planning it.", "Ann"), ("John and Smithson", "John Smithson"), ("x", "***")]
)
def test_other_words_are_not_taken_for_passage(text, passage):
    assert not contains_any(text, markup.render(text), [passage, ANOTHER])
