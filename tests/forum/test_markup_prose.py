"""Markdown and prose: nothing that somebody typed is lost, and signs of ordinary writing stay as they are."""

import re
from collections import Counter
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forum import markup
from forum.markup.blocks import Reader

TARGET = re.compile('href="([^"]*)"')


def text_of(html):
    return unescape(re.sub("<[^>]*>", "", html))


def rendered(source):
    return markup.render(source).replace(' rel="nofollow ugc noopener"', "")


# Each is shown as it was typed.
SHOWN = [
    "[Therapist]: Mhm.",
    "[Me]: No. [Therapist]: Mhm.",
    "[a]: /b",
    '[a]: /b "Words"',
    "[a]: javascript:alert(1)",
    "This ends in a backslash\\",
    "C:\\path\\\nand more",
    "5*3 hours and 2*4 sessions",
    "2 * 3 * 4",
    "a*b*c and snake_case_name",
    "中*文*字",
    "¯\\_(ツ)_/¯",
    "=====",
    "Nr 5.\u00a0Next",
    "Two\u00a0 spaces",
]


@pytest.mark.parametrize("source", SHOWN)
def test_prose_is_shown_as_typed(source):
    assert text_of(markup.render(source)) == source


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("\\&euro; \\&amp; \\&", "<p>&amp;euro; &amp;amp; &amp;</p>"),
        ("```Dear all\nI write", "<pre><code>Dear all\nI write\n</code></pre>"),
        ("Prose\n---\nmore", "<p>Prose</p>\n<hr>\n<p>more</p>"),
        ("> What she said\nMy answer", "<blockquote>\n<p>What she said</p>\n</blockquote>\n<p>My answer</p>"),
        (
            "> - said\nMy answer",
            "<blockquote>\n<ul>\n<li>said</li>\n</ul>\n</blockquote>\n<p>My answer</p>",
        ),
        ("1. a\n3. b\n5. c", '<ol>\n<li>a</li>\n<li value="3">b</li>\n<li value="5">c</li>\n</ol>'),
        ("3. a\n2. b", '<ol start="3">\n<li>a</li>\n<li value="2">b</li>\n</ol>'),
        ("1. a\n1. b\n1. c", "<ol>\n<li>a</li>\n<li>b</li>\n<li>c</li>\n</ol>"),
        ("1. a\n2. b\n2. c", '<ol>\n<li>a</li>\n<li>b</li>\n<li value="2">c</li>\n</ol>'),
        ("- a\n - b\n  - c\n   - d\n - e", "<ul>\n" + "".join(f"<li>{x}</li>\n" for x in "abcde") + "</ul>"),
        ("1. a\n 2. b\n  3. c\n   4. d", "<ol>\n" + "".join(f"<li>{x}</li>\n" for x in "abcd") + "</ol>"),
        ("-\u00a0a\n-\u00a0b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1.\u00a0a", "<ol>\n<li>a</li>\n</ol>"),
        (">\u00a0a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("#\u00a0a", "<h3>a</h3>"),
        ("\ufeff# a", "<h3>a</h3>"),
        ("\ufeff- a", "<ul>\n<li>a</li>\n</ul>"),
        ("    first line", "<pre><code>first line\n</code></pre>"),
        ("[a]: /b\n[a]: /c\n\n[a]", '<p><a href="/b">a</a>: /c</p>\n<p><a href="/b">a</a></p>'),
        ("> [a]: /b\n\n[a]", '<blockquote></blockquote>\n<p><a href="/b">a</a></p>'),
        ("[b]\n\n[a]: /1\n[b]: /2", '<p><a href="/2">b</a></p>\n<p>[a]: /1</p>'),
        ("[c]\n\n[c]: https://a.b/x\\_y", '<p><a href="https://a.b/x_y">c</a></p>'),
        ("[c]\n\n[c]: /a 'd\\_e'", '<p><a href="/a" title="d_e">c</a></p>'),
        ("![x][c]\n\n[c]: https://a.b/x\\_y", '<p><a href="https://a.b/x_y">x</a></p>'),
        ("```\n-\u00a0a\n```", "<pre><code>-&nbsp;a\n</code></pre>"),
        ("[a]\n\n[a]: /b\n[c]: /d", '<p><a href="/b">a</a></p>\n<p>[c]: /d</p>'),
    ],
)
def test_text_that_markdown_would_change_is_kept(source, html):
    assert rendered(source) == html


WRITTEN = st.text(
    st.sampled_from("ab19 \n\n[]():>#*_`~\\|-+.!&;<\"'/é中“x") | st.characters(categories=["L", "N"]), max_size=60
)


@settings(max_examples=400, deadline=None)
@given(WRITTEN)
@example("[a]: /b\n\n[c]: /d\n\n[c]")
@example("```a\nb")
@example("[a][b]\n\n[b]: /c 'd'")
@example("| a |\n|---|\n| b | c | d |")
def test_no_letter_or_digit_is_lost(source):
    """Targets and titles of links, and the numbers of lists, are in attributes."""
    try:
        html = markup.render(source)
    except markup.TooComplex:
        return
    shown = Counter(text_of(html) + unescape(" ".join(re.findall('(?:href|title|start|value)="([^"]*)"', html))))
    # list numbers and names of definitions are not text
    numbers = Counter("".join(re.findall(r"(?m)^[\s>*+-]*(\d{1,9})[.)]", source)))
    names = Counter("".join(re.findall(r"\[([^\[\]]*)\]", source)))
    typed = Counter(char for char in markup.normalise(source) if char.isalnum())
    assert typed - shown - numbers - names == Counter()


def paragraphs(number):
    return "\n\n".join(f"[u{n}]: /x\n[v][u{n + 1}] `a`" for n in range(number))


@pytest.mark.parametrize("source", [paragraphs(3), paragraphs(40)], ids=["few", "many"])
def test_definitions_that_depend_on_each_other_are_read_three_times_at_most(monkeypatch, source):
    reads = []
    whole = Reader.read
    monkeypatch.setattr(Reader, "read", lambda *given: reads.append(1) or whole(*given))
    html = markup.render(source)
    assert len(reads) <= 3
    assert "[u0]: /x" in text_of(html)
