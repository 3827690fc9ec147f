"""Markdown is rendered as expected, and without harmful HTML."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum import markup
from forum.markup import inlines

RELATION = ' rel="nofollow ugc noopener"'
# as CommonMark says, but that every line end is kept, and that a list two spaces further in belongs to its item
MEANT = [
    ("one *two* **three**", "<p>one <em>two</em> <strong>three</strong></p>"),
    ("a line\nanother", "<p>a line<br>\nanother</p>"),
    ("~~gone~~", "<p><del>gone</del></p>"),
    ("a < b & c", "<p>a &lt; b &amp; c</p>"),
    ("# Loud", "<h3>Loud</h3>"),
    ("###### Quiet", "<h6>Quiet</h6>"),
    ("Text:\n- one\n- two", "<p>Text:</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
    ("Text\n1. one\n2. two", "<p>Text</p>\n<ol>\n<li>one</li>\n<li>two</li>\n</ol>"),
    ("line\r\nline", "<p>line<br>\nline</p>"),
    ("- one\n  > two\n- three", "<ul>\n<li>one<blockquote>\n<p>two</p>\n</blockquote>\n</li>\n<li>three</li>\n</ul>"),
    (
        "5. five\n   - six\n\n   seven",
        '<ol start="5">\n<li>\n<p>five</p>\n<ul>\n<li>six</li>\n</ul>\n<p>seven</p>\n</li>\n</ol>',
    ),
    ("- a\n\n\n- b\n      - c", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b<br>\n- c</p>\n</li>\n</ul>"),
    ("\tcode\n\n- a\n\t- b", "<pre><code>code\n</code></pre>\n<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
    (
        "- one\n  - two\n    - three\n- four",
        "<ul>\n<li>one<ul>\n<li>two<ul>\n<li>three</li>\n</ul>\n</li>\n</ul>\n</li>\n<li>four</li>\n</ul>",
    ),
    ("* one\n   * two\n* three", "<ul>\n<li>one<ul>\n<li>two</li>\n</ul>\n</li>\n<li>three</li>\n</ul>"),
    ("+ one\n    + two", "<ul>\n<li>one<ul>\n<li>two</li>\n</ul>\n</li>\n</ul>"),
    ("1. one\n  - two\n2. three", "<ol>\n<li>one<ul>\n<li>two</li>\n</ul>\n</li>\n<li>three</li>\n</ol>"),
    ("1. one\n   1. inner\n2. two", "<ol>\n<li>one<ol>\n<li>inner</li>\n</ol>\n</li>\n<li>two</li>\n</ol>"),
    (
        "- one\n\n  more of one\n- two",
        "<ul>\n<li>\n<p>one</p>\n<p>more of one</p>\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>",
    ),
    (
        "- one\n\n      code\n- two",
        "<ul>\n<li>\n<p>one</p>\n<pre><code>code\n</code></pre>\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>",
    ),
    ("10. ten\n11. eleven", '<ol start="10">\n<li>ten</li>\n<li>eleven</li>\n</ol>'),
    ("2) two\n3) three", '<ol start="2">\n<li>two</li>\n<li>three</li>\n</ol>'),
    ("- a\n+ b", "<ul>\n<li>a</li>\n</ul>\n<ul>\n<li>b</li>\n</ul>"),
    ("- one\n\ntext\n\n- two", "<ul>\n<li>one</li>\n</ul>\n<p>text</p>\n<ul>\n<li>two</li>\n</ul>"),
    ("- one\nlazy", "<ul>\n<li>one<br>\nlazy</li>\n</ul>"),
    (
        "- ```\n  a  *b*\n    c\n  ```\n- two",
        "<ul>\n<li>\n<pre><code>a  *b*\n  c\n</code></pre>\n</li>\n<li>two</li>\n</ul>",
    ),
    ("1. Do:\n   ~~~sh\n   # x\n   ~~~\n   done", "<ol>\n<li>Do:<pre><code>sh\n# x\n</code></pre>done</li>\n</ol>"),
    ("> ```\n> - a\n> ```\n> after", "<blockquote>\n<pre><code>- a\n</code></pre>\n<p>after</p>\n</blockquote>"),
    ("> - a\n>   - b", "<blockquote>\n<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n</blockquote>"),
    ("> a\nb", "<blockquote>\n<p>a</p>\n</blockquote>\n<p>b</p>"),
    ("> a\n\n> b", "<blockquote>\n<p>a</p>\n</blockquote>\n<blockquote>\n<p>b</p>\n</blockquote>"),
    ("> > deep\n> less", "<blockquote>\n<blockquote>\n<p>deep</p>\n</blockquote>\n<p>less</p>\n</blockquote>"),
    ('```python title="x"\nx = 1\n```', '<pre><code>python title="x"\nx = 1\n</code></pre>'),
    ("~~~\n```\n~~~", "<pre><code>```\n</code></pre>"),
    ("````\n```\n````", "<pre><code>```\n</code></pre>"),
    ("```\nopen\n\n- x", "<pre><code>open\n\n- x\n</code></pre>"),
    ("> ```\n> open\n\nafter", "<blockquote>\n<pre><code>open\n</code></pre>\n</blockquote>\n<p>after</p>"),
    ("``` a`b", "<p>``` a`b</p>"),
    ("    code\n\n    more", "<pre><code>code\n\nmore\n</code></pre>"),
    ("text\n    no code", "<p>text<br>\nno code</p>"),
    ("```\nhttps://a.b *x* ~~y~~ [z](/z)\n```", "<pre><code>https://a.b *x* ~~y~~ [z](/z)\n</code></pre>"),
    ("`a *b* https://c.d`", "<p><code>a *b* https://c.d</code></p>"),
    ("`` a`b ``", "<p><code>a`b</code></p>"),
    ("\\*no\\* \\`no\\` \\# \\[a](b)", "<p>*no* `no` # [a](b)</p>"),
    ("`a\\`b", "<p><code>a\\</code>b</p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("***a***", "<p><strong><em>a</em></strong></p>"),
    ("snake_case_name and 2*3*4", "<p>snake_case_name and 2*3*4</p>"),
    ("a * b * c", "<p>a * b * c</p>"),
    ("_a_ __b__", "<p><em>a</em> <strong>b</strong></p>"),
    ("~~a *b*~~ ~c~", "<p><del>a <em>b</em></del> ~c~</p>"),
    ("~~a", "<p>~~a</p>"),
    ("a  \nb\\\nc", "<p>a<br>\nb\\<br>\nc</p>"),
    ("# A\n## B\n#no\n####### no", "<h3>A</h3>\n<h4>B</h4>\n<p>#no<br>\n####### no</p>"),
    ("# A #\n# B#", "<h3>A</h3>\n<h3>B#</h3>"),
    ("Title\n=====\nmore", "<p>Title<br>\n=====<br>\nmore</p>"),
    ("Sub\n---", "<p>Sub</p>\n<hr>"),
    ("one\ntwo\n---", "<p>one<br>\ntwo</p>\n<hr>"),
    ("---\n***\n_ _ _", "<hr>\n<hr>\n<hr>"),
    ("#tag and # no", "<p>#tag and # no</p>"),
    ("&copy; &amp; &lt;b&gt; AT&T", "<p>© &amp; &lt;b&gt; AT&amp;T</p>"),
    (
        "<b>x</b> <!-- y --> <https://a.b/>",
        '<p>&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt; <a href="https://a.b/">https://a.b/</a></p>',
    ),
    ('[a](/b "t") [c](</d>) [e]( /f )', '<p><a href="/b" title="t">a</a> <a href="/d">c</a> <a href="/f">e</a></p>'),
    (
        '[a][r] [r][] [r]\n\n[r]: https://a.b/ "t"',
        "<p>" + " ".join(f'<a href="https://a.b/" title="t">{words}</a>' for words in "arr") + "</p>",
    ),
    ("[a] [b](javascript:1) [ ] x", "<p>[a] [b](javascript:1) [ ] x</p>"),
    (
        '![cat](https://a.b/c.png) ![](https://a.b/d.png "Dog") ![](https://a.b/e.png)',
        '<p><a href="https://a.b/c.png">cat</a> <a href="https://a.b/d.png" title="Dog">Dog</a> <a href="https://a.b/e.pn'
        'g">https://a.b/e.png</a></p>',
    ),
    ("[![cat](https://a.b/t.png)](https://a.b/)", '<p><a href="https://a.b/">cat</a></p>'),
    ("[https://a.b/](https://c.d/)", '<p><a href="https://c.d/">https://a.b/</a></p>'),
    ("www.a.b a@b.c ftp://a.b", "<p>www.a.b a@b.c ftp://a.b</p>"),
    (
        "https://a.b/x_y_z*, (https://a.b/c_(d)). https://a.b/?q=1&r=2!",
        '<p><a href="https://a.b/x_y_z">https://a.b/x_y_z</a>*, (<a href="https://a.b/c_(d)">https://a.b/c_(d'
        ')</a>). <a href="https://a.b/?q=1&amp;r=2">https://a.b/?q=1&amp;r=2</a>!</p>',
    ),
    ("**https://a.b/**", '<p><strong><a href="https://a.b/">https://a.b/</a></strong></p>'),
    (
        "| a | b |\n|---|---|\n| 1 | *2* |\n| 3 |",
        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td><em>2</em></td"
        ">\n</tr>\n<tr>\n<td>3</td>\n<td></td>\n</tr>\n</tbody>\n</table>",
    ),
    (
        "a|b\n-|-\n1|2|3\n\nafter",
        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2 | 3</td>\n"
        "</tr>\n</tbody>\n</table>\n<p>after</p>",
    ),
    (
        "| a \\| b |\n|---|\n| `c` |",
        "<table>\n<thead>\n<tr>\n<th>a | b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>c</code></td>\n</tr>\n</tbod"
        "y>\n</table>",
    ),
    ("| no\n| table", "<p>| no<br>\n| table</p>"),
    ("In\n1987. it was", "<p>In<br>\n1987. it was</p>"),
    ("- \n- a", "<ul>\n<li></li>\n<li>a</li>\n</ul>"),
    ("-\n\n  a", "<ul>\n<li></li>\n</ul>\n<p>a</p>"),
    ("- [ ] to do\n- [x] done", "<ul>\n<li>[ ] to do</li>\n<li>[x] done</li>\n</ul>"),
]


@pytest.mark.parametrize(("source", "html"), MEANT, ids=[source for source, _html in MEANT])
def test_markdown_is_rendered_as_expected(source, html):
    assert markup.render(source).replace(RELATION, "") == html


def test_rendering_keeps_no_state_between_texts():
    """Parsers are kept for each thread, but definitions and errors of one text do not affect the next."""
    before = markup.render("*a* [b] `c` **d")
    markup.render("[b]: https://example.org/\n\n[b] `x`")
    with pytest.raises(markup.TooComplex):
        markup.render("*a " * 1_500 + "b**" * 600)
    assert markup.render("*a* [b] `c` **d") == before


SAFE = [
    ("[a](https://example.org/x?y=1)", "https://example.org/x?y=1"),
    ("[a](/c/1/)", "/c/1/"),
    ("[a](#c1)", "#c1"),
    ("[a](mailto:a@example.org)", "mailto:a@example.org"),
    ("see https://example.org/a.", "https://example.org/a"),
    ("(https://example.org/a_(b))", "https://example.org/a_(b)"),
    ("<https://example.org/>", "https://example.org/"),
    ("![a picture](https://example.org/a.png)", "https://example.org/a.png"),
    (r"https://example.org/a\_b\_c", "https://example.org/a_b_c"),
    (r"[a](https://example.org/a\_b)", "https://example.org/a_b"),
    ("https://example.org/a`b`", "https://example.org/a"),
]


@pytest.mark.parametrize(("source", "target"), SAFE)
def test_links_have_their_target_and_nofollow(source, target):
    html = markup.render(source)
    assert f'<a href="{target}" rel="nofollow ugc noopener">' in html
    assert "<img" not in html


HOSTILE = [
    "[a](javascript:123)",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,x)",
    "[a](vbscript:x)",
    "[a](//evil.example)",
    "[a](/\\evil.example)",
    "[a](\\\\evil.example)",
    "[a](https:evil.example)",
    "[a](https://user@evil.example)",
    "[a]: javascript:1\n\n[a]",
    "<javascript:alert(1)>",
    "![a](javascript:1)",
    "[a](ftp://example.org)",
    "[a](https://example.org/" + "x" * 2_200 + ")",
    "[a](\x01javascript:1)",
    "[a](https://evil.example\\@example.org)",
    "https://example.org/" + "x" * 2_200,
    "https://user@evil.example",
    "[a](&#x2f;/evil.example)",
    "[a](<javascript:1>)",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_links_to_other_schemes_are_not_rendered(source):
    assert "href" not in markup.render(source)


def _no_cleaning(monkeypatch):
    monkeypatch.setattr(markup._tools, "cleaner", type("Off", (), {"clean": lambda self, html: html})())


def _no_nh3(monkeypatch):
    monkeypatch.setattr(markup.nh3, "clean", lambda html, **options: html)


def _no_check_while_writing(monkeypatch):
    monkeypatch.setattr(inlines, "is_safe_target", lambda target: True)


HANDS = [_no_check_while_writing, _no_cleaning, _no_nh3]


@pytest.mark.parametrize("works", HANDS)
@pytest.mark.parametrize("source", HOSTILE)
def test_each_check_alone_prevents_dangerous_link(monkeypatch, works, source):
    """With the two other checks disabled, each one still prevents such a link."""
    for stop in HANDS:
        if stop is not works:
            stop(monkeypatch)
    assert "href" not in markup.render(source)


def test_dangerous_link_appears_without_any_check(monkeypatch):
    for stop in HANDS:
        stop(monkeypatch)
    assert 'href="javascript:123"' in markup.render("[a](javascript:123)")


def test_bleach_alone_would_let_a_script_through(monkeypatch):
    """Without our own check of targets a dangerous link is rendered."""
    monkeypatch.setattr(markup, "is_safe_target", lambda target: True)
    assert 'href="javascript:123"' in markup._tools.cleaner.clean('<a href="javascript:123">a</a>')


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, html):
        super().__init__()
        self.seen, self.attributes = set(), set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes.update((tag, name) for name, _value in attrs)


def test_each_sanitizer_alone_removes_scripts(monkeypatch):
    hostile = '<script>x</script><a href="javascript:alert(1)" onclick="x">a</a><img src=x onerror=y>'
    assert Tags(markup._tools.cleaner.clean(hostile)).attributes == set()
    monkeypatch.setattr(markup._tools, "cleaner", type("Off", (), {"clean": lambda self, html: hostile})())
    html = markup.render("text")
    assert Tags(html).seen == {"a"}
    assert "javascript" not in html


PIECES = st.sampled_from(
    [
        "<script>",
        "</p>",
        "<a href=",
        "javascript:",
        "[a](",
        ")",
        "![",
        "]",
        "`",
        "```\n",
        "> ",
        "- ",
        "1. ",
        "**",
        "_",
        "~~",
        "&#x6a;",
        "&lt;",
        '"',
        "'",
        "\n",
        "\n\n",
        "    ",
        "onclick=",
        "<!--",
        "-->",
        "<![CDATA[",
        "[x]: ",
        "https://a.b/",
        "\\",
        "|",
        "|-|-|\n",
        "# ",
        "\t",
        "\u0301",
        "\x02",
        "\x03",
    ]
)
TYPED = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40).map("".join),
    # the same again and again, up to the limit
    st.lists(st.tuples(st.lists(PIECES, max_size=3).map("".join), st.integers(1, 3_000)), max_size=3).map(
        lambda parts: "".join(piece * times for piece, times in parts)[: markup.COMMENT.length]
    ),
    # in one another, and out again
    st.tuples(st.lists(PIECES, max_size=30), st.text(max_size=8)).map(
        lambda parts: "".join(parts[0]) + parts[1] + "".join(reversed(parts[0]))
    ),
)


@settings(max_examples=300, deadline=None)
@given(TYPED)
def test_any_text_renders_only_allowed_tags(source):
    try:
        html = markup.render(source)
    except markup.TooComplex:
        return
    found = Tags(html)
    assert found.seen <= markup.TAGS
    assert found.attributes <= {("a", "href"), ("a", "rel"), ("a", "title"), ("ol", "start"), ("li", "value")}
    assert not set(html) & set("\x02\x03")
    html.encode()


NORMAL = [
    ("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
    ("a\x00b\x01c\x1fd\x7fe\tf", "abcde\tf"),
    ("a\ud800b\udfffc", "abc"),
    ("a\ufdd0b\ufdefc\ufffed\uffffe", "abcde"),
    ("a\U0001fffeb\U0001ffffc\U0010fffed\U0010ffffe", "abcde"),
    ("a\u202ab\u202ec\u2066d\u2069e", "abcde"),
    ("e\u0301", "é"),
    ("x" + "\u0323" * 9 + "y", "x" + "\u0323" * 4 + "y"),
    ("x" + "\u20dd" * 5, "x" + "\u20dd" * 4),
    ("x" + "\u0323\u200d" * 5 + "y", "x" + "\u0323\u200d" * 4 + "\u200dy"),
    ("สวัสดี שָׁלוֹם", "สวัสดี שָׁלוֹם"),
    ("👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f!!!!! ——————", "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f!!!!! ——————"),
]


@pytest.mark.parametrize(("typed", "kept"), NORMAL, ids=[ascii(typed)[:30] for typed, _kept in NORMAL])
def test_invisible_characters_are_removed(typed, kept):
    assert markup.normalise(typed) == kept


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.characters(), st.sampled_from("a\u0301\u0323\u0345\u200d\u1100\u1161\u11a8\r\n"))).map(
        "".join
    )
)
def test_normalised_text_is_not_changed_again(source):
    once = markup.normalise(source)
    assert markup.normalise(once) == once
    once.encode()


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("\u200b" * 30, True),
        ("&nbsp; &#8203;", True),
        ("\u3164" * 30, True),
        ("\u2800" * 30, True),
        ("\u1160\u115f\uffa0", True),
        ("&#x3164;", True),
        ("…", False),
        ("山", False),
    ],
)
def test_text_of_invisible_characters_is_blank(text, blank):
    assert markup.is_blank(text) is blank
    assert markup.shows_nothing(text) is blank


@pytest.mark.parametrize(
    ("source", "nothing"),
    [
        ("> " * 15, True),
        ("> " * 5, True),
        ("- \n- \n-", True),
        ("1.", True),
        ("---", True),
        ("> &#x200b; &zwnj; &#x200b;", True),
        ("| &zwnj; |\n|---|", True),
        ("| | |\n|-|-|\n| | |", True),
        ("```\n\n```", True),
        ("[](<>)", False),
        ("[](https://a.b)", False),
        (":-)", False),
        ("-_-", False),
        ("5", False),
        ("> " * 15 + "x", False),
        ("> " * 15 + "!", False),
    ],
)
def test_markdown_that_shows_no_character_is_found(source, nothing):
    assert markup.shows_nothing(source) is nothing


@pytest.mark.parametrize(
    ("piece", "nothing"),
    [
        ("]_1_**\n\n", False),
        ("- '`~~", False),
        ("😀 ", False),
        ("12.5 | 7\n", False),
        ("1.\n\n", True),
        ("> - 1)\n", True),
        ("| |\n|-|\n", True),
        ("[](<>)_**\n", False),
        ("<", False),
        ("* * *\n\n", True),
        ("```\n", True),
        ("&zwnj;|", True),
    ],
)
def test_long_text_without_letters_is_not_rendered(monkeypatch, piece, nothing):
    monkeypatch.setattr(markup, "render", None)
    assert markup.shows_nothing(piece * 4000, markup.OPENING) is nothing


@pytest.mark.parametrize(
    ("source", "length", "line"), [("a\n\nb  c", 9, "a b c"), ("abcdef", 4, "abc…"), ("abcd", 4, "abcd")]
)
def test_text_is_shortened_to_one_line(source, length, line):
    assert markup.plain(source, length) == line
