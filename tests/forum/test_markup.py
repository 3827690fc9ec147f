"""Markdown becomes what its writer meant, and nothing that can hurt a reader."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown.inlinepatterns import LinkInlineProcessor

from forum import markup

MEANT = [
    ("one *two* **three**", "<p>one <em>two</em> <strong>three</strong></p>"),
    ("a line\nanother", "<p>a line<br>\nanother</p>"),
    ("~~gone~~", "<p><del>gone</del></p>"),
    ("a < b & c", "<p>a &lt; b &amp; c</p>"),
    ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
    ("<!-- hidden -->", "<p>&lt;!-- hidden --&gt;</p>"),
    ("# Loud", "<h3>Loud</h3>"),
    ("###### Quiet", "<h6>Quiet</h6>"),
    ("#tag", "<p>#tag</p>"),
    ("Text:\n- one\n- two", "<p>Text:</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
    ("In\n1987. it was", "<p>In<br>\n1987. it was</p>"),
    ("```\n<i>\n```", "<pre><code>&lt;i&gt;\n</code></pre>"),
    ("line\r\nline", "<p>line<br>\nline</p>"),
    ("e\u0301", "<p>é</p>"),
    ("a\x00b\ud800c", "<p>abc</p>"),
]


@pytest.mark.parametrize(("source", "html"), MEANT, ids=[source for source, _html in MEANT[:-1]] + ["surrogate"])
def test_what_people_write_comes_out_as_they_meant_it(source, html):
    assert markup.render(source) == html


SAFE = [
    ("[a](https://example.org/x?y=1)", "https://example.org/x?y=1"),
    ("[a](/c/1/)", "/c/1/"),
    ("[a](#c1)", "#c1"),
    ("[a](mailto:a@example.org)", "mailto:a@example.org"),
    ("see https://example.org/a.", "https://example.org/a"),
    ("(https://example.org/a_(b))", "https://example.org/a_(b)"),
    ("<https://example.org/>", "https://example.org/"),
    ("![a picture](https://example.org/a.png)", "https://example.org/a.png"),
]


@pytest.mark.parametrize(("source", "target"), SAFE)
def test_a_link_leads_where_it_says_and_lends_no_weight(source, target):
    html = markup.render(source)
    assert f'<a href="{target}" rel="nofollow ugc noopener">' in html
    assert "<img" not in html


HOSTILE = [
    "[a](javascript:123)", "[a](JaVaScRiPt:alert(1))", "[a](java\tscript:alert(1))", "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,x)", "[a](vbscript:x)", "[a](//evil.example)", "[a](/\\evil.example)", "[a](\\\\evil.example)",
    "[a](https:evil.example)", "[a](https://user@evil.example)", "[a]: javascript:1\n\n[a]", "<javascript:alert(1)>",
    "![a](javascript:1)", "[a](ftp://example.org)", "[a](https://example.org/" + "x" * 2_200 + ")",
    "[a](\x01javascript:1)", "[a](https://evil.example\\@example.org)",
]  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE)
def test_no_link_leads_to_what_is_neither_page_nor_mail(source):
    assert "href" not in markup.render(source)


def test_bleach_alone_would_let_a_script_through(monkeypatch):
    """Why our own check of targets exists: without it the first hostile link is a link."""
    monkeypatch.setattr(markup, "is_safe_target", lambda target: True)
    assert 'href="javascript:123"' in markup._cleaner().clean('<a href="javascript:123">a</a>')


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


PIECES = st.sampled_from(
    ["<script>", "</p>", "<a href=", "javascript:", "[a](", ")", "![", "]", "`", "```\n", "> ", "- ", "1. ", "**", "_",
     "~~", "&#x6a;", "&lt;", '"', "'", "\n", "\n\n", "    ", "onclick=", "<!--", "-->", "<![CDATA[", "[x]: ",
     "https://a.b/", "\\"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40).map("".join))
def test_whatever_is_typed_only_harmless_tags_come_out(source):
    try:
        html = markup.render(source)
    except markup.TooComplex:
        return
    found = Tags(html)
    assert found.seen <= markup.TAGS
    assert found.attributes <= {("a", "href"), ("a", "rel"), ("ol", "start")}
    html.encode()


STALLING = [
    "[" * 10_000, "[a](" * 999 + "\\(" * 7_000, "``a" * 5_000, "**" * 5_000, "_a" * 5_000, "~~a" * 3_000,
    "a\n=\n" * 3_000, "> " * 500 + "x", "- " * 500 + "x", " " * 60 + "x",
]  # fmt: skip


@pytest.mark.parametrize("source", STALLING, ids=[source[:8] for source in STALLING])
def test_a_text_made_to_stall_the_server_is_refused(source):
    with pytest.raises(markup.TooComplex):
        markup.render(source)


@pytest.mark.parametrize(
    "source", ["[a](b " * 500 + "x" * 17_000, "![a](b " * 500 + "x" * 17_000, "[a][b" * 290 + "x" * 17_000]
)
def test_the_end_of_a_link_is_not_looked_for_without_end(monkeypatch, source):
    """Otherwise each bracket reads to the end of the text; what that costs stands in bench/markup.py."""
    seen = []
    whole = LinkInlineProcessor.getText

    def watched(self, data, index):
        seen.append(len(data) - index)
        return whole(self, data, index)

    monkeypatch.setattr(LinkInlineProcessor, "getText", watched)
    markup.render(source)
    assert seen
    assert max(seen) <= markup.LONGEST_LINK


def test_each_of_the_two_cleaners_would_do_alone(monkeypatch):
    """Neither is there for show: with one of them out of work the other still lets nothing through."""
    hostile = '<script>x</script><a href="javascript:alert(1)" onclick="x">a</a><img src=x onerror=y>'
    assert Tags(markup._cleaner().clean(hostile)).attributes == set()
    made = []
    monkeypatch.setattr(
        markup, "_cleaner", lambda: type("Off", (), {"clean": lambda self, html: made.append(html) or hostile})()
    )
    html = markup.render("text")
    assert made
    assert Tags(html).seen <= markup.TAGS
    assert "javascript" not in html


def test_bleach_has_its_say_before_nh3(monkeypatch):
    monkeypatch.setattr(markup.nh3, "clean", lambda html, **options: html)
    assert "href" not in markup.render("[a](javascript:1)")
    assert "<del>" in markup.render("~~gone~~")


@pytest.mark.parametrize(
    ("text", "blank"), [("\u200b" * 30, True), ("&nbsp; &#8203;", True), ("…", False), ("山", False)]
)
def test_what_shows_nothing_is_blank(text, blank):
    assert markup.is_blank(text) is blank


@pytest.mark.parametrize(
    ("source", "length", "line"), [("a\n\nb  c", 9, "a b c"), ("abcdef", 4, "abc…"), ("abcd", 4, "abcd")]
)
def test_a_text_in_one_line(source, length, line):
    assert markup.plain(source, length) == line
