"""The review queue: its order, bulk decisions, and the numbers by month."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import CannedReason, Case, Comment, LogEntry, WatchedWord
from posts.moderation import actions, bar_chart, decisions, flags, statistics, undo
from posts.writing import comments
from posts.writing import guests as writing_guests
from tests.factories import moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, flagged, form, held, page, said, seated

MOST_QUERIES = 10


def test_admin_index_shows_open_cases_by_kind(mod_client, opening):
    for make in (lambda: flagged(opening), lambda: held(opening), lambda: flagged(opening, "harm")):
        make()
    text = said(mod_client.get("/admin/"))
    assert text.index("urgent <strong>1</strong>") < text.index("held <strong>1</strong>")
    assert text.index("held <strong>1</strong>") < text.index("flagged <strong>1</strong>")
    kinds = [case.kind for case in mod_client.get(QUEUE).context["cases"]]
    assert kinds == [Case.Kind.URGENT, Case.Kind.HELD, Case.Kind.FLAGGED]
    assert len(mod_client.get(f"{QUEUE}?kind=5").context["cases"]) == 1


def test_empty_queue(mod_client):
    assert "Nothing is waiting. Thank you" in said(mod_client.get("/admin/"))


@pytest.mark.parametrize(
    "query", ["?kind=9", "?kind=x", "?after=5-x", "?after=٣-1", "?after=99999999999999999-9", "?after=" + "9" * 40]
)
def test_invalid_query_parameters_show_queue(mod_client, query, opening):
    flagged(opening)
    assert mod_client.get(QUEUE + query).status_code == 200


def test_text_of_urgent_case_is_masked(mod_client, opening):
    case = flagged(opening, "harm", "I do not know how to go on from here.")
    assert "how to go on" not in said(mod_client.get(QUEUE))
    text = said(mod_client.get(page(case)))
    assert text.index('<details class="masked">') < text.index("how to go on")


def test_row_shows_watched_words_and_reasons_of_flags(mod_client, opening):
    WatchedWord.objects.create(phrase="scam & co")
    WatchedWord.objects.create(phrase="pills")
    WatchedWord.objects.create(phrase="therapy", act=WatchedWord.Act.ASK)
    for reasons, text in ((("spam", "unkind", "spam"), "It is a scam & co."), (("harm",), "I have counted the pills.")):
        comment = reply(opening, person())
        for reason in reasons:
            flags.flag(comment=comment, person=person(), reason=reason)
        comments.edit(editor=comment.author, comment=comment, source=f"{text} In therapy.")
    flags.flag(comment=flagged(opening).comment, person=person(), reason="off_topic")
    rows = re.findall(r'<p class="help">(.*?)</p></div></li>', said(mod_client.get(QUEUE)), re.DOTALL)
    assert [row.split(" · weight")[0] for row in rows] == [
        "flagged by readers: Somebody may be at risk of harm · a watched word",
        "flagged by readers: It is spam or advertising, It is unkind · a watched word: “scam &amp; co”",
        "flagged by readers: It is unkind, It is off topic",
    ]


def test_pages_of_queue_have_no_gaps(mod_client, opening):
    made = [flagged(opening).pk for _number in range(12)]
    seen, address = [], QUEUE
    from posts.moderation.admin import queue

    limit, queue.ITEMS_PER_PAGE = queue.ITEMS_PER_PAGE, 5
    try:
        while address:
            context = mod_client.get(address).context
            seen += [case.pk for case in context["cases"]]
            address = context["after"] and f"{QUEUE}?after={context['after']}"
    finally:
        queue.ITEMS_PER_PAGE = limit
    assert seen == made


def test_admin_pages_take_at_most_ten_queries(mod_client, opening, alice, mod):
    def fill():
        for _number in range(3):
            case, other = flagged(opening), held(opening)
            reply(case.comment, alice)
            actions.remove(moderator=mod, comment=flagged(opening).comment, reason="It is unkind.")
            decisions.note(moderator=mod, text="Hm.", comment=case.comment)
        return case, other

    counts = []
    for _round in range(2):
        cases = fill()
        counts.append([])
        for address in ("/admin/", QUEUE, *map(page, cases[::-1])):
            mod_client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert mod_client.get(address).status_code == 200
            counts[-1].append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= MOST_QUERIES


def test_bulk_decision_leaves_changed_case(mod_client, opening):
    cases = [flagged(opening) for _number in range(3)]
    ticked = {"item": [f"{case.pk}:{case.version}" for case in cases] + ["x:1", "7"]}
    asked = mod_client.post(f"{QUEUE}bulk/", ticked)
    assert asked.status_code == 200
    flags.flag(comment=cases[2].comment, person=person(), reason="spam")
    done = mod_client.post(f"{QUEUE}bulk/", ticked | {"confirmed": 1, "act": "remove", "reason": "Spam."}, follow=True)
    assert done.status_code == 409
    # one message with a button for the decided cases, and one for the refused case
    assert re.findall('<li class="(success|error)">', said(done)) == ["error", "success"]
    assert "2 items decided." in said(done)
    assert "This has changed" in said(done)
    # the remaining case is in the form in its present version
    cases[2].refresh_from_db()
    assert f'name="seen" value="{cases[2].pk}:{cases[2].version}"' in said(done)
    assert ">Spam.</textarea>" in re.sub(r">\s+", ">", said(done))
    assert Comment.objects.filter(removed_at__isnull=False).count() == 2
    assert "tick at least one" in said(mod_client.post(f"{QUEUE}bulk/", follow=True))
    assert mod_client.post(f"{QUEUE}bulk/", ticked | {"confirmed": 1, "act": "ban", "reason": "x"}).status_code == 422


def test_preview_of_bulk_decision(mod_client, bulk, mod):
    text = said(mod_client.post(f"{QUEUE}bulk/", bulk[1] | {"preview": 1}))
    told = text.partition("What the authors will read</h2>")[2].partition("</section>")[0]
    for part in ("Your comment was removed.", "Be kind", "Not like this."):
        assert part in told
    for name, value in (("seen", bulk[1]["seen"]), ("writer", mod.pk), ("confirmed", 1)):
        assert f'name="{name}" value="{value}"' in text
    canned = CannedReason.objects.get(title="Advertising")
    shown = mod_client.post(f"{QUEUE}bulk/", bulk[1] | {"preview": 1, "reason": "", "rule": "", "canned": canned.pk})
    assert [shown.context["form"][name].value() for name in ("reason", "rule")] == [canned.text, canned.rule]
    assert not LogEntry.objects.exists()


def test_undo_of_bulk_decision(mod_client, bulk, mod):
    _cases, data = bulk
    text = said(mod_client.post(f"{QUEUE}bulk/", data, follow=True))
    way = re.search(r'action="(/admin/posts/case/undo/\?entries=[\d.]+)".*?>Undo all', text, re.S).group(1)
    assert text.count('class="undo"') == 1
    asked = said(mod_client.get(way))
    assert asked.count("Not like this.") == 3
    assert "Take these 3 decisions back?" in asked
    assert Case.objects.open().count() == 0
    first, *_others = LogEntry.objects.order_by("id")
    undo.undo(moderator=mod, entry=first, reason="No.")
    text = said(mod_client.post(way, follow=True))
    assert "2 decisions are reversed." in text
    assert re.search(f"{first.comment.shown_author}: [^<]*undone already", text)
    assert Case.objects.open().count() == 3
    for nonsense in ("", "x", "1.٣", "9" * 30):
        assert mod_client.post(f"{QUEUE}undo/?entries={nonsense}").status_code in (302, 404)
    assert LogEntry.objects.filter(act="undo").count() == 3


def test_typed_text_is_kept_if_all_cases_were_decided_meanwhile(mod_client, bulk):
    cases, data = bulk
    for case in cases:
        about = {"moderator": moderator(f"Mia {case.pk}"), "case": case, "seen": case.version}
        decisions.decide(act="approve", reason="Fine.", **about)
    answer = mod_client.post(f"{QUEUE}bulk/", data)
    assert answer.status_code == 409
    assert "None of these is waiting any more." in said(answer)
    assert ">Not like this.</textarea>" in said(answer)


@pytest.mark.parametrize(
    "way", ["", "1/change/", "figures/", "of/1/", "bulk/", "undo/1/", "undo/", "1/pass/", "1/take/", "1/note/"]
)
def test_other_people_cannot_open_queue(client, opening, alice, way):
    client.force_login(alice)
    for send in (client.get, client.post):
        assert send(QUEUE + way).status_code in (302, 403)
    clerk = person("Clara Clerk", is_staff=True)
    clerk_browser = seated(type(client)(), clerk)
    for send in (clerk_browser.get, clerk_browser.post):
        assert send(QUEUE + way).status_code == 403


def test_charts_can_be_read_as_tables(mod_client, opening, mod):
    actions.remove(moderator=mod, comment=flagged(opening).comment, reason="Spam.", rule="Be kind")
    from django.core.cache import cache

    cache.clear()
    text = said(mod_client.get(f"{QUEUE}figures/"))
    assert '<rect class="bar"' in text
    assert re.search(r">Be kind</td><td[^>]*>1</td><td[^>]*>0</td>", text)


def test_bulk_decision_sanctions_each_author_once_and_no_guests(mod_client, opening):
    author = person()
    theirs = [reply(opening, author, f"Buy this {number}.") for number in range(2)]
    guests = writing_guests.comment_as_guest(name="Wren", email="", parent=opening, source="Buy this, too.", key="k")
    for comment in theirs:
        flags.flag(comment=comment, person=person(), reason="spam")
    cases = Case.objects.filter(comment__in=[*theirs, guests])
    seen = " ".join(f"{case.pk}:{case.version}" for case in cases)
    data = {
        "seen": seen,
        "confirmed": "1",
        "act": "remove",
        "reason": "Advertising.",
        "sanction": "warn",
        "measured": f"x.{'9' * 5_000}",
    }
    assert mod_client.post(f"{QUEUE}bulk/", data).status_code == 302
    assert [entry.person for entry in LogEntry.objects.filter(act="warn")] == [author]
    assert LogEntry.objects.filter(act="remove").count() == 3


@pytest.mark.parametrize(
    ("numbers", "axis"),
    [
        ([1], [0, 1, 2]),
        ([140, None, 7], [0, 100, 200]),
        ([0.2] * 12, [0, 1, 2]),
        ([None], [0, 1, 2]),
        ([5] * 9, [0, 3, 6]),
    ],
)
def test_bar_chart_width_labels_and_axis(numbers, axis):
    chart = bar_chart.chart_of([(f"Month {number}", number) for number in numbers])
    assert [number for number, _y in chart.axis] == axis
    assert all(bar.width <= bar_chart.WIDEST and bar.x + bar.width < bar_chart.WIDTH for bar in chart.bars)
    labels = [bar.middle for bar in chart.bars if bar.is_labelled]
    assert labels[-1] == chart.bars[-1].middle
    assert all(right - left >= bar_chart.LABEL for left, right in pairwise(labels))
    (_nought, foot), _half, (top, head) = chart.axis
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(foot)
        assert bar.height == pytest.approx((foot - head) * (bar.number or 0) / top, abs=0.1)


def test_months_without_rows_are_included():
    months = [(datetime(2027, 1, 1, tzinfo=UTC), 3), (datetime(2026, 11, 1, tzinfo=UTC), 1)]
    assert [(month.month, row) for month, row in statistics.in_order(months)] == [(11, [1]), (12, None), (1, [3])]
    assert statistics.in_order([]) == []


def test_moderator_works_through_part_of_queue(mod_client, opening):
    first, second, urgent, new = flagged(opening), flagged(opening), flagged(opening, "harm"), held(opening)
    queue = said(mod_client.get(f"{QUEUE}?kind=6"))
    assert f'href="{page(first)}?kind=6"' in queue
    assert "written by a guest" not in queue
    shown = said(mod_client.get(f"{page(first)}?kind=6"))
    address = f"{page(first)}?kind=6"
    assert f'action="{address}" id="decide"' in shown
    # a more pressing case of another part is not offered
    assert mod_client.post(address, form(first)).url == f"{page(second)}?kind=6"
    assert mod_client.post(f"{page(second)}?kind=6", form(second)).url == f"{QUEUE}?kind=6"
    assert [case.pk for case in mod_client.get(f"{QUEUE}?why=first").context["cases"]] == [new.pk]
    reasons = {str(label): number for label, number, _part in mod_client.get(QUEUE).context["reasons"]}
    assert reasons == {"flagged by readers": 1, "one of this member’s first comments": 1}
    assert [case.pk for case in mod_client.get(f"{QUEUE}?kind=1&why=flag").context["cases"]] == [urgent.pk]
    assert len(mod_client.get(f"{QUEUE}?kind=x&why=y").context["cases"]) == 2
