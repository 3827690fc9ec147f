"""The page of a case: open, decide, conflicts, undo, and notes."""

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
def test_page_names_watched_words_of_present_text(mod_client, opening, alice, place):
    comment = reply(opening, alice, "It was a scam, and a cheap\ntrick at that.")
    WatchedWord.objects.create(phrase="Scam")
    WatchedWord.objects.create(phrase="cheap trick", act=WatchedWord.Act.ASK, advice="Say what happened & how.")
    WatchedWord.objects.create(phrase="am", advice="Not whole in it.")
    if place == "item":
        flags.flag(comment=comment, person=person(), reason="unkind")
    address = page(Case.objects.get()) if place == "item" else f"{QUEUE}of/{comment.pk}/"
    text = said(mod_client.get(address))
    assert "Scam</strong> · hold the comment for review" in text
    assert "cheap trick</strong> · ask the author whether they mean it" in text
    assert "Say what happened &amp; how." in text
    assert "Not whole in it." not in text
    comments.edit(editor=alice, comment=comment, source="It was a pity, and no more than that.")
    assert "Watched words" not in said(mod_client.get(address))


def test_masked_text_is_masked_in_lists_and_above_replies(mod_client, opening, mod):
    masked = flagged(opening, "personal", text="She lives in Oak Lane 7.").comment
    actions.hold(moderator=mod, comment=masked, reason="Hm.")
    for address in ("/admin/posts/comment/", "/admin/posts/logentry/", "/admin/posts/revision/", QUEUE):
        assert "Oak Lane" not in said(mod_client.get(address))
    actions.approve(moderator=mod, comment=masked, reason="It is fine.")
    below = flagged(masked)
    shown = said(mod_client.get(page(below)))
    assert re.search(r'<details class="masked"><summary>[^<]+</summary>\s*<p>She lives in Oak Lane', shown)


def test_text_stays_masked_in_later_case(mod_client, opening, mod):
    first = flagged(opening, "harm", text="Stop your pills.")
    decisions.decide(moderator=mod, case=first, seen=first.version, act="approve", reason="A question, and no advice.")
    case = decisions.open_or_begin(moderator=mod, comment_id=first.comment_id)
    assert (case.kind, case != first) == (Case.Kind.FLAGGED, True)
    assert "Stop your pills." not in said(mod_client.get(QUEUE))
    for address, data in ((page(case), None), (f"{QUEUE}bulk/", {"item": f"{case.pk}:{case.version}"})):
        shown = said(mod_client.post(address, data) if data else mod_client.get(address))
        assert '<details class="masked">' in shown.split("Stop your pills.")[0]


def test_text_is_masked_on_page_of_appeal(mod_client, opening, alice):
    comment = reply(opening, alice, "She lives in Oak Lane 7.")
    entry = actions.lock_branch(moderator=moderator("Mia Second"), comment=comment, reason="Loud.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=alice)
    flags.flag(comment=comment, person=person(), reason="personal")
    shown = said(mod_client.get(page(Case.objects.open().get(kind=Case.Kind.APPEAL))))
    assert '<details class="masked">' in shown.split("She lives in Oak Lane 7.")[0]


def test_watched_words_of_masked_text_are_masked(mod_client, opening):
    case = flagged(opening, "harm", "I have counted the pills in the drawer.")
    WatchedWord.objects.create(phrase="pills")
    before, shown, after = said(mod_client.get(page(case))).partition("pills</strong>")
    assert shown
    assert "pills</strong>" not in after
    # the word is inside the mask, and no other <details> element
    mask = before.partition('<details class="masked">')[2]
    assert mask
    assert mask.count("<details") == mask.count("</details")


def test_opening_claims_case_and_second_moderator_sees_it(mod_client, opening, mod, django_user_model):
    case = flagged(opening)
    mod_client.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by == mod
    other = seated(type(mod_client)(), moderator("Mia Second"))
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


def test_decision_leads_to_next_case_and_then_to_queue(mod_client, opening):
    cases = [flagged(opening) for _number in range(2)]
    first = mod_client.post(page(cases[0]), form(cases[0]))
    assert first.url == page(cases[1])
    last = mod_client.post(page(cases[1]), form(cases[1], act="approve", reason=""), follow=True)
    assert "Nothing is waiting" in said(last)
    assert [entry.act for entry in LogEntry.objects.order_by("id")] == ["remove", "keep"]


def test_decision_with_rule_and_canned_reason(mod_client, opening):
    case = flagged(opening)
    rules, reason = Rules.in_force(), CannedReason.objects.get(title="Off topic")
    mod_client.post(page(case), form(case, rule="Be kind", canned=reason.pk, reason="", sanction="warn"))
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
def test_incomplete_form_keeps_typed_text(mod_client, opening, data):
    case = flagged(opening)
    answer = mod_client.post(page(case), form(case, **{"reason": "Kept words."} | data))
    assert answer.status_code == 422
    assert not LogEntry.objects.exists()
    assert "reason" in data or "Kept words." in said(answer)


def test_stale_decision_is_refused(mod_client, opening):
    case = flagged(opening)
    data = form(case)
    flags.flag(comment=case.comment, person=person(), reason="spam")
    answer = mod_client.post(page(case), data | {"reason": "Kept words."})
    assert "This has changed since you opened it" in said(answer)
    assert "Kept words." in said(answer)
    assert not LogEntry.objects.exists()
    # if the form is sent again, it applies to the present version
    again = answer.context["form"]
    sent = {name: again[name].value() or "" for name in again.fields}
    assert mod_client.post(page(case), sent).status_code == 302
    assert LogEntry.objects.get().reason == "Kept words."


def test_stale_decision_shows_changes(mod_client, opening):
    case = flagged(opening)
    typed = {name: mod_client.get(page(case)).context["form"][name].value() or "" for name in ("seen", "seen_at")}
    before = case.comment.source
    flags.flag(comment=case.comment, person=person(), reason="spam", note="They sell something.")
    Comment.objects.filter(pk=case.comment_id).update(created_at=timezone.now() - timedelta(hours=1))
    case.comment.refresh_from_db()
    comments.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
    answer = mod_client.post(page(case), form(case) | typed)
    assert answer.status_code == 409
    told = said(answer).split('id="since"')[1].split("</section>")[0]
    for change in ("It is spam or advertising", "They sell something.", "The text was changed", before[:20]):
        assert change in told
    assert "Quite another text" not in told


def test_edit_of_flagged_comment_within_first_minutes_leaves_a_version(mod_client, opening):
    case = flagged(opening)
    typed = {name: mod_client.get(page(case)).context["form"][name].value() or "" for name in ("seen", "seen_at")}
    comments.edit(editor=case.comment.author, comment=case.comment, source="Quite another text by now.")
    assert "The text was changed. When you opened it" in said(mod_client.post(page(case), form(case) | typed))
    case.comment.refresh_from_db()
    assert (case.comment.revisions.count(), case.comment.edited_at is not None) == (1, True)


def test_author_does_not_see_flags_on_own_comment_after_refusal(mod_client, opening, mod):
    moderator("Mia Second")
    flags.flag(comment=reply(opening, mod), person=person(), reason="unkind")
    case = Case.objects.get()
    typed = opened(mod_client, case)
    flags.flag(comment=case.comment, person=person(), reason="harm", note="A word about him.")
    assert "A word about him." not in said(mod_client.post(page(case), form(case, act="approve") | typed))


def test_decision_in_second_tab_says_that_you_decided(mod_client, opening):
    case = flagged(opening)
    data = form(case)
    mod_client.post(page(case), data)
    again = said(mod_client.post(page(case), data))
    assert "You have decided this already." in again
    assert "Somebody else" not in again


def test_sanctions_that_would_be_refused_are_not_offered(mod_client, opening):
    """Only the owner decides about staff, and moderators cannot decide about themselves."""
    mia, owner = moderator("Mia Second"), person("Olga Owner", is_staff=True, is_superuser=True)
    comment = reply(opening, mia)
    flags.flag(comment=comment, person=person(), reason="unkind")
    case = Case.objects.get()
    offered = 'name="sanction"'
    assert offered not in said(mod_client.get(page(case)))
    Case.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert offered in said(seated(type(mod_client)(), owner).get(page(case)))


def test_note_that_is_too_long_stays_in_form(mod_client, opening):
    case = flagged(opening)
    answer = mod_client.post(f"{QUEUE}{case.pk}/note/", {"text": "n" * 2_001})
    assert answer.status_code == 422
    assert "n" * 2_001 in said(answer)


def test_held_case_is_not_offered_again(mod_client, opening):
    first, second = flagged(opening, "harm"), flagged(opening)
    assert mod_client.post(page(first), form(first, act="hold")).url == page(second)
    # it is not offered to the same moderator later, either
    assert mod_client.post(page(second), form(second)).url == QUEUE


def test_preview_of_statement(mod_client, opening):
    case = flagged(opening)
    answer = mod_client.post(page(case), form(case, preview="1", rule="Be kind", reason="Not like this."))
    assert "What the author will read" in said(answer)
    assert "Your comment was removed." in said(answer)
    assert said(answer).count("Not like this.") == 2
    kept = said(mod_client.post(page(case), form(case, preview="1", act="approve", reason="")))
    assert "its author is not told" in kept
    cut = said(
        mod_client.post(page(case), form(case, preview="1", act="edit_out", passage="unkind the week", sanction="ban"))
    )
    assert "had been […] before" in cut
    assert "does not have this passage" in said(
        mod_client.post(page(case), form(case, preview="1", act="edit_out", passage="no"))
    )
    suspended = said(mod_client.post(page(case), form(case, preview="1", sanction="suspend_7")))
    assert "<dt>Until</dt>" in suspended
    assert not LogEntry.objects.exists()


def test_canned_reason_is_filled_in_and_can_be_changed(mod_client, opening):
    case = flagged(opening)
    canned = CannedReason.objects.create(title="Kindly", text="Please say it as across a small table.", rule="Be kind")
    answer = mod_client.post(page(case), form(case, preview="1", reason="", canned=canned.pk))
    assert answer.context["form"]["reason"].value() == canned.text
    assert answer.context["form"]["rule"].value() == "Be kind"
    assert not answer.context["form"]["canned"].value()
    # JavaScript fills it in from this attribute
    assert "Please say it as across" in said(mod_client.get(page(case))).split("data-reasons")[1].split(">")[0]


def test_message_has_button_to_undo_decision(mod_client, opening):
    case = flagged(opening)
    text = said(mod_client.post(page(case), form(case), follow=True))
    entry = LogEntry.objects.get()
    assert f'action="{QUEUE}undo/{entry.pk}/"' in text
    # the button leads to the case, which is open again
    assert mod_client.post(f"{QUEUE}undo/{entry.pk}/").url == page(case)
    assert Case.objects.open().get() == case
    assert case.comment.flags.get().outcome == ""
    assert "undone already" in said(mod_client.post(f"{QUEUE}undo/{entry.pk}/", follow=True))
    assert "This has been reversed already." in said(mod_client.get(f"{QUEUE}undo/{entry.pk}/"))


def test_undo_of_other_decision_asks_first_and_leads_back(mod_client, opening, alice, mod):
    here, there = (reply(opening, alice, f"{WORDS} {place}") for place in ("Here.", "There."))
    for comment in (here, there):
        flags.flag(comment=comment, person=person(), reason="spam")
    locked = actions.lock_branch(moderator=mod, comment=here, reason="Loud.")
    case, other = (Case.objects.get(comment=comment, kind=Case.Kind.FLAGGED) for comment in (here, there))
    about = {"moderator": mod, "case": other, "seen": other.version, "reason": "Said <twice>."}
    entry = decisions.decide(act="remove", sanction="watch", rule="Be kind", **about)
    Case.objects.filter(pk=case.pk).update(closed_at=None, closed_by=None)
    text = said(mod_client.get(page(case)))
    # decisions about this comment are undone at once, others after a confirmation
    assert re.findall(r'action="/admin/posts/case/undo/(\d+)/"', text) == [str(locked.pk)]
    assert f'name="from_item" value="{case.pk}"' in text
    address = f"{QUEUE}undo/{entry.pk}/?from_item={case.pk}"
    assert f'href="{address}"' in text
    asked = said(mod_client.get(address))
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
    done = mod_client.post(f"{QUEUE}undo/{entry.pk}/", fields)
    assert done.url == page(case)
    assert LogEntry.objects.filter(act="undo").count() == 2
    for nonsense in ("x", "٣", "9" * 30):
        assert mod_client.post(f"{QUEUE}undo/{locked.pk}/", {"from_item": nonsense}).url == page(case)
    assert mod_client.get(f"{QUEUE}undo/999999/").status_code == 404


def test_passing_on_leads_to_next_case(mod_client, opening, mod):
    first, second = flagged(opening), flagged(opening)
    assert mod_client.post(f"{QUEUE}{first.pk}/pass/").url == page(second)
    assert mod_client.post(f"{QUEUE}{second.pk}/pass/").url == QUEUE


def test_sending_note_keeps_typed_decision_and_vice_versa(mod_client, opening):
    case = flagged(opening)
    typed = form(case, act="hold", reason="I am not sure", sanction="watch", text="Seen before.")
    kept = mod_client.post(f"{QUEUE}{case.pk}/note/", typed)
    assert (kept.status_code, Note.objects.get().text) == (200, "Seen before.")
    again = kept.context["form"]
    assert [again[name].value() for name in ("act", "reason", "sanction")] == ["hold", "I am not sure", "watch"]
    assert not LogEntry.objects.exists()
    # a reload of the page creates no second note
    mod_client.post(f"{QUEUE}{case.pk}/note/", typed)
    assert Note.objects.count() == 1
    too_long = mod_client.post(page(case), form(case, text="n" * 2_001))
    assert (too_long.status_code, LogEntry.objects.exists()) == (422, False)
    assert mod_client.post(page(case), form(case, text="And this.")).status_code == 302
    assert set(Note.objects.values_list("text", flat=True)) == {"Seen before.", "And this."}


def test_notes_are_visible_to_moderators_only(mod_client, opening, client):
    case = flagged(opening)
    mod_client.post(f"{QUEUE}{case.pk}/note/", {"text": "Seen before."})
    mod_client.post(f"{QUEUE}{case.pk}/note/", {"text": "Knows no bounds.", "person": "1"})
    mod_client.post(f"{QUEUE}{case.pk}/note/", {"text": "  "})
    assert Note.objects.count() == 2
    text = said(mod_client.get(page(case)))
    assert "Seen before." in text
    assert "Knows no bounds." in text
    assert "Seen before." not in said(type(mod_client)().get(opening.thread.get_absolute_url()))


def test_moderator_cannot_see_or_decide_own_case(mod_client, opening, mod):
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
        text = said(mod_client.get(address, follow=True))
        assert ("Fern Flagger" in text, "He is tired." in text) == (False, False)
    assert 'name="act"' not in said(mod_client.get(page(case)))
    other = said(seated(type(mod_client)(), mia).get(page(case)))
    assert ("Fern Flagger" in other, "He is tired." in other, 'name="act"' in other) == (True, True, True)


def test_moderator_opens_case_about_any_comment(mod_client, opening, alice):
    comment = reply(opening, alice)
    address = f"{QUEUE}of/{comment.pk}/"
    assert f'href="{address}"' in said(mod_client.get(opening.thread.get_absolute_url()))
    assert "Nothing about this comment is waiting for review." in said(mod_client.get(address))
    assert not Case.objects.exists()
    begun = mod_client.post(address)
    assert begun.url == mod_client.get(address).url == page(Case.objects.get())
    assert mod_client.get(f"{QUEUE}of/999999/").status_code == 404


def test_claims_expire(mod_client, opening):
    case = flagged(opening)
    other = moderator("Mia Second")
    Case.objects.update(claimed_by=other, claimed_at=timezone.now() - timedelta(minutes=16))
    mod_client.get(page(case))
    case.refresh_from_db()
    assert case.claimed_by.display_name == "Mo Derby"


def test_case_can_be_decided_after_taking_it_over(mod_client, mod, opening):
    case = flagged(opening)
    decisions.claim(moderator=moderator("Mia Second"), case_id=case.pk)
    # partly filled in while another moderator had the case
    half = form(case, act="edit_out", reason="Half a thought.", passage="", text="Half a note.", takes_over=1)
    answer = mod_client.post(f"{QUEUE}{case.pk}/take/", half)
    taken = said(answer)
    assert "Half a note." in taken
    assert (answer.status_code, "Half a thought." in taken, "Please say which passage" in taken) == (200, True, False)
    # the form is sent to the page of the case, not to the page that takes it over
    assert "errorlist" not in taken
    assert f'action="{page(case)}" id="decide"' in taken
    assert mod_client.post(page(case), form(case, act="approve")).status_code == 302
    assert LogEntry.objects.get().act == "keep"


def test_second_decision_keeps_typed_text_and_links_to_queue(mod_client, opening):
    case = flagged(opening)
    data = form(case, reason="It took me long to find kind words for this.")
    decisions.decide(moderator=moderator("Mia Second"), case=case, seen=case.version, act="remove", reason="Unkind.")
    second = mod_client.post(page(case), data)
    assert second.status_code == 409
    assert "It took me long to find kind words for this." in said(second)
    assert "To the queue" in said(second)


class Buttons(HTMLParser):
    """The submit buttons of the form “decide” in the order of the page. Enter presses the first one."""

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
def test_enter_in_claimed_case_decides_and_does_not_take_over(mod_client, opening, way):
    case = flagged(opening)
    decisions.claim(moderator=moderator("Mia Second"), case_id=case.pk)
    html = said(
        mod_client.get(page(case)) if way == "change" else mod_client.post(f"{QUEUE}{case.pk}/take/", form(case))
    )
    buttons = Buttons(html).found
    assert buttons[0] == "Decide"
    assert any("ake it over" in words for words in buttons)


def test_enter_presses_main_button(mod_client, opening, mod):
    for case in (flagged(opening), held(opening)):
        assert Buttons(said(mod_client.get(page(case)))).found[0] == "Decide"
        actions.remove(moderator=mod, comment=case.comment, reason="Unkind.")
        assert Buttons(said(mod_client.get(page(case)))).found[0] == "Keep the note"
