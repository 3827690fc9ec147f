"""The queue at the desk: what waits, one item after the other, and decisions by its forms."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from posts import bars, figures
from posts.actions import appealing, deciding, flagging, moderating, undoing, writing
from posts.models import CannedReason, Case, Comment, LogEntry, Note, Rules, WatchedWord
from tests.factories import WORDS, moderator, person, reply

QUEUE = "/desk/posts/case/"
MOST_QUERIES = 10


@pytest.fixture
def desk(client, mod):
    """A browser in which Mo sits at the desk."""
    return seated(client, mod)


def seated(client, mod):
    """A browser in which this moderator sits at the desk."""
    TOTP.activate(mod, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client.force_login(mod)
    return client


def flagged(opening, reason="unkind", text=WORDS):
    """The open item of a new comment that Bob or somebody flagged."""
    comment = reply(opening, person(), text)
    flagging.flag(comment=comment, person=person(), reason=reason)
    return Case.objects.get(comment=comment)


def held(opening):
    """The open item of a newcomer's first comment."""
    return Case.objects.get(comment=reply(opening, person(trust=User.Trust.NEW)))


def form(case, **data):
    """What the form of an item sends."""
    case.refresh_from_db()
    return {"act": "remove", "reason": "It is unkind.", "seen": case.version} | data


def opened(desk, case):
    """What the form says of the item as it is when it is opened."""
    shown = desk.get(page(case)).context["form"]
    return {name: shown[name].value() for name in ("seen", "seen_at", "seen_text")}


def page(case):
    """The address of an item."""
    return f"{QUEUE}{case.pk}/change/"


def said(response):
    """The page's text."""
    return response.content.decode()


def test_the_first_thing_a_moderator_sees_is_what_waits(desk, opening):
    for make in (lambda: flagged(opening), lambda: held(opening), lambda: flagged(opening, "harm")):
        make()
    text = said(desk.get("/desk/"))
    assert text.index("urgent <strong>1</strong>") < text.index("held <strong>1</strong>")
    assert text.index("held <strong>1</strong>") < text.index("flagged <strong>1</strong>")
    kinds = [case.kind for case in desk.get(QUEUE).context["cases"]]
    assert kinds == [Case.Kind.URGENT, Case.Kind.HELD, Case.Kind.FLAGGED]
    assert len(desk.get(f"{QUEUE}?kind=5").context["cases"]) == 1


def test_an_empty_queue_is_a_good_sight(desk):
    assert "Nothing waits. Thank you" in said(desk.get("/desk/"))


@pytest.mark.parametrize(
    "query", ["?kind=9", "?kind=x", "?after=5-x", "?after=٣-1", "?after=99999999999999999-9", "?after=" + "9" * 40]
)
def test_an_address_that_makes_no_sense_shows_the_queue(desk, query, opening):
    flagged(opening)
    assert desk.get(QUEUE + query).status_code == 200


def test_the_text_of_urgent_and_private_items_is_masked_until_it_is_asked_for(desk, opening):
    case = flagged(opening, "harm", "I do not know how to go on from here.")
    assert "how to go on" not in said(desk.get(QUEUE))
    text = said(desk.get(page(case)))
    assert text.index('<details class="masked">') < text.index("how to go on")


def test_a_row_of_the_queue_says_which_word_and_what_the_flags_say(desk, opening):
    WatchedWord.objects.create(phrase="scam & co")
    WatchedWord.objects.create(phrase="pills")
    WatchedWord.objects.create(phrase="therapy", act=WatchedWord.Act.ASK)
    for reasons, text in ((("spam", "unkind", "spam"), "It is a scam & co."), (("harm",), "I have counted the pills.")):
        comment = reply(opening, person())
        for reason in reasons:
            flagging.flag(comment=comment, person=person(), reason=reason)
        writing.edit(editor=comment.author, comment=comment, source=f"{text} In therapy.")
    flagging.flag(comment=flagged(opening).comment, person=person(), reason="off_topic")
    rows = re.findall(r'<p class="help">(.*?)</p></div></li>', said(desk.get(QUEUE)))
    assert [row.split(" · weight")[0] for row in rows] == [
        "flagged by readers: Somebody may be at risk of harm · a watched word",
        "flagged by readers: It is spam or advertising, It is unkind · a watched word: “scam &amp; co”",
        "flagged by readers: It is unkind, It is off topic",
    ]


@pytest.mark.parametrize("place", ["item", "comment"])
def test_an_item_names_the_watched_words_that_its_text_has_now(desk, opening, alice, place):
    comment = reply(opening, alice, "It was a scam, and a cheap\ntrick at that.")
    WatchedWord.objects.create(phrase="Scam")
    WatchedWord.objects.create(phrase="cheap trick", act=WatchedWord.Act.ASK, advice="Say what happened & how.")
    WatchedWord.objects.create(phrase="am", advice="Not whole in it.")
    if place == "item":
        flagging.flag(comment=comment, person=person(), reason="unkind")
    address = page(Case.objects.get()) if place == "item" else f"{QUEUE}of/{comment.pk}/"
    text = said(desk.get(address))
    assert "Scam</strong> · hold the comment for review" in text
    assert "cheap trick</strong> · ask the author whether they mean it" in text
    assert "Say what happened &amp; how." in text
    assert "Not whole in it." not in text
    writing.edit(editor=alice, comment=comment, source="It was a pity, and no more than that.")
    assert "Watched words" not in said(desk.get(address))


def test_watched_words_of_a_masked_text_are_masked_with_it(desk, opening):
    case = flagged(opening, "harm", "I have counted the pills in the drawer.")
    WatchedWord.objects.create(phrase="pills")
    before, shown, after = said(desk.get(page(case))).partition("pills</strong>")
    assert shown
    assert "pills</strong>" not in after
    # the mask is open still, and what was opened within it is closed
    mask = before.partition('<details class="masked">')[2]
    assert mask
    assert mask.count("<details") == mask.count("</details")


def test_pages_of_the_queue_follow_each_other_without_gaps(desk, opening):
    made = [flagged(opening).pk for _number in range(12)]
    seen, address = [], QUEUE
    from posts.admin import queue

    limit, queue.ITEMS_PER_PAGE = queue.ITEMS_PER_PAGE, 5
    try:
        while address:
            context = desk.get(address).context
            seen += [case.pk for case in context["cases"]]
            address = context["after"] and f"{QUEUE}?after={context['after']}"
    finally:
        queue.ITEMS_PER_PAGE = limit
    assert seen == made


def test_no_page_of_the_desk_asks_more_than_ten_times(desk, opening, alice, mod):
    def fill():
        for _number in range(3):
            case, other = flagged(opening), held(opening)
            reply(case.comment, alice)
            moderating.remove(moderator=mod, comment=flagged(opening).comment, reason="It is unkind.")
            deciding.note(moderator=mod, text="Hm.", comment=case.comment)
        return case, other

    counts = []
    for _round in range(2):
        cases = fill()
        counts.append([])
        for address in ("/desk/", QUEUE, *map(page, cases[::-1])):
            desk.get(address)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert desk.get(address).status_code == 200
            counts[-1].append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= MOST_QUERIES


def test_opening_claims_and_a_second_moderator_sees_who_has_it(desk, opening, mod, django_user_model):
    case = flagged(opening)
    desk.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by == mod
    other = seated(type(desk)(), moderator("Mia Second"))
    assert "Mo Derby has it" in said(other.get(QUEUE))
    assert "Mo Derby has been looking at this" in said(other.get(page(case)))
    refused = other.post(page(case), form(case))
    assert "Somebody else is looking at this." in said(refused)
    assert Case.objects.open().filter(pk=case.pk).exists()
    taken = other.post(f"{QUEUE}{case.pk}/take/", form(case, reason="Half a thought"))
    assert "Half a thought" in said(taken)
    assert not LogEntry.objects.exists()
    assert other.post(page(case), form(case)).status_code == 302


def test_a_decision_leads_to_the_next_item_and_at_last_to_the_empty_queue(desk, opening):
    cases = [flagged(opening) for _number in range(2)]
    first = desk.post(page(cases[0]), form(cases[0]))
    assert first.url == page(cases[1])
    last = desk.post(page(cases[1]), form(cases[1], act="approve", reason=""), follow=True)
    assert "Nothing waits" in said(last)
    assert [entry.act for entry in LogEntry.objects.order_by("id")] == ["remove", "keep"]


def test_a_decision_by_rule_and_reason_at_hand(desk, opening):
    case = flagged(opening)
    rules, reason = Rules.in_force(), CannedReason.objects.get(title="Off topic")
    desk.post(page(case), form(case, rule="Be kind", canned=reason.pk, reason="", measure="warn"))
    removal, warning = LogEntry.objects.order_by("id")
    assert (removal.rule, removal.rules, removal.reason) == ("Be kind", rules, reason.text)
    assert (warning.act, warning.reason) == (LogEntry.Act.WARN, reason.text)


@pytest.mark.parametrize(
    "data",
    [
        {"reason": ""},
        {"act": ""},
        {"act": "vanish"},
        {"rule": "No such rule"},
        {"act": "edit_out"},
        {"measure": "kill"},
    ],
)
def test_a_form_that_says_too_little_keeps_what_was_written(desk, opening, data):
    case = flagged(opening)
    answer = desk.post(page(case), form(case, **{"reason": "Kept words."} | data))
    assert answer.status_code == 422
    assert not LogEntry.objects.exists()
    assert "reason" in data or "Kept words." in said(answer)


def test_a_stale_decision_says_so_and_does_nothing(desk, opening):
    case = flagged(opening)
    data = form(case)
    flagging.flag(comment=case.comment, person=person(), reason="spam")
    answer = desk.post(page(case), data | {"reason": "Kept words."})
    assert "This has changed since you opened it" in said(answer)
    assert "Kept words." in said(answer)
    assert not LogEntry.objects.exists()
    # sent again, it is about the item as it is shown now
    again = answer.context["form"]
    sent = {name: again[name].value() or "" for name in again.fields}
    assert desk.post(page(case), sent).status_code == 302
    assert LogEntry.objects.get().reason == "Kept words."


def test_a_stale_decision_tells_what_has_changed(desk, opening):
    case = flagged(opening)
    typed = {
        name: desk.get(page(case)).context["form"][name].value() or "" for name in ("seen", "seen_at", "seen_text")
    }
    before = case.comment.source
    flagging.flag(comment=case.comment, person=person(), reason="spam", note="They sell something.")
    Comment.objects.filter(pk=case.comment_id).update(created_at=timezone.now() - timedelta(hours=1))
    case.comment.refresh_from_db()
    writing.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
    answer = desk.post(page(case), form(case) | typed)
    assert answer.status_code == 409
    told = said(answer).split('id="since"')[1].split("</section>")[0]
    for change in ("It is spam or advertising", "They sell something.", "The text was changed", before[:20]):
        assert change in told
    assert "Quite another text" not in told


def test_a_text_changed_within_its_first_minutes_is_told_as_changed(desk, opening):
    case = flagged(opening)
    typed = {
        name: desk.get(page(case)).context["form"][name].value() or "" for name in ("seen", "seen_at", "seen_text")
    }
    writing.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
    assert "just after writing it" in said(desk.post(page(case), form(case) | typed))


def test_in_a_second_tab_one_reads_that_it_was_oneself(desk, opening):
    case = flagged(opening)
    data = form(case)
    desk.post(page(case), data)
    again = said(desk.post(page(case), data))
    assert "You have decided this already." in again
    assert "Somebody else" not in again


def test_nothing_is_offered_that_would_be_refused(desk, opening):
    """Nobody but the owner decides about staff, and nobody about themselves."""
    mia, owner = moderator("Mia Second"), person("Olga Owner", is_staff=True, is_superuser=True)
    comment = reply(opening, mia)
    flagging.flag(comment=comment, person=person(), reason="unkind")
    case = Case.objects.get()
    offered = 'name="measure"'
    assert offered not in said(desk.get(page(case)))
    Case.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert offered in said(seated(type(desk)(), owner).get(page(case)))


def test_a_note_that_is_too_long_is_kept_in_its_form(desk, opening):
    case = flagged(opening)
    answer = desk.post(f"{QUEUE}{case.pk}/note/", {"text": "n" * 2_001})
    assert answer.status_code == 422
    assert "n" * 2_001 in said(answer)


def test_a_held_item_does_not_stand_in_the_way_of_the_next(desk, opening):
    first, second = flagged(opening, "harm"), flagged(opening)
    assert desk.post(page(first), form(first, act="hold")).url == page(second)


def test_what_the_author_will_read_is_shown_before(desk, opening):
    case = flagged(opening)
    answer = desk.post(page(case), form(case, preview="1", rule="Be kind", reason="Not like this."))
    assert "What the author will read" in said(answer)
    assert "Your comment was removed." in said(answer)
    assert said(answer).count("Not like this.") == 2
    kept = said(desk.post(page(case), form(case, preview="1", act="approve", reason="")))
    assert "its author is not told" in kept
    assert not LogEntry.objects.exists()


def test_a_reason_at_hand_comes_into_its_box_to_be_changed_there(desk, opening):
    case = flagged(opening)
    canned = CannedReason.objects.create(
        title="Kindly", text="Please say it as across a small table.", rule="Be kind"
    )  # fmt: skip
    answer = desk.post(page(case), form(case, preview="1", reason="", canned=canned.pk))
    assert answer.context["form"]["reason"].value() == canned.text
    assert answer.context["form"]["rule"].value() == "Be kind"
    assert not answer.context["form"]["canned"].value()
    # and with scripts at once
    assert "Please say it as across" in said(desk.get(page(case))).split("data-reasons")[1].split(">")[0]


def test_an_answer_is_shown_before_it_is_sent(desk, opening, alice):
    entry = moderating.remove(
        moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.", rule="Be kind"
    )  # fmt: skip
    appealing.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version, "preview": "1"}
    data |= {"act": "edit_out", "passage": "unkind the week", "measure": "warn"}
    shown = said(desk.post(page(case), data)).split('id="will-read"')[1].split("</section>")[0]
    sentences = ["the decision was changed", "A passage was taken out of your comment.", "You were warned.", "Be kind"]
    for told in (*sentences, "One passage goes.", "unkind the week"):
        assert told in shown
    assert Case.objects.open().get() == case


def test_what_comes_instead_can_be_taken_back_where_it_is_told(desk, opening, alice):
    comment = reply(opening, alice)
    entry = moderating.edit_out(
        moderator=moderator("Mia Second"), comment=comment, passage="unkind the week", reason="It is unkind."
    )
    comment.refresh_from_db()
    writing.edit(editor=alice, comment=comment, source="Quite another text by now.")
    appealing.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "changed", "answer": "A word is enough.", "seen": case.version, "act": "", "measure": "warn"}
    told = said(desk.post(page(case), data, follow=True))
    assert f'action="{QUEUE}undo/{LogEntry.objects.get(act="warn").pk}/"' in told
    assert "Some of it was decided or written anew since." in told


def test_a_decision_is_taken_back_where_it_is_told(desk, opening):
    case = flagged(opening)
    text = said(desk.post(page(case), form(case), follow=True))
    entry = LogEntry.objects.get()
    assert f'action="{QUEUE}undo/{entry.pk}/"' in text
    # and leads to the item, which is open again
    assert desk.post(f"{QUEUE}undo/{entry.pk}/").url == page(case)
    assert Case.objects.open().get() == case
    assert case.comment.flags.get().outcome == ""
    assert "taken back already" in said(desk.post(f"{QUEUE}undo/{entry.pk}/", follow=True))
    assert "This is taken back already." in said(desk.get(f"{QUEUE}undo/{entry.pk}/"))


def test_what_was_decided_elsewhere_is_taken_back_after_being_asked_and_leads_back(desk, opening, alice, mod):
    here, there = (reply(opening, alice, f"{WORDS} {place}") for place in ("Here.", "There."))
    for comment in (here, there):
        flagging.flag(comment=comment, person=person(), reason="spam")
    locked = moderating.lock_branch(moderator=mod, comment=here, reason="Loud.")
    case, other = (Case.objects.get(comment=comment, kind=Case.Kind.FLAGGED) for comment in (here, there))
    about = {"moderator": mod, "case": other, "seen": other.version, "reason": "Said <twice>."}
    entry = deciding.decide(act="remove", measure="watch", rule="Be kind", **about)
    Case.objects.filter(pk=case.pk).update(closed_at=None, closed_by=None)
    text = said(desk.get(page(case)))
    # on the item itself at once, elsewhere by a page that asks
    assert re.findall(r'action="/desk/posts/case/undo/(\d+)/"', text) == [str(locked.pk)]
    assert f'name="from_item" value="{case.pk}"' in text
    address = f"{QUEUE}undo/{entry.pk}/?from_item={case.pk}"
    assert f'href="{address}"' in text
    asked = said(desk.get(address))
    for told in (
        "removed · Be kind",
        "Said &lt;twice&gt;.",
        "Mo Derby",
        "<bdi>Alice</bdi>",
        "put under watch",
        "There.",
    ):
        assert (told in asked) == (told != "There.")
    assert not LogEntry.objects.filter(undoes=entry).exists()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', asked))
    done = desk.post(f"{QUEUE}undo/{entry.pk}/", fields)
    assert done.url == page(case)
    assert LogEntry.objects.filter(act="undo").count() == 2
    for nonsense in ("x", "٣", "9" * 30):
        assert desk.post(f"{QUEUE}undo/{locked.pk}/", {"from_item": nonsense}).url == page(case)
    assert desk.get(f"{QUEUE}undo/999999/").status_code == 404


def test_not_for_me_leads_on(desk, opening, mod):
    first, second = flagged(opening), flagged(opening)
    assert desk.post(f"{QUEUE}{first.pk}/pass/").url == page(second)
    assert desk.post(f"{QUEUE}{second.pk}/pass/").url == QUEUE


def test_several_are_decided_at_once_and_what_changed_is_left(desk, opening):
    cases = [flagged(opening) for _number in range(3)]
    ticked = {"item": [f"{case.pk}:{case.version}" for case in cases] + ["x:1", "7"]}
    asked = desk.post(f"{QUEUE}bulk/", ticked)
    assert asked.status_code == 200
    flagging.flag(comment=cases[2].comment, person=person(), reason="spam")
    done = desk.post(f"{QUEUE}bulk/", ticked | {"confirmed": 1, "act": "remove", "reason": "Spam."}, follow=True)
    assert done.status_code == 409
    # one banner for all that was done, with one button, and one for what was not
    assert re.findall('<li class="(success|error)">', said(done)) == ["error", "success"]
    assert "2 items decided." in said(done)
    assert "This has changed" in said(done)
    # what is left waits for the same decision, as it is by now
    cases[2].refresh_from_db()
    assert f'name="seen" value="{cases[2].pk}:{cases[2].version}"' in said(done)
    assert ">Spam.</textarea>" in re.sub(r">\s+", ">", said(done))
    assert Comment.objects.filter(removed_at__isnull=False).count() == 2
    assert "tick at least one" in said(desk.post(f"{QUEUE}bulk/", follow=True))
    assert desk.post(f"{QUEUE}bulk/", ticked | {"confirmed": 1, "act": "ban", "reason": "x"}).status_code == 422


@pytest.fixture
def bulk(desk, opening):
    """Three items that wait, and what the form that decides about them sends."""
    cases = [flagged(opening) for _number in range(3)]
    seen = " ".join(f"{case.pk}:{case.version}" for case in cases)
    return cases, {"seen": seen, "confirmed": 1, "act": "remove", "rule": "Be kind", "reason": "Not like this."}


def test_what_the_authors_will_read_is_shown_before_several_are_decided(desk, bulk, mod):
    text = said(desk.post(f"{QUEUE}bulk/", bulk[1] | {"preview": 1}))
    told = text.partition("What the authors will read</h2>")[2].partition("</section>")[0]
    for part in ("Your comment was removed.", "Be kind", "Not like this."):
        assert part in told
    for name, value in (("seen", bulk[1]["seen"]), ("writer", mod.pk), ("confirmed", 1)):
        assert f'name="{name}" value="{value}"' in text
    assert not LogEntry.objects.exists()


def test_all_that_was_decided_at_once_is_taken_back_at_once(desk, bulk, mod):
    _cases, data = bulk
    text = said(desk.post(f"{QUEUE}bulk/", data, follow=True))
    way = re.search(r'action="(/desk/posts/case/undo/\?entries=[\d.]+)".*?>Undo all<', text).group(1)
    assert text.count('class="undo"') == 1
    asked = said(desk.get(way))
    assert asked.count("Not like this.") == 3
    assert "Take these 3 decisions back?" in asked
    assert Case.objects.open().count() == 0
    first, *_others = LogEntry.objects.order_by("id")
    undoing.undo(moderator=mod, entry=first, reason="No.")
    text = said(desk.post(way, follow=True))
    assert "2 decisions are taken back." in text
    assert re.search(f"{first.comment.shown_author}: [^<]*taken back already", text)
    assert Case.objects.open().count() == 3
    for nonsense in ("", "x", "1.٣", "9" * 30):
        assert desk.post(f"{QUEUE}undo/?entries={nonsense}").status_code in (302, 404)
    assert LogEntry.objects.filter(act="undo").count() == 3


def test_where_others_decided_about_all_of_them_what_was_typed_is_kept(desk, bulk):
    cases, data = bulk
    for case in cases:
        about = {"moderator": moderator(f"Mia {case.pk}"), "case": case, "seen": case.version}
        deciding.decide(act="approve", reason="Fine.", **about)
    answer = desk.post(f"{QUEUE}bulk/", data)
    assert answer.status_code == 409
    assert "None of these waits any more." in said(answer)
    assert ">Not like this.</textarea>" in said(answer)


def test_notes_are_for_moderators(desk, opening, client):
    case = flagged(opening)
    desk.post(f"{QUEUE}{case.pk}/note/", {"text": "Seen before."})
    desk.post(f"{QUEUE}{case.pk}/note/", {"text": "Knows no bounds.", "person": "1"})
    desk.post(f"{QUEUE}{case.pk}/note/", {"text": "  "})
    assert Note.objects.count() == 2
    text = said(desk.get(page(case)))
    assert "Seen before." in text
    assert "Knows no bounds." in text
    assert "Seen before." not in said(type(desk)().get(opening.thread.get_absolute_url()))


def test_what_is_about_oneself_is_for_others(desk, opening, mod):
    mia = moderator("Mia Second")
    comment = reply(opening, mod)
    flagging.flag(comment=comment, person=person("Fern Flagger"), reason="unkind")
    case = Case.objects.get()
    deciding.note(moderator=mia, text="He is tired.", person=mod)
    for address in (
        page(case),
        f"{QUEUE}of/{comment.pk}/",
        "/desk/posts/note/",
        f"/desk/accounts/user/{mod.pk}/change/",
    ):
        text = said(desk.get(address, follow=True))
        assert ("Fern Flagger" in text, "He is tired." in text) == (False, False)
    assert 'id="decide"' not in said(desk.get(page(case)))
    other = said(seated(type(desk)(), mia).get(page(case)))
    assert ("Fern Flagger" in other, "He is tired." in other, 'id="decide"' in other) == (True, True, True)


def test_a_moderator_begins_an_item_about_any_comment(desk, opening, alice):
    comment = reply(opening, alice)
    address = f"{QUEUE}of/{comment.pk}/"
    assert f'href="{address}"' in said(desk.get(opening.thread.get_absolute_url()))
    assert "Nothing about this comment waits." in said(desk.get(address))
    assert not Case.objects.exists()
    begun = desk.post(address)
    assert begun.url == desk.get(address).url == page(Case.objects.get())
    assert desk.get(f"{QUEUE}of/999999/").status_code == 404


def test_an_appeal_is_answered_at_the_desk_by_another(desk, opening, alice, mod):
    entry = moderating.remove(moderator=mod, comment=reply(opening, alice), reason="It is unkind.")
    appealing.appeal(entry=entry, text="It was meant kindly.", person=alice)
    mia = moderator("Mia Second")
    case = Case.objects.get()
    data = {"outcome": "reversed", "answer": "You are right.", "seen": case.version}
    assert "another moderator answers it" in said(desk.get(page(case)))
    case.refresh_from_db()
    assert case.claimed_by is None
    refused = desk.post(page(case), data)
    assert refused.status_code == 409
    assert "You made this decision" in said(refused)
    other = seated(type(desk)(), mia)
    Case.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert "It was meant kindly." in said(other.get(page(case)))
    assert other.post(page(case), data | {"answer": " "}).status_code == 422
    assert other.post(page(case), data, follow=True).status_code == 200
    assert entry.comment.thread.comments.get(pk=entry.comment_id).is_published
    assert "This was decided" in said(other.get(page(case)))


def test_a_decision_is_changed_on_appeal_by_the_form(desk, opening, alice):
    comment = reply(opening, alice)
    entry = moderating.remove(moderator=moderator("Mia Second"), comment=comment, reason="It is unkind.")
    appealing.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    asked = said(desk.get(page(case)))
    assert 'name="act"' in asked
    assert 'value="remove"' not in asked
    assert "It stays: removed" in asked
    data = {"outcome": "changed", "answer": "One passage goes.", "seen": case.version}
    nothing = desk.post(page(case), data)
    assert (nothing.status_code, "Please say what comes instead" in said(nothing)) == (409, True)
    unsaid = desk.post(page(case), data | {"act": "edit_out"})
    assert (unsaid.status_code, "Please say which passage." in said(unsaid)) == (422, True)
    missing = desk.post(page(case), data | {"act": "edit_out", "passage": "never said"})
    assert (missing.status_code, "One passage goes." in said(missing)) == (409, True)
    done = desk.post(page(case), data | {"act": "edit_out", "passage": "unkind the week"})
    assert done.status_code == 302
    comment.refresh_from_db()
    assert (comment.is_published, "unkind" in comment.source) == (True, False)


def test_what_was_chosen_for_another_answer_counts_not(desk, opening, alice):
    entry = moderating.remove(moderator=moderator("Mia Second"), comment=reply(opening, alice), reason="It is unkind.")
    appealing.appeal(entry=entry, text="It was meant kindly.", person=alice)
    case = Case.objects.get()
    data = {"outcome": "upheld", "answer": "It stays.", "seen": case.version, "measure": "ban", "act": "hold"}
    assert desk.post(page(case), data).status_code == 302
    alice.refresh_from_db()
    assert not alice.is_suspended


@pytest.mark.parametrize(
    "way", ["", "1/change/", "figures/", "of/1/", "bulk/", "undo/1/", "undo/", "1/pass/", "1/take/", "1/note/"]
)
def test_nobody_else_comes_to_the_desk(client, opening, alice, way):
    client.force_login(alice)
    for send in (client.get, client.post):
        assert send(QUEUE + way).status_code in (302, 403)
    clerk = person("Clara Clerk", is_staff=True)
    clerk_browser = seated(type(client)(), clerk)
    for send in (clerk_browser.get, clerk_browser.post):
        assert send(QUEUE + way).status_code == 403


def test_figures_are_plots_that_can_be_read_as_tables(desk, opening, mod):
    moderating.remove(moderator=mod, comment=flagged(opening).comment, reason="Spam.", rule="Be kind")
    from django.core.cache import cache

    cache.clear()
    text = said(desk.get(f"{QUEUE}figures/"))
    assert '<rect class="bar"' in text
    assert re.search(r">Be kind</td><td[^>]*>1</td><td[^>]*>0</td>", text)


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
def test_few_bars_are_no_wider_than_many_and_an_axis_measures_them(numbers, axis):
    chart = bars.of([(f"Month {number}", number) for number in numbers])
    assert [number for number, _y in chart.axis] == axis
    assert all(bar.width <= bars.WIDEST and bar.x + bar.width < bars.WIDTH for bar in chart.bars)
    labels = [bar.middle for bar in chart.bars if bar.is_labelled]
    assert labels[-1] == chart.bars[-1].middle
    assert all(right - left >= bars.LABEL for left, right in pairwise(labels))
    (_nought, foot), _half, (top, head) = chart.axis
    for bar in chart.bars:
        assert bar.y + bar.height == pytest.approx(foot)
        assert bar.height == pytest.approx((foot - head) * (bar.number or 0) / top, abs=0.1)


def test_months_without_anything_have_their_place():
    months = [(datetime(2027, 1, 1, tzinfo=UTC), 3), (datetime(2026, 11, 1, tzinfo=UTC), 1)]
    assert [(month.month, row) for month, row in figures.in_order(months)] == [(11, [1]), (12, None), (1, [3])]
    assert figures.in_order([]) == []


def test_old_claims_are_over(desk, opening):
    case = flagged(opening)
    other = moderator("Mia Second")
    Case.objects.update(claimed_by=other, claimed_at=timezone.now() - timedelta(minutes=16))
    desk.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by.display_name == "Mo Derby"


# One's session ends ---------------------------------------------------------------------------------------------------


def sent_signed_out(client, mod, address, data):
    """What the desk answers to what Mo sends after the session ended, and the page they find when they are back."""
    client.logout()
    refused = client.post(address, data | {"writer": mod.pk})
    waiting = client.session.get("unsent")
    client.force_login(mod)
    if waiting:
        session = client.session
        session["unsent"] = waiting
        session.save()
    return refused, client.get(address, follow=True)


def test_a_decision_typed_while_the_session_ended_waits_in_its_form(desk, mod, opening):
    case = flagged(opening)
    data = form(case, act="hold", reason="I want a second pair of eyes.", measure="watch", passage="At the end.")
    refused, back = sent_signed_out(desk, mod, page(case), data)
    assert refused.status_code == 403
    assert re.findall(r'<label for="(kept\d)">(\w+)</label><textarea[^>]* id="\1"', said(refused)) == [
        ("kept1", "Passage"), ("kept2", "Reason"),
    ]  # fmt: skip
    assert "no-store" in refused["Cache-Control"]
    assert "I want a second pair of eyes." in said(refused)
    assert f"/account/login/?next=%2Fdesk%2Fposts%2Fcase%2F{case.pk}%2Fchange%2F" in said(refused)
    assert not LogEntry.objects.exists()
    html = said(back)
    assert "This is what you wrote before you signed in." in html
    assert "I want a second pair of eyes." in html
    assert re.search(r'value="hold"[^>]*checked', html)
    # once it is decided it is gone
    assert desk.post(page(case), form(case, act="hold", reason="Please look.")).status_code == 302
    assert "second pair" not in said(desk.get(page(case)))


def test_a_decision_about_several_typed_while_the_session_ended_waits_with_what_was_ticked(desk, mod, bulk):
    _cases, data = bulk
    _refused, back = sent_signed_out(desk, mod, f"{QUEUE}bulk/", data)
    html = said(back)
    assert "This is what you wrote before you signed in." in html
    assert re.search(r'value="remove"[^>]*checked', html)
    assert ">Not like this.</textarea>" in re.sub(r">\s+", ">", html)
    assert f'name="seen" value="{data["seen"]}"' in html
    assert html.count(WORDS) == 3
    assert desk.post(f"{QUEUE}bulk/", data).url == QUEUE
    assert LogEntry.objects.filter(act="remove").count() == 3
    assert "tick at least one" in said(desk.get(f"{QUEUE}bulk/", follow=True))


def test_a_note_typed_while_the_session_ended_waits_too_and_for_nobody_else(desk, mod, opening):
    case = flagged(opening)
    address = f"{QUEUE}{case.pk}/note/"
    refused, back = sent_signed_out(desk, mod, address, {"text": "He wrote the same last year."})
    assert "He wrote the same last year." in said(refused)
    assert (back.status_code, "He wrote the same last year." in said(back)) == (200, True)
    assert not Note.objects.exists()
    desk.logout()
    desk.post(address, {"text": "He wrote the same last year.", "writer": mod.pk})
    waiting, other = desk.session["unsent"], moderator("Mia Second")
    seated(desk, other)
    session = desk.session
    session["unsent"] = waiting
    session.save()
    assert "last year" not in said(desk.get(address, follow=True))


def test_the_reason_of_an_act_about_rows_waits_for_the_same_act(desk, mod, alice):
    address, rows = "/desk/accounts/user/", {"_selected_action": alice.pk, "index": 0}
    typed = {"action": "suspend", "confirmed": "1", "reason": "He did so three times.", "days": "28"}
    refused, _back = sent_signed_out(desk, mod, address, rows | typed)
    assert "Choose the same rows and the same act again" in said(refused)
    other = said(desk.post(address, rows | {"action": "warn"}))
    assert "three times" not in other
    again = said(desk.post(address, rows | {"action": "suspend"}))
    assert "This is what you wrote before you signed in." in again
    assert f'name="writer" value="{mod.pk}"' in again
    assert "He did so three times." in again
    assert re.search(r'value="28"[^>]*selected', again)
    assert not alice.log_entries.exists()
    # once it is done it is gone
    desk.post(address, rows | typed)
    assert alice.log_entries.get().reason == "He did so three times."
    assert "three times" not in said(desk.post(address, rows | {"action": "suspend"}))


def test_whoever_signs_out_when_they_are_out_is_told_so_and_nothing_else(client):
    answer = client.post("/desk/logout/")
    assert answer.status_code == 200
    assert "You have been signed out" in said(answer)
    assert "Nothing was decided" not in said(answer)
    assert "/account/login/?next=%2Fdesk%2F" in said(answer)


def test_after_taking_an_item_over_it_is_decided(desk, mod, opening):
    case = flagged(opening)
    deciding.claim(moderator=moderator("Mia Second"), case_id=case.pk)
    # half filled in, as it was when somebody else had it
    answer = desk.post(f"{QUEUE}{case.pk}/take/", form(case, act="edit_out", reason="Half a thought.", passage=""))
    taken = said(answer)
    assert (answer.status_code, "Half a thought." in taken, "Please say which passage" in taken) == (200, True, False)
    # the form leads to the item's own address, not back to where it was taken over
    assert "errorlist" not in taken
    assert f'action="{page(case)}" id="decide"' in taken
    assert desk.post(page(case), form(case, act="approve")).status_code == 302
    assert LogEntry.objects.get().act == "keep"


def test_who_comes_second_keeps_what_they_typed_and_finds_on(desk, opening):
    case = flagged(opening)
    data = form(case, reason="It took me long to find kind words for this.")
    deciding.decide(moderator=moderator("Mia Second"), case=case, seen=case.version, act="remove", reason="Unkind.")
    second = desk.post(page(case), data)
    assert second.status_code == 409
    assert "It took me long to find kind words for this." in said(second)
    assert "To the queue" in said(second)


def test_an_appeal_tells_what_goes_with_the_decision(desk, opening, alice):
    case, mia = flagged(opening), moderator("Mia Second")
    about = {"moderator": mia, "case": case, "seen": case.version, "reason": "It is unkind."}
    entry = deciding.decide(act="remove", measure="ban", **about)
    appealing.appeal(entry=entry, text="It was meant kindly.", person=case.comment.author)
    told = "It stays: banned"
    appeal = Case.objects.open().get()
    assert told in said(desk.get(page(appeal)))
    undoing.undo(moderator=mia, entry=LogEntry.objects.get(act="ban"), reason="Too much.")
    assert told not in said(desk.get(page(appeal)))
