"""Bare web addresses: where they begin and end, and which characters of them are kept."""

import re
from html import unescape

import pytest

from forum import markup

A = "https://a.example/b"
# (text, the addresses that become links)
CASES = [
    # the end
    (f"{A}", [A]),
    (f"{A}.", [A]),
    (f"{A}, and", [A]),
    (f"{A}; and", [A]),
    (f"{A}: and", [A]),
    (f"{A}!", [A]),
    (f"{A}?", [A]),
    (f"{A}?!", [A]),
    (f"{A}...", [A]),
    (f"{A}…", [A]),
    (f"{A}'", [A]),
    (f'"{A}"', [A]),
    (f"'{A}'", [A]),
    (f"({A})", [A]),
    (f"({A}).", [A]),
    (f"({A}.)", [A]),
    (f"(see {A}(c))", [f"{A}(c)"]),
    (f"{A}_(c)", [f"{A}_(c)"]),
    (f"{A}_(c)_(d)", [f"{A}_(c)_(d)"]),
    (f"(({A}))", [A]),
    (f"[{A}]", [A]),
    (f"{A}）", [A]),
    (f"（{A}）", [A]),
    (f"({A})。", [A]),
    (f"{A}。", [A]),
    (f"{A}，然后", [A]),
    (f"{A}、", [A]),
    (f"「{A}」", [A]),
    (f"《{A}》", [A]),
    (f"„{A}“", [A]),
    (f"“{A}”", [A]),
    (f"«{A}»", [A]),
    (f"‹{A}›", [A]),
    (f"‘{A}’", [A]),
    (f"{A}—and", [A]),
    (f"{A}–", [A]),
    (f"{A}/Kübler–Ross_model", [f"{A}/Kübler–Ross_model"]),
    (f"{A}/Col·legi·", [f"{A}/Col·legi"]),
    (f"ế{A}", []),
    (f"ש{A}", []),
    (f"{A}؟", [A]),
    (f"{A}।", [A]),
    (f"**{A}**", [A]),
    (f"**{A}**(fix)", [A]),
    (f"*{A}*", [A]),
    (f"_{A}_", [A]),
    (f"~~{A}~~", [A]),
    (f"{A}<br>", [A]),
    (f"{A}&gt;", [A]),
    (f"{A}&quot; x", [A]),
    (f"{A}`c`", [A]),
    (f"{A}\u00a0c", [A]),
    (f"{A}\u3000c", [A]),
    (f"{A}\nc", [A]),
    (f"| {A} | c |\n|---|---|", [A]),
    # the beginning
    (f"参见{A}", [A]),
    (f"こちら{A}です", [f"{A}です"]),
    (f"여기{A}", [A]),
    (f"ดู{A}", [A]),
    (f"→{A}", [A]),
    (f"•{A}", [A]),
    (f"—{A}", [A]),
    (f"={A}", [A]),
    (f":{A}", [A]),
    (f"/{A}", [A]),
    (f"x{A}", []),
    (f"1{A}", []),
    (f"é{A}", []),
    (f"я{A}", []),
    ("Https://a.example/B", ["Https://a.example/B"]),
    ("HTTP://A.EXAMPLE", ["HTTP://A.EXAMPLE"]),
    ("ftp://a.example", []),
    ("https://", []),
    # what is inside
    (f"{A}?c=1&region=2&section=3&times=4&copy=5", [f"{A}?c=1&region=2&section=3&times=4&copy=5"]),
    (f"{A}?c=1&amp;d=2", [f"{A}?c=1&d=2"]),
    (f"{A}/Alzheimer's_disease", [f"{A}/Alzheimer's_disease"]),
    (f"{A}/c_d_e", [f"{A}/c_d_e"]),
    (f"{A}/c*d", [f"{A}/c*d"]),
    (f"{A}/\\*c", [f"{A}/*c"]),
    (f"{A}/~c", [f"{A}/~c"]),
    (f"{A}#c:d,e", [f"{A}#c:d,e"]),
    ("https://de.example/Käse", ["https://de.example/Käse"]),
    ("https://münchen.example/", ["https://münchen.example/"]),
    ("https://例子.example/路径", ["https://例子.example/路径"]),
    (f"{A}?url={A}", [f"{A}?url={A}"]),
    (f"{A} {A}", [A, A]),
    (f"<{A}?c=1&region=2>", [f"{A}?c=1&region=2"]),
    (f"[c]({A}?c=1&region=2&copy=3)", [f"{A}?c=1&region=2&copy=3"]),
    (f"[c]({A}?c=1&amp;region=2)", [f"{A}?c=1&region=2"]),
    (f"[c][d]\n\n[d]: {A}?c=1&section=2", [f"{A}?c=1&section=2"]),
    (f"![c]({A}?c=1&times=2)", [f"{A}?c=1&times=2"]),
]


def targets(source):
    return [unescape(found) for found in re.findall('href="([^"]*)"', markup.render(source))]


@pytest.mark.parametrize(("source", "addresses"), CASES, ids=[source for source, _addresses in CASES])
def test_address_begins_and_ends_where_readers_expect(source, addresses):
    assert targets(source) == addresses


@pytest.mark.parametrize("source", [source for source, _addresses in CASES if not set("&[") & set(source)])
def test_no_character_beside_an_address_is_lost(source):
    shown = unescape(re.sub("<[^>]*>", "", markup.render(source)))
    assert [char for char in shown if char.isalnum()] == [char for char in source if char.isalnum()]
