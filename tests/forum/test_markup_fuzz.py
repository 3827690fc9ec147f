"""Mutations of Markdown examples: `render` returns harmless HTML or raises TooComplex, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum import markup
from forum.markup.text import DROPPED
from tests.forum.test_markup import Tags

# One or more examples of each construct that the CommonMark specification describes, and of tables and strikethrough.
EXAMPLES = [
    # links: inline, with angle brackets, with titles, by reference, collapsed, by shortcut; and images
    "[x](/a)",
    "[x](</a b>)",
    '[x](/a "t")',
    "[x](/a 't')",
    "[x](/a (t))",
    '[x](</a> "t")',
    "[x](/a(b)c)",
    "[*x* `y`](/a)",
    "[x [y] z](/a)",
    "[[x](/a)](/b)",
    "![x](/a)",
    '![x](</a> "t")',
    "[![x](/a)](/b)",
    "![](/a)",
    "[x][y]\n\n[y]: /a",
    "[x][]\n\n[x]: /a",
    "[x]\n\n[x]: /a",
    "![x][y]\n\n[y]: /a",
    "[x]\n\n[x]: </a>",
    '[x]\n\n[x]: </a> "t"',
    "[x]\n\n[x]: /a 't'",
    "[x]\n\n[x]: /a (t)",
    "[x]: /a\n[y]: /b\n\n[x] [y]",
    "> [x]: /a\n\n[x]",
    "- [x]: /a\n\n[x]",
    "[X Y]\n\n[x  y]: /a",
    "[x]\n\n[x]: /a\n[x]: /b",
    "[x](mailto:a@b.c)",
    "[x](#y)",
    # autolinks
    "<https://a.b/c>",
    "https://a.b/c",
    "(https://a.b/c_(d)).",
    "<mailto:a@b.c>",
    "https://a.b/?c=d&e=f",
    # emphasis, strikethrough, code, backslashes, entities, line breaks
    "*x*",
    "**x**",
    "***x***",
    "_x_ __y__",
    "**x *y* z**",
    "x_y_z",
    "~~x~~",
    "~~*x* y~~",
    "`x`",
    "``x ` y``",
    "` `` `",
    "\\*x\\*",
    "\\`x\\`",
    "\\[x\\](/a)",
    "&amp; &#35; &#x22; &nbsp;",
    "x  \ny",
    "x\\\ny",
    "`x\ny`",
    "<b>x</b>",
    "<!-- x -->",
    "[x](/\\*a)",
    "[x](`y`)",
    "[`x](/a)`",
    "*[x](/a)*",
    "[x](&#47;a)",
    # headings, rules, quotes
    "# x",
    "###### x ##",
    "x\n===",
    "x\n---",
    "***",
    "- - -",
    "> x\n> y",
    "> x\ny",
    "> > x",
    "> - x\n>   y",
    "> ```\n> x",
    # lists
    "- x\n- y",
    "1. x\n2. y",
    "3) x",
    "- x\n\n  y",
    "- x\n  - y\n    - z",
    "1. x\n   - y",
    "-\n- x",
    "- ```\n  x\n  ```",
    "999999999. x",
    "* x\n+ y",
    "- # x",
    "- > x",
    "10. x\n\n    y",
    # code blocks
    "```\nx\n```",
    "~~~ y\nx\n~~~",
    "    x\n\n    y",
    "````\n```\n````",
    "```x```",
    # tables
    "|x|y|\n|-|-|\n|a|b|",
    "x|y\n-|-\na|b",
    "|x|\n|:-:|\n|`a`|",
    "|x\\|y|\n|-|\n|[a](/b)|",
    "> |x|\n> |-|\n> |y|",
]
PIECES = [
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "!",
    "[](",
    "<>",
    "()",
    "[]",
    "[]:",
    ": ",
    '""',
    "''",
    " ",
    "\n",
    "\n\n",
    "\t",
    "`",
    "``",
    "*",
    "_",
    "~~",
    "\\",
    "&",
    "&#",
    ";",
    "&#0;",
    "&#2;",
    "&#x202e;",
    "&#x110000;",
    "&#" + "1" * 5_000 + ";",
    "#",
    "- ",
    "1. ",
    "0. ",
    "> ",
    "    ",
    "|",
    "|-|",
    "```",
    "~~~",
    "===",
    "---",
    "\x00",
    "\x02",
    "\x03",
    "\u0301",
    "\u200b",
    "\u202e",
    "\ud800",
    "\r",
    "٣. ",
    "²",
]


def check(source):
    """Renders `source` for both kinds of text; fails unless the result is harmless HTML or TooComplex."""
    for limits in (markup.COMMENT, markup.OPENING):
        try:
            html = markup.render(source, limits)
        except markup.TooComplex:
            continue
        found = Tags(html)
        assert found.seen <= markup.TAGS
        assert found.attributes <= {("a", "href"), ("a", "rel"), ("a", "title"), ("ol", "start"), ("li", "value")}
        assert not DROPPED.search(html)


@pytest.mark.parametrize(
    "source",
    [
        "[x](<>)",
        "![x](<>)",
        "[](<>)",
        '[x](<> "t")',
        '![](<> "t")',
        "[x]()",
        "![]()",
        "[]()",
        "[[x](<>)](<>)",
        "[x]\n\n[x]: <>",
        '[x]\n\n[x]: <> "t"',
        "[x]\n\n[x]:",
        "[x]\n\n[x]: ",
        "[x][y]\n\n[y]: <>",
        "![x][]\n\n[x]: <>",
    ],
)
def test_link_without_target_stays_text(source):
    assert "<a" not in markup.render(source)


LONG_REFERENCE = "&#" + "1" * 5_000 + ";"


@pytest.mark.parametrize(
    "source", ["{}", "[x]({})", "[x](<{}>)", "![{}](/a)", "[x]\n\n[x]: {}", "https://a.b/{}", "`{}`", "|{}|\n|-|"]
)
@pytest.mark.parametrize(
    "reference", [LONG_REFERENCE, "&#x" + "1" * 5_000, "&#2;", "&#x202e;", "&#xd800;", "&#0000000002;"]
)
def test_reference_to_invalid_character_is_shown_as_unknown(source, reference):
    """int() refuses 4,300 digits and more; a mark that turns the text around must not come in by its number."""
    check(source.format(reference))
    markup.is_blank(source.format(reference))


def test_two_references_do_not_combine_to_one():
    assert markup.render("&&#2;#x202e;") == "<p>&amp;\ufffd#x202e;</p>"


def test_target_is_checked_after_references_are_decoded():
    assert "<a" not in markup.render("[x](/&#x2f;a.b)")
    assert 'href="/\ufffd/a.b"' in markup.render("[x](/&#x202e;/a.b)")


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_with_any_part_taken_out_renders(example):
    for start in range(len(example)):
        for end in range(start + 1, len(example) + 1):
            check(example[:start] + example[end:])


@st.composite
def mutations(draw):
    """One or two examples, cut, repeated and with pieces put in."""
    text = draw(st.sampled_from(["", "\n", "\n\n", " "])).join(
        draw(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=2))
    )
    for _round in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        middle = draw(st.one_of(st.sampled_from(PIECES), st.just(text[start:end] * 2), st.text(max_size=3)))
        text = text[:start] + middle + text[end:]
    return text


@settings(max_examples=1_500, deadline=None)
@given(mutations())
def test_mutated_examples_render(source):
    check(source)
