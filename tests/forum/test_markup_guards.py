"""Limits of the Markdown renderer: what each of them refuses, and what happens without it."""

import re
import threading
import unicodedata
from dataclasses import replace
from types import SimpleNamespace

import pytest
from bleach.sanitizer import Cleaner
from django.utils.translation import override

from bench.markup import COSTLY
from forum import markup
from forum.markup import blocks, inlines, limits, tables, text, typed

FAR = 10**9


@pytest.fixture(autouse=True)
def no_haste(monkeypatch):
    """No time limit, because the machine may be busy. The limit has its own tests."""
    monkeypatch.setattr(limits, "CPU_SECONDS", FAR)


def refused(source, kind=markup.COMMENT):
    """The sentence of the refusal, as it was before the numbers came in."""
    with pytest.raises(markup.TooComplex) as fault:
        markup.render(source, kind)
    return fault.value.args[0]


# what a text may be as a whole, for a comment and for an opening post
WHOLE = [
    ("length", "x" * 20_001, "x" * 100_001, limits.TOO_LONG),
    ("lines", "x\n" * 2_001, "x\n" * 5_001, limits.TOO_MANY_LINES),
    ("html", "https://a.b/" + ("山" * 2_000 + " https://a.b/") * 9, None, limits.RESULT_TOO_LARGE),
    ("pieces", "<" * 6_001, "<" * 20_001, limits.RESULT_TOO_LARGE),
]


@pytest.mark.parametrize(("limit", "comment", "opening", "sentence"), WHOLE, ids=[row[0] for row in WHOLE])
def test_text_over_the_limit_of_its_kind_is_refused(limit, comment, opening, sentence):
    assert refused(comment) == sentence
    assert markup.render(comment, replace(markup.COMMENT, **{limit: FAR}))
    if opening is not None:
        assert markup.render(opening[: len(opening) // 2], markup.OPENING)
        assert refused(opening, markup.OPENING) == sentence
        assert markup.render(opening, replace(markup.OPENING, **{limit: FAR}))


# within the text: the guard, what it refuses, and the most that it lets pass
INSIDE = [
    (blocks, "DEEPEST", "> " * 11 + "x", "> " * 10 + "x", limits.TOO_DEEP),
    (blocks, "DEEPEST", "- " * 11 + "x", "- " * 10 + "x", limits.TOO_DEEP),
    (blocks, "DEEPEST", "1. > " * 6 + "x", "1. > " * 5 + "x", limits.TOO_DEEP),
    (blocks, "FARTHEST_IN", " " * 41 + "x", " " * 40 + "x", limits.TOO_FAR_IN),
    (blocks, "FARTHEST_IN", "\t" * 11 + "x", "\t" * 10 + "x", limits.TOO_FAR_IN),
    (typed, "MOST_SIGNS", "*a _b" * 1_001, "*a _b" * 1_000, limits.TOO_MANY_SIGNS),
    (tables, "MOST_COLUMNS", "|" * 22 + "\n" + "|-" * 21, "|" * 21 + "\n" + "|-" * 20, limits.TABLE_TOO_LARGE),
    (tables, "MOST_CELLS", "a|b|c|d\n-|-|-|-" + "\n|" * 500, "a|b|c|d\n-|-|-|-" + "\n|" * 499, limits.TABLE_TOO_LARGE),
    (inlines, "DEEPEST_TREE", "*a **b " * 31 + "c** d* " * 31, "*a **b " * 29 + "c** d* " * 29, limits.TOO_DEEP),
]


@pytest.mark.parametrize(("place", "guard", "much", "less", "sentence"), INSIDE, ids=[row[1] for row in INSIDE])
def test_too_many_or_too_deep_parts_are_refused(monkeypatch, place, guard, much, less, sentence):
    assert markup.render(less)
    assert refused(much) == sentence
    monkeypatch.setattr(place, guard, FAR)
    assert markup.render(much)


def test_cells_of_all_tables_are_counted_together():
    table = "|" * 11 + "\n" + "|-" * 10 + "|" + "\n|" * 100 + "\n\n"
    assert markup.render(table)
    assert refused(table * 2) == limits.TABLE_TOO_LARGE


def test_lines_in_code_block_may_be_indented():
    assert " " * 60 + "x" in markup.render("- ```\n" + " " * 62 + "x")


def work(monkeypatch, place, name, source):
    """How many times the pattern `name` found something in `source`."""
    found = []
    pattern = getattr(place, name)

    def watched(*given):
        for match in pattern.finditer(*given):
            found.append(match)
            yield match

    monkeypatch.setattr(place, name, SimpleNamespace(finditer=watched))
    markup.render(source)
    monkeypatch.setattr(place, name, pattern)
    return len(found)


@pytest.mark.parametrize("piece", ["[", "![", "[a"])
def test_search_for_the_end_of_a_link_stops_after_some_brackets(monkeypatch, piece):
    """Otherwise each bracket reads on to the end of the text, which is half the square of their number."""
    number = 500
    assert work(monkeypatch, inlines, "BRACKET", piece * number) < 15 * number
    monkeypatch.setattr(inlines, "DEEPEST_BRACKETS", FAR)
    assert work(monkeypatch, inlines, "BRACKET", piece * number) > 100 * number


def test_text_of_link_has_maximum_length(monkeypatch):
    source = "[" + "x" * 1_001 + "](/a)"
    assert "href" not in markup.render(source)
    monkeypatch.setattr(inlines, "LONGEST_LINK_TEXT", FAR)
    assert "href" in markup.render(source)


@pytest.mark.parametrize("form", ["[a]({})", "[a](<{}>)", "<{}>", "{}", "[a]\n\n[a]: {}"])
def test_address_that_is_too_long_is_no_link(form):
    longest = "https://example.org/" + "x" * 2_080
    assert f'href="{longest}"' in markup.render(form.format(longest))
    assert "href" not in markup.render(form.format(longest + "x"))


def test_repeated_reference_to_long_address_is_limited(monkeypatch):
    """10 KB would become 3 MB: it stops where the limit of the whole is reached, and not when all is made."""
    made = []
    whole = inlines._link_to
    monkeypatch.setattr(inlines, "_link_to", lambda address: made.append(address) or whole(address))
    source = "[a]: https://a.b/" + "x" * 2_000 + "\n\n" + "[a] " * 1_500
    assert refused(source) == limits.RESULT_TOO_LARGE
    assert 40 < len(made) < 50


@pytest.mark.parametrize("mark", ["a`", "\\*", "`` ` "])
def test_placeholder_characters_are_removed_from_text(monkeypatch, mark):
    """Python-markdown's engine would copy the text once for each of them."""
    steps = []
    whole = limits.Clock.check
    monkeypatch.setattr(limits.Clock, "check", lambda clock, ahead=0: steps.append(1) or whole(clock, ahead))
    markup.render(mark * 100)
    few = len(steps)
    markup.render(mark * 1_000)
    assert len(steps) < few + 1_000


def test_unmatched_backticks_are_read_once(monkeypatch):
    """Each would otherwise be looked for to the end of the text."""
    source = "``\\" * 3_000
    assert work(monkeypatch, typed, "TICKS", source) <= 3_000


# Where time is spent: each of these uses two seconds up, and the next step notices.
STAGES = [
    (blocks.Reader, "_read_line"),
    (typed.Typed, "_without"),
    (inlines._Link, "handleMatch"),
    (inlines._WebAddress, "handleMatch"),
    (inlines._Strike, "handleMatch"),
    (inlines._Emphasis, "get_match"),
    (typed.Typed, "_elements"),
    (inlines, "check_depth"),
    (Cleaner, "clean"),
]


@pytest.fixture
def clock(monkeypatch):
    """A CPU clock that advances only when told to; all other clocks are removed."""
    time = SimpleNamespace(now=5.0)
    monkeypatch.setattr(limits, "CPU_SECONDS", 1.0)
    monkeypatch.setattr(limits, "time", SimpleNamespace(thread_time=lambda: time.now))
    return time


@pytest.mark.parametrize(("place", "name"), STAGES, ids=[name for _place, name in STAGES])
def test_text_that_takes_too_long_is_refused_at_every_stage(monkeypatch, clock, place, name):
    source = "[a](/b) https://a.b/ ~~c~~ *d* `e`\n\nf\n\ng"
    whole = getattr(place, name)

    def slow(*given):
        clock.now += seconds
        return whole(*given)

    monkeypatch.setattr(place, name, slow)
    seconds = 0.01
    html = markup.render(source)
    seconds = 1.01
    assert refused(source) == limits.TOOK_TOO_LONG
    monkeypatch.setattr(limits, "CPU_SECONDS", FAR)
    assert markup.render(source) == html


def test_time_limit_is_checked_at_every_emphasis_character(monkeypatch, clock):
    """python-markdown pairs the emphasis characters of a paragraph in one call."""
    whole = inlines.DelimiterProcessor.search
    seen = []

    def slow(*given):
        clock.now += 0.3
        seen.append(given)
        return whole(*given)

    monkeypatch.setattr(inlines.DelimiterProcessor, "search", slow)
    assert refused("**a* b " * 100) == limits.TOOK_TOO_LONG
    assert len(seen) < 10


def test_time_limit_applies_in_server_threads(monkeypatch, clock):
    """Signals do not reach threads, and CPU time of other threads does not count."""
    monkeypatch.setattr(limits, "CPU_SECONDS", -1)
    answers = []

    def serve():
        try:
            markup.render("text")
        except markup.TooComplex as fault:
            answers.append((threading.current_thread() is threading.main_thread(), fault.args[0]))

    worker = threading.Thread(target=serve)
    worker.start()
    worker.join()
    assert answers == [(False, limits.TOOK_TOO_LONG)]


def test_threads_do_not_share_parsers():
    """Neither python-markdown nor bleach is thread-safe."""
    seen = []
    worker = threading.Thread(target=lambda: seen.append((markup._tools.engine, markup._tools.cleaner)))
    worker.start()
    worker.join()
    assert seen[0][0] is not markup._tools.engine
    assert seen[0][1] is not markup._tools.cleaner


def test_stacked_combining_marks_are_cut(monkeypatch):
    tower = "x" + "\u0323" * 500
    assert len(markup.normalise(tower)) == 5
    monkeypatch.setattr(text, "MOST_MARKS", FAR)
    assert len(markup.normalise(tower)) == 1 + text.LONGEST_RUN


SHAPES = (
    list(COSTLY.values())
    + [
        (piece * 20_000)[:20_000]
        for piece in (
            "[",
            "![",
            "]",
            "[a](",
            "[a]: b\n",
            "[a][b]",
            "<",
            "<a",
            "&",
            "&amp;",
            "\\",
            "\\`",
            "`",
            "`a",
            "*",
            "**",
            "_a",
            "*a **b ",
            "*a _b ",
            "~~",
            "~~a",
            "#",
            "# ",
            "> ",
            "- ",
            "1. ",
            "> > \n",
            "-\n",
            "    ",
            "\t",
            " ",
            "\n",
            "|",
            "|-",
            "|\n|-\n",
            "a@b.c ",
            "https://",
            "https://a.b/(",
            "http://a.b ",
            ".https://",
            "```\n",
            "~~~ ",
            "---\n",
            "a\n=\n",
            "\u200b",
            "\u0301",
            "e\u0301",
            "\u202e",
            "\ud800",
            "😀",
            "\x02",
            "\x03",
            "\x02klzzwxh:0000\x03",
            "\x02c0\x03",
            '("',
        )
    ]
    + [
        "".join("`" * length + "a" for length in range(199)),
        "".join("> " * depth + "a\n" for depth in [*range(1, 11)] * 100),
        "".join("  " * depth + "1. a\n" for depth in [*range(1, 10)] * 150),
        "a|" * 18 + "\n" + "-|" * 18 + "\n" + "|\n" * 90,
        "x" * 17_000 + "[a](b " * 500,
    ]
)


@pytest.mark.parametrize("source", SHAPES, ids=range(len(SHAPES)))
def test_any_structure_is_rendered_or_refused(source):
    """What they cost stands in bench/markup.py."""
    try:
        html = markup.render(source)
    except markup.TooComplex as fault:
        assert str(fault)[-1] == "."  # noqa: PT017
    else:
        html.encode()


def test_each_refusal_has_its_own_sentence_with_numbers():
    sentences = {
        str(markup.TooComplex(sentence, most=1_000, columns=20, cells=2_000))
        for name, sentence in vars(limits).items()
        if name.startswith(("TOO_", "TOOK_", "TABLE_", "RESULT_"))
    }
    assert len(sentences) == 8
    assert all("{" not in sentence and sentence.endswith(".") for sentence in sentences)


def test_refusal_is_in_language_of_reader(monkeypatch):
    from django.utils import translation

    fault = markup.TooComplex(limits.TOO_LONG, most=3)
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"<{translation.get_language()}> {{most}}")
    with override("de"):
        assert str(fault) == "<de> 3"


def test_combining_marks_are_cut_before_normalisation(monkeypatch):
    """Normalisation takes quadratic time for a run of marks and cannot be interrupted."""
    runs, whole = [], unicodedata.normalize

    def watched(form, source):
        runs.append(max(len(run) for run in re.findall("[\u0300-\u036f]+", source)))
        return whole(form, source)

    own = SimpleNamespace(normalize=watched, combining=unicodedata.combining, category=unicodedata.category)
    monkeypatch.setattr(text, "unicodedata", own)
    source = "a" + "\u0323\u0301\u0327" * 5_000
    once = markup.normalise(source)
    assert runs == [text.LONGEST_RUN]
    assert markup.normalise(once) == once
    assert len(once) <= 1 + text.MOST_MARKS


def test_cost_of_bleach_is_limited_before_it_runs(monkeypatch):
    """It cleans in one step: a text whose time would be over in the middle of it is not begun."""
    cleaned = []
    monkeypatch.setattr(limits, "CPU_SECONDS", 1.0)
    monkeypatch.setattr(limits.time, "thread_time", lambda: 0.0)
    monkeypatch.setattr(markup._tools, "cleaner", SimpleNamespace(clean=lambda html: cleaned.append(html) or html))
    source = "*a* " * 900
    markup.render(source)
    assert len(cleaned) == 1
    monkeypatch.setattr(limits, "CPU_SECONDS", 0.05)
    assert refused(source) == limits.TOOK_TOO_LONG
    assert len(cleaned) == 1


@pytest.mark.parametrize("piece", ["https://", "-https://", "=https://"])
def test_run_of_addresses_without_spaces_is_read_once(monkeypatch, piece):
    tried = []
    whole = inlines._WebAddress.handleMatch
    monkeypatch.setattr(inlines._WebAddress, "handleMatch", lambda *given: tried.append(1) or whole(*given))
    assert "<a" not in markup.render(piece * 2_000)
    assert len(tried) == 1


@pytest.mark.parametrize("line", ["a" + " " * 500 + "\u00a0b", ">" * 500 + "\u00a0b", "\u00a0" * 500 + "b"])
def test_search_for_markers_is_bounded(line):
    assert len(blocks.MARKERS.match(line)[0]) <= 60
