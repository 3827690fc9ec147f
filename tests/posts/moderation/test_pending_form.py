"""Text typed in the admin is kept when the session has ended, until the moderator signs in again."""

import re

from posts.models import LogEntry, Note
from tests.factories import WORDS, moderator
from tests.posts.moderation.case_forms import QUEUE, flagged, form, mark_of, page, said, seated, sent_signed_out


def test_typed_decision_is_kept_when_session_ends(mod_client, mod, opening):
    case = flagged(opening)
    data = form(case, act="hold", reason="I want a second pair of eyes.", sanction="watch", passage="At the end.")
    refused, back = sent_signed_out(mod_client, mod, page(case), data)
    assert refused.status_code == 403
    assert re.findall(r'<label for="(kept\d)">(\w+)</label><textarea[^>]* id="\1"', said(refused)) == [
        ("kept1", "Passage"),
        ("kept2", "Reason"),
    ]
    assert "no-store" in refused["Cache-Control"]
    assert "I want a second pair of eyes." in said(refused)
    assert f"/account/login/?next=%2Fadmin%2Fposts%2Fcase%2F{case.pk}%2Fchange%2F" in said(refused)
    assert not LogEntry.objects.exists()
    html = said(back)
    assert "This is what you wrote before you signed in." in html
    assert "I want a second pair of eyes." in html
    assert re.search(r'value="hold"[^>]*checked', html)
    # it is cleared when the decision is made
    assert mod_client.post(page(case), form(case, act="hold", reason="Please look.")).status_code == 302
    assert "second pair" not in said(mod_client.get(page(case)))


def test_typed_bulk_decision_is_kept_with_ticked_cases(mod_client, mod, bulk):
    _cases, data = bulk
    _refused, back = sent_signed_out(mod_client, mod, f"{QUEUE}bulk/", data)
    html = said(back)
    assert "This is what you wrote before you signed in." in html
    assert re.search(r'value="remove"[^>]*checked', html)
    assert ">Not like this.</textarea>" in re.sub(r">\s+", ">", html)
    assert f'name="seen" value="{data["seen"]}"' in html
    assert html.count(WORDS) == 3
    assert mod_client.post(f"{QUEUE}bulk/", data).url == QUEUE
    assert LogEntry.objects.filter(act="remove").count() == 3
    assert "tick at least one" in said(mod_client.get(f"{QUEUE}bulk/", follow=True))


def test_typed_note_is_kept_for_its_writer_only(mod_client, mod, opening):
    case = flagged(opening)
    address = f"{QUEUE}{case.pk}/note/"
    refused, back = sent_signed_out(mod_client, mod, address, {"text": "He wrote the same last year."})
    assert "He wrote the same last year." in said(refused)
    assert (back.status_code, "He wrote the same last year." in said(back)) == (200, True)
    assert not Note.objects.exists()
    mod_client.logout()
    mod_client.post(address, {"text": "He wrote the same last year.", "writer": mod.pk})
    waiting, other = mod_client.session["unsent"], moderator("Mia Second")
    seated(mod_client, other)
    session = mod_client.session
    session["unsent"] = waiting
    session.save()
    assert "last year" not in said(mod_client.get(address, follow=True))


def test_typed_reason_is_kept_for_the_same_action(mod_client, mod, alice):
    address, rows = "/admin/accounts/user/", {"_selected_action": alice.pk, "index": 0}
    typed = {"action": "suspend", "confirmed": "1", "reason": "He did so three times.", "length": "suspend_28"}
    typed |= {"mark": mark_of(alice)}
    refused, _back = sent_signed_out(mod_client, mod, address, rows | typed)
    assert "Choose the same rows and the same action again" in said(refused)
    other = said(mod_client.post(address, rows | {"action": "warn"}))
    assert "three times" not in other
    again = said(mod_client.post(address, rows | {"action": "suspend"}))
    assert "This is what you wrote before you signed in." in again
    assert f'name="writer" value="{mod.pk}"' in again
    assert "He did so three times." in again
    assert re.search(r'value="suspend_28"[^>]*selected', again)
    assert not alice.log_entries.exists()
    # it is cleared when the action is done
    mod_client.post(address, rows | typed)
    assert alice.log_entries.get().reason == "He did so three times."
    assert "three times" not in said(mod_client.post(address, rows | {"action": "suspend"}))


def test_signing_out_twice_shows_signed_out_page(client):
    answer = client.post("/admin/logout/")
    assert answer.status_code == 200
    assert "You have been signed out" in said(answer)
    assert "Nothing was decided" not in said(answer)
    assert "/account/login/?next=%2Fadmin%2F" in said(answer)
