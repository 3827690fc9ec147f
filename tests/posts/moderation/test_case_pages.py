"""An item of the queue: opened, decided, refused with what has changed, taken back, noted about."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from posts.models import CannedReason, Case, Comment, LogEntry, Note, Rules, WatchedWord
from posts.moderation import actions, appeals, decisions, flags
from posts.writing import comments
from tests.factories import WORDS, moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, flagged, form, held, opened, page, said, seated


@pytest.mark.parametrize("place", ["item", "comment"])
def test_an_item_names_the_watched_words_that_its_text_has_now(desk, opening, alice, place):
    comment = reply(opening, alice, "It was a scam, and a cheap\ntrick at that.")
    WatchedWord.objects.create(phrase="Scam")
    WatchedWord.objects.create(phrase="cheap trick", act=WatchedWord.Act.ASK, advice="Say what happened & how.")
    WatchedWord.objects.create(phrase="am", advice="Not whole in it.")
    if place == "item":
        flags.flag(comment=comment, person=person(), reason="unkind")
    address = page(Case.objects.get()) if place == "item" else f"{QUEUE}of/{comment.pk}/"
    text = said(desk.get(address))
    assert "Scam</strong> · hold the comment for review" in text
    assert "cheap trick</strong> · ask the author whether they mean it" in text
    assert "Say what happened &amp; how." in text
    assert "Not whole in it." not in text
    comments.edit(editor=alice, comment=comment, source="It was a pity, and no more than that.")
    assert "Watched words" not in said(desk.get(address))


def test_what_is_masked_is_masked_in_lists_and_above_its_replies_too(desk, opening, mod):
    masked = flagged(opening, "personal", text="She lives in Oak Lane 7.").comment
    actions.hold(moderator=mod, comment=masked, reason="Hm.")
    for address in ("/admin/posts/comment/", "/admin/posts/logentry/", "/admin/posts/revision/", QUEUE):
        assert "Oak Lane" not in said(desk.get(address))
    actions.approve(moderator=mod, comment=masked, reason="It is fine.")
    below = flagged(masked)
    shown = said(desk.get(page(below)))
    assert re.search(r'<details class="masked"><summary>[^<]+</summary>\s*<p>She lives in Oak Lane', shown)


def test_what_was_masked_once_is_masked_in_another_item_too(desk, opening, mod):
    first = flagged(opening, "harm", text="Stop your pills.")
    decisions.decide(moderator=mod, case=first, seen=first.version, act="approve", reason="A question, and no advice.")
    case = decisions.open_or_begin(moderator=mod, comment_id=first.comment_id)
    assert (case.kind, case != first) == (Case.Kind.FLAGGED, True)
    assert "Stop your pills." not in said(desk.get(QUEUE))
    for address, data in ((page(case), None), (f"{QUEUE}bulk/", {"item": f"{case.pk}:{case.version}"})):
        shown = said(desk.post(address, data) if data else desk.get(address))
        assert '<details class="masked">' in shown.split("Stop your pills.")[0]


def test_an_appeal_shows_no_text_that_is_masked_for_another_reason(desk, opening, alice):
    comment = reply(opening, alice, "She lives in Oak Lane 7.")
    entry = actions.lock_branch(moderator=moderator("Mia Second"), comment=comment, reason="Loud.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    flags.flag(comment=comment, person=person(), reason="personal")
    shown = said(desk.get(page(Case.objects.open().get(kind=Case.Kind.APPEAL))))
    assert '<details class="masked">' in shown.split("She lives in Oak Lane 7.")[0]


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


def test_opening_claims_and_a_second_moderator_sees_who_has_it(desk, opening, mod, django_user_model):
    case = flagged(opening)
    desk.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by == mod
    other = seated(type(desk)(), moderator("Mia Second"))
    assert "Mo Derby has it" in said(other.get(QUEUE))
    assert "Mo Derby has been looking at this" in said(other.get(page(case)))
    refused = other.post(page(case), form(case))
    assert "Mo Derby is looking at this." in said(refused)
    assert Case.objects.open().filter(pk=case.pk).exists()
    asked = other.post(f"{QUEUE}{case.pk}/take/", form(case, reason="Half a thought"))
    assert "Half a thought" in said(asked)
    assert "Yes, take it over from Mo Derby" in said(asked)
    case.refresh_from_db()
    assert case.claimed_by == mod
    taken = other.post(f"{QUEUE}{case.pk}/take/", form(case, reason="Half a thought", takes_over=1))
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
    desk.post(page(case), form(case, rule="Be kind", canned=reason.pk, reason="", sanction="warn"))
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
        {"sanction": "kill"},
        {"act": "approve", "sanction": "ban", "reason": ""},
        {"act": "approve", "sanction": "ban", "reason": "It keeps to the rules, and stays."},
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
    flags.flag(comment=case.comment, person=person(), reason="spam")
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
    flags.flag(comment=case.comment, person=person(), reason="spam", note="They sell something.")
    Comment.objects.filter(pk=case.comment_id).update(created_at=timezone.now() - timedelta(hours=1))
    case.comment.refresh_from_db()
    comments.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
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
    comments.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
    assert "just after writing it" in said(desk.post(page(case), form(case) | typed))


def test_who_is_refused_about_their_own_does_not_read_who_flagged_it_since(desk, opening, mod):
    moderator("Mia Second")
    flags.flag(comment=reply(opening, mod), person=person(), reason="unkind")
    case = Case.objects.get()
    typed = opened(desk, case)
    flags.flag(comment=case.comment, person=person(), reason="harm", note="A word about him.")
    assert "A word about him." not in said(desk.post(page(case), form(case, act="approve") | typed))


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
    flags.flag(comment=comment, person=person(), reason="unkind")
    case = Case.objects.get()
    offered = 'name="sanction"'
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
    # nor does it come back to who held it, with each of the next ones
    assert desk.post(page(second), form(second)).url == QUEUE


def test_what_the_author_will_read_is_shown_before(desk, opening):
    case = flagged(opening)
    answer = desk.post(page(case), form(case, preview="1", rule="Be kind", reason="Not like this."))
    assert "What the author will read" in said(answer)
    assert "Your comment was removed." in said(answer)
    assert said(answer).count("Not like this.") == 2
    kept = said(desk.post(page(case), form(case, preview="1", act="approve", reason="")))
    assert "its author is not told" in kept
    cut = said(
        desk.post(page(case), form(case, preview="1", act="edit_out", passage="unkind the week", sanction="ban"))
    )
    assert "had been […] before" in cut
    assert "does not have this passage" in said(
        desk.post(page(case), form(case, preview="1", act="edit_out", passage="no"))
    )
    suspended = said(desk.post(page(case), form(case, preview="1", sanction="suspend_7")))
    assert "<dt>Until</dt>" in suspended
    assert not LogEntry.objects.exists()


def test_a_reason_at_hand_comes_into_its_box_to_be_changed_there(desk, opening):
    case = flagged(opening)
    canned = CannedReason.objects.create(title="Kindly", text="Please say it as across a small table.", rule="Be kind")
    answer = desk.post(page(case), form(case, preview="1", reason="", canned=canned.pk))
    assert answer.context["form"]["reason"].value() == canned.text
    assert answer.context["form"]["rule"].value() == "Be kind"
    assert not answer.context["form"]["canned"].value()
    # and with scripts at once
    assert "Please say it as across" in said(desk.get(page(case))).split("data-reasons")[1].split(">")[0]


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
        flags.flag(comment=comment, person=person(), reason="spam")
    locked = actions.lock_branch(moderator=mod, comment=here, reason="Loud.")
    case, other = (Case.objects.get(comment=comment, kind=Case.Kind.FLAGGED) for comment in (here, there))
    about = {"moderator": mod, "case": other, "seen": other.version, "reason": "Said <twice>."}
    entry = decisions.decide(act="remove", sanction="watch", rule="Be kind", **about)
    Case.objects.filter(pk=case.pk).update(closed_at=None, closed_by=None)
    text = said(desk.get(page(case)))
    # on the item itself at once, elsewhere by a page that asks
    assert re.findall(r'action="/admin/posts/case/undo/(\d+)/"', text) == [str(locked.pk)]
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


def test_a_note_and_a_decision_half_typed_do_not_cost_each_other(desk, opening):
    case = flagged(opening)
    typed = form(case, act="hold", reason="I am not sure", sanction="watch", text="Seen before.")
    kept = desk.post(f"{QUEUE}{case.pk}/note/", typed)
    assert (kept.status_code, Note.objects.get().text) == (200, "Seen before.")
    again = kept.context["form"]
    assert [again[name].value() for name in ("act", "reason", "sanction")] == ["hold", "I am not sure", "watch"]
    assert not LogEntry.objects.exists()
    # the page loaded anew: once is enough
    desk.post(f"{QUEUE}{case.pk}/note/", typed)
    assert Note.objects.count() == 1
    too_long = desk.post(page(case), form(case, text="n" * 2_001))
    assert (too_long.status_code, LogEntry.objects.exists()) == (422, False)
    assert desk.post(page(case), form(case, text="And this.")).status_code == 302
    assert set(Note.objects.values_list("text", flat=True)) == {"Seen before.", "And this."}


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
    flags.flag(comment=comment, person=person("Fern Flagger"), reason="unkind")
    case = Case.objects.get()
    decisions.note(moderator=mia, text="He is tired.", person=mod)
    for address in (
        page(case),
        f"{QUEUE}of/{comment.pk}/",
        "/admin/posts/note/",
        f"/admin/accounts/user/{mod.pk}/change/",
    ):
        text = said(desk.get(address, follow=True))
        assert ("Fern Flagger" in text, "He is tired." in text) == (False, False)
    assert 'name="act"' not in said(desk.get(page(case)))
    other = said(seated(type(desk)(), mia).get(page(case)))
    assert ("Fern Flagger" in other, "He is tired." in other, 'name="act"' in other) == (True, True, True)


def test_a_moderator_begins_an_item_about_any_comment(desk, opening, alice):
    comment = reply(opening, alice)
    address = f"{QUEUE}of/{comment.pk}/"
    assert f'href="{address}"' in said(desk.get(opening.thread.get_absolute_url()))
    assert "Nothing about this comment waits." in said(desk.get(address))
    assert not Case.objects.exists()
    begun = desk.post(address)
    assert begun.url == desk.get(address).url == page(Case.objects.get())
    assert desk.get(f"{QUEUE}of/999999/").status_code == 404


def test_old_claims_are_over(desk, opening):
    case = flagged(opening)
    other = moderator("Mia Second")
    Case.objects.update(claimed_by=other, claimed_at=timezone.now() - timedelta(minutes=16))
    desk.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by.display_name == "Mo Derby"


def test_after_taking_an_item_over_it_is_decided(desk, mod, opening):
    case = flagged(opening)
    decisions.claim(moderator=moderator("Mia Second"), case_id=case.pk)
    # half filled in, as it was when somebody else had it
    half = form(case, act="edit_out", reason="Half a thought.", passage="", text="Half a note.", takes_over=1)
    answer = desk.post(f"{QUEUE}{case.pk}/take/", half)
    taken = said(answer)
    assert "Half a note." in taken
    assert (answer.status_code, "Half a thought." in taken, "Please say which passage" in taken) == (200, True, False)
    # the form leads to the item's own address, not back to where it was taken over
    assert "errorlist" not in taken
    assert f'action="{page(case)}" id="decide"' in taken
    assert desk.post(page(case), form(case, act="approve")).status_code == 302
    assert LogEntry.objects.get().act == "keep"


def test_who_comes_second_keeps_what_they_typed_and_finds_on(desk, opening):
    case = flagged(opening)
    data = form(case, reason="It took me long to find kind words for this.")
    decisions.decide(moderator=moderator("Mia Second"), case=case, seen=case.version, act="remove", reason="Unkind.")
    second = desk.post(page(case), data)
    assert second.status_code == 409
    assert "It took me long to find kind words for this." in said(second)
    assert "To the queue" in said(second)


class Buttons(HTMLParser):
    """The submit buttons of the form “decide” in the order of the page: the first one is what Enter presses."""

    def __init__(self, html):
        super().__init__()
        self.found, self._form, self._words = [], "", None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        about = dict(attrs)
        if tag == "form":
            self._form = about.get("id", "")
        is_submit = tag == "button" and about.get("type", "submit") == "submit"
        if is_submit and about.get("form", self._form) == "decide":
            self._words = ""

    def handle_data(self, data):
        if self._words is not None:
            self._words += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = ""
        elif tag == "button" and self._words is not None:
            self.found.append(self._words)
            self._words = None


@pytest.mark.parametrize("way", ["change", "take"])
def test_enter_in_an_item_that_a_colleague_has_decides_and_does_not_take_it_over(desk, opening, way):
    case = flagged(opening)
    decisions.claim(moderator=moderator("Mia Second"), case_id=case.pk)
    html = said(desk.get(page(case)) if way == "change" else desk.post(f"{QUEUE}{case.pk}/take/", form(case)))
    buttons = Buttons(html).found
    assert buttons[0] == "Decide"
    assert any("ake it over" in words for words in buttons)


def test_enter_in_an_item_of_every_kind_presses_its_main_button(desk, opening, mod):
    for case in (flagged(opening), held(opening)):
        assert Buttons(said(desk.get(page(case)))).found[0] == "Decide"
        actions.remove(moderator=mod, comment=case.comment, reason="Unkind.")
        assert Buttons(said(desk.get(page(case)))).found[0] == "Keep the note"
