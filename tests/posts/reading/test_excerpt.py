"""The first words of a comment as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum import markup
from posts.reading.excerpt import excerpt


@pytest.mark.parametrize(
    ("source", "length", "words"),
    [
        ("Short.", 60, "Short."),
        ("Un~~believ~~able **and** `so` [on](https://example.org/a).", 60, "Unbelievable and so on."),
        ("First line\n\nsecond & third < fourth", 60, "First line second & third < fourth"),
        ("One two three four", 12, "One two…"),
        ("One two, three", 9, "One two…"),
        ("Onetwothreefour", 6, "Onetwo…"),
        ("> Somebody else\n\nMine.", 60, "Mine."),
        ("> > Deep\n>\n> outer\n\nMine.", 60, "Mine."),
        (f"[link](https://example.org/{'a' * 1500}) and more", 60, "link and more"),
        ("> Only a quote", 60, "Only a quote"),
        ("- one\n- two", 60, "one two"),
        ("参见这里的文字很长很长很长", 5, "参见这里的…"),
    ],
)
def test_excerpt_has_own_first_words(source, length, words):
    assert excerpt(markup.render(source), length) == words


@given(st.text(max_size=300), st.integers(1, 80))
def test_excerpt_is_plain_text_of_limited_length(source, length):
    try:
        html = markup.render(source)
    except markup.TooComplex:
        return
    words = excerpt(html, length)
    assert len(words) <= length + 1
    assert "\n" not in words


def test_excerpt_of_cut_html_has_no_part_of_tag_or_entity():
    for size in range(1, 60):
        html = f'<p>{"a" * size} &amp; <a href="https://example.org/{"b" * 40}">link</a> {"c " * 20}</p>'
        words = excerpt(html, 5)
        assert not set(words) & set('<>"/;'), words
