"""Verification of clinicians: moderators answer a request once, and its data for the check is erased."""

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import VerificationRequest
from forum.models import OutboxMessage
from forum.templatetags.moments import moment
from posts.models import Case, LogEntry
from posts.moderation import decisions
from posts.moderation import verification as moderation_verification
from posts.threads.exceptions import Refused, Stale
from tests.factories import WHY, moderator, person, reply
from tests.posts.moderation.case_forms import QUEUE, page, said, seated, sent_signed_out
from tests.posts.writing.test_concurrency import at_once

ADDRESS = "/account/clinician/"
TOLD = {
    "profession": "Psychologist",
    "regulator": "HCPC",
    "region": "GB",
    "number": "PYL 55501",
    "evidence": "I am registered as A. Lice.",
}
ERASED = ("PYL 55501", "A. Lice")


@pytest.fixture
def asked(alice):
    """A request of Alice."""
    return moderation_verification.ask(person=alice, **TOLD)


def answer(mod, case, outcome="granted", **more):
    case = Case.objects.get(pk=case.pk)
    about = {"seen": case.version, "outcome": outcome, "reason": WHY}
    if outcome == "granted":
        about |= {"profession": "Psychologist", "regulator": "HCPC", "region": "GB", "method": "Register, by number"}
    return moderation_verification.answer(moderator=mod, case=case, **about | more)


def erased(asked):
    """Return whether the data that was given for the check alone is erased."""
    asked.refresh_from_db()
    return (asked.number, asked.evidence) == ("", "")


def test_request_opens_case(client, alice):
    client.force_login(alice)
    assert "Ask to be verified" in said(client.get(ADDRESS))
    assert client.post(ADDRESS, TOLD).url == ADDRESS
    case = Case.objects.get()
    assert (case.kind, case.name, case.verification_request.number) == (Case.Kind.VERIFICATION, "Alice", "PYL 55501")
    html = said(client.get(ADDRESS))
    assert "it is waiting for a moderator" in html
    assert "PYL 55501" in html
    # a second request changes the first one, and makes answers on the earlier text stale
    client.post(ADDRESS, TOLD | {"number": "PYL 55502"})
    changed = Case.objects.get()
    assert (changed.version, changed.verification_request.number) == (case.version + 1, "PYL 55502")


def test_invalid_form_keeps_typed_text(client, alice):
    client.force_login(alice)
    answer = client.post(ADDRESS, TOLD | {"regulator": " "})
    assert answer.status_code == 422
    assert "PYL 55501" in said(answer)
    assert not Case.objects.exists()


def test_member_withdraws_request(client, alice, asked):
    client.force_login(alice)
    assert "erased" in said(client.post(f"{ADDRESS}withdraw/", follow=True))
    assert erased(asked)
    assert not Case.objects.open().exists()
    client.post(ADDRESS, TOLD)
    assert Case.objects.open().count() == 1


def test_visitor_is_redirected_to_sign_in(client):
    assert client.get(ADDRESS).url == f"/account/login/?next={ADDRESS}"


def test_public_data_is_kept_when_session_ends(client, alice):
    told = {name: text for name, text in TOLD.items() if name not in ("number", "evidence")}
    refused, back = sent_signed_out(client, alice, ADDRESS, told)
    assert refused.status_code == 422
    assert "HCPC" in said(back)


@pytest.mark.parametrize("name", ["number", "evidence"])
def test_private_data_is_kept_in_page_but_not_in_session(client, alice, name):
    """A form with a token from before signing in has to be sent once more: see test_nothing_lost."""
    other = {"number": "evidence", "evidence": "number"}[name]
    refused = client.post(ADDRESS, TOLD | {"writer": alice.pk, other: ""})
    assert refused.status_code == 422
    assert TOLD[name] in said(refused)
    assert "sign in in another tab" in said(refused)
    assert not any(TOLD[name] in str(session.get_decoded()) for session in Session.objects.all())


@pytest.mark.parametrize("state", ["suspended_at", "warned_at"])
def test_person_who_may_not_write_cannot_request(alice, state):
    from django.utils import timezone

    setattr(alice, state, timezone.now())
    with pytest.raises(Refused):
        moderation_verification.ask(person=alice, **TOLD)


def test_granted_request_gives_badge_and_erases_data(client, alice, mod, opening, asked):
    entry = answer(mod, asked.case)
    assert entry.act == "verify"
    verification = alice.verifications.get()
    assert (verification.method, verification.checked_by) == ("Register, by number", mod)
    client.force_login(alice)
    html = said(client.get(ADDRESS))
    assert f"checked {moment(verification.checked_at)}. It is valid until {moment(verification.expires_at)}." in html
    assert reply(opening, alice, standpoint="clinician").verification == verification
    assert erased(asked)
    assert asked.outcome == "granted"
    case = Case.objects.get()
    assert case.closed_by == entry
    assert not any(text in str(list(LogEntry.objects.values())) for text in ERASED)
    assert OutboxMessage.objects.get().address == alice.email


def test_refused_request_gives_reason_and_can_be_repeated(client, alice, mod, asked):
    entry = answer(mod, asked.case, "refused", reason="There is no such number.")
    assert not alice.verifications.exists()
    assert erased(asked)
    assert OutboxMessage.objects.get().address == alice.email
    client.force_login(alice)
    html = said(client.get(f"/decisions/{entry.pk}/"))
    assert "There is no such number." in html
    assert ADDRESS in html
    client.post(ADDRESS, TOLD)
    assert Case.objects.open().count() == 1


def test_moderator_cannot_answer_own_request(client, mod):
    made = moderation_verification.ask(person=mod, **TOLD)
    with pytest.raises(PermissionDenied):
        answer(mod, made.case)
    assert Case.objects.offered_to(mod, made.asked_at).count() == 0
    seated(client, mod)
    assert "another moderator has to answer" in said(client.get(page(made.case)))
    made.case.refresh_from_db()
    assert made.case.claimed_by is None


def test_answer_requires_moderator(alice, bob, asked):
    with pytest.raises(PermissionDenied):
        answer(bob, asked.case)


def test_answer_on_earlier_version_is_refused(mod, alice, asked):
    seen = asked.case.version
    moderation_verification.ask(person=alice, **TOLD | {"number": "another"})
    with pytest.raises(Stale):
        answer(mod, asked.case, seen=seen)
    asked.refresh_from_db()
    assert asked.number == "another"


def test_grant_from_list_of_people_closes_request(mod, alice, asked):
    moderation_verification.grant(
        moderator=mod, person=alice, reason=WHY, **dict.fromkeys(moderation_verification.CHECKED, "x")
    )
    assert erased(asked)
    assert not Case.objects.open().exists()


def test_request_cannot_be_decided_like_a_comment(mod, asked):
    with pytest.raises(Refused):
        decisions.decide(moderator=mod, case=asked.case, seen=1, act="remove", reason=WHY)


def test_database_constraints_on_requests(asked, alice):
    from django.utils import timezone

    with pytest.raises(IntegrityError), transaction.atomic():
        VerificationRequest.objects.filter(pk=asked.pk).update(outcome="granted", decided_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        VerificationRequest.objects.create(person=alice, asked_at=timezone.now(), **TOLD)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(verification_request=asked).update(kind=Case.Kind.HELD)


def test_moderator_answers_request_in_admin(client, mod, alice, asked):
    seated(client, mod)
    assert "Psychologist, HCPC" in said(client.get(QUEUE))
    html = said(client.get(page(asked.case)))
    assert all(text in html for text in ERASED)
    assert html.count("Needed to verify.") == len(moderation_verification.CHECKED)
    data = {name: TOLD[name] for name in ("profession", "regulator", "region")} | {"seen": asked.case.version}
    unsaid = client.post(page(asked.case), data | {"outcome": "granted"})
    assert (unsaid.status_code, "To verify, please say this, too." in said(unsaid)) == (422, True)
    no_reason = client.post(page(asked.case), data | {"outcome": "refused"})
    assert (no_reason.status_code, "Please give a reason" in said(no_reason)) == (422, True)
    done = client.post(page(asked.case), data | {"outcome": "granted", "method": "Register"}, follow=True)
    assert "Answered. The person is told." in said(done)
    closed = said(client.get(page(asked.case)))
    assert not any(text in closed for text in ERASED)
    assert "were erased" in closed
    assert alice.verifications.get().method == "Register"


def test_refusal_requires_only_reason(client, mod, alice, asked):
    seated(client, mod)
    data = {"outcome": "refused", "reason": "There is no such number.", "profession": "", "seen": asked.case.version}
    assert "Answered. The person is told." in said(client.post(page(asked.case), data, follow=True))
    asked.refresh_from_db()
    assert (asked.outcome, alice.verifications.exists()) == ("refused", False)


def test_bulk_decision_ignores_requests(client, mod, asked):
    seated(client, mod)
    data = {"item": f"{asked.case.pk}:1", "act": "remove", "reason": WHY, "confirmed": "1"}
    client.post(f"{QUEUE}bulk/", data)
    assert Case.objects.open().count() == 1


def test_note_on_request_is_about_person(client, mod, alice, asked):
    seated(client, mod)
    client.post(f"{QUEUE}{asked.case.pk}/note/", {"text": "She sent a letter."})
    assert alice.notes.get().text == "She sent a letter."


@pytest.mark.django_db(transaction=True)
def test_concurrent_answers_create_one_answer():
    alice, mods = person("Alice"), [moderator("Mo Derby"), moderator("Mia Second")]
    asked = moderation_verification.ask(person=alice, **TOLD)

    def attempt(mod):
        try:
            return answer(mod, asked.case, seen=1)
        except Stale:
            return None

    assert len([done for done in at_once(mods, attempt) if done]) == 1
    assert alice.verifications.count() == 1


MEANWHILE = {
    "a grant from the list": lambda mod, alice: moderation_verification.grant(
        moderator=mod, person=alice, reason=WHY, **dict.fromkeys(moderation_verification.CHECKED, "x")
    ),
    "she takes it back": lambda mod, alice: moderation_verification.withdraw(person=alice),
    "she changes it": lambda mod, alice: moderation_verification.ask(person=alice, **TOLD | {"number": "another"}),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_concurrent_change_of_request_and_answer(meanwhile):
    alice, mods = person("Alice"), [moderator("Mo Derby"), moderator("Mia Second")]
    asked = moderation_verification.ask(person=alice, **TOLD)

    def attempt(act):
        try:
            return bool(act())
        except Stale:
            return False

    acts = [
        lambda: MEANWHILE[meanwhile](mods[0], alice),
        lambda: answer(mods[1], asked.case, seen=1).act == "verify" and was_answered.append(True),
    ]
    was_answered = []
    # there is no deadlock and no error
    assert len(at_once(acts, attempt)) == 2
    asked.refresh_from_db()
    closed_by = Case.objects.get(verification_request=asked).closed_by
    if was_answered:
        assert (asked.outcome, asked.number, closed_by.moderator) == ("granted", "", mods[1])
    elif meanwhile == "she changes it":
        assert (asked.outcome, asked.number, closed_by) == ("", "another", None)
    else:
        assert asked.outcome == ("withdrawn" if meanwhile == "she takes it back" else "granted")
        assert (asked.number, alice.verifications.count()) == ("", int(asked.outcome == "granted"))


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_create_one():
    alice = person("Alice")
    at_once(["1", "2"], lambda number: moderation_verification.ask(person=alice, **TOLD | {"number": number}))
    assert VerificationRequest.objects.count() == Case.objects.count() == 1


def test_other_people_cannot_see_request(alice, asked):
    other = Client()
    other.force_login(person("Carla"))
    assert not any(text in said(other.get(ADDRESS)) for text in ERASED)


@pytest.mark.parametrize("name", moderation_verification.CHECKED)
def test_grant_without_checked_data_is_refused(mod, alice, asked, name):
    with pytest.raises(Refused):
        answer(mod, asked.case, **{name: " "})
    with pytest.raises(Refused):
        moderation_verification.grant(
            moderator=mod, person=alice, reason=WHY, **dict.fromkeys(moderation_verification.CHECKED, "x") | {name: ""}
        )
    assert not erased(asked)


def test_same_request_again_does_not_raise_version(alice, asked):
    assert moderation_verification.ask(person=alice, **TOLD) == asked
    assert Case.objects.get().version == 1


def test_each_answer_sends_mail(mod, alice, asked):
    answer(mod, asked.case)
    moderation_verification.revoke(moderator=mod, person=alice, reason="Not registered any more.")
    moderation_verification.ask(person=alice, **TOLD)
    answer(mod, Case.objects.open().get(), "refused")
    letters = OutboxMessage.objects.all()
    assert [letter.subject for letter in letters] == ["The moderators wrote to you"] * 3
    for letter in letters:
        # the mail says that there is no appeal, and does not name the subject
        assert "You cannot appeal against this" in letter.body
        assert "ask again" in letter.body
        assert "if you think that it is wrong" not in letter.body
        assert "clinician" not in letter.body.lower()


def test_kept_form_expires_after_a_day(client, alice):
    client.post(ADDRESS, TOLD | {"writer": alice.pk, "number": "", "evidence": ""})
    assert client.session.get_expiry_age() <= 24 * 60 * 60


def test_page_that_was_open_for_long_keeps_all_data(alice, mod, asked):
    for who, address, data in (
        (alice, ADDRESS, TOLD),
        (mod, page(asked.case), {"outcome": "refused", "reason": "There is no such number."}),
    ):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(who)
        refused = strict.post(address, data)
        assert refused.status_code == 403
        assert all(text in said(refused) for text in data.values() if " " in text)


def test_withdraw_after_signing_in_shows_page(client, alice):
    client.force_login(alice)
    assert client.get(f"{ADDRESS}withdraw/").url == ADDRESS


def test_verification_from_list_is_refused_while_colleague_has_claimed_request(asked, alice, mod):
    mia = moderator("Mia Second")
    case = Case.objects.get()
    decisions.claim(moderator=mia, case_id=case.pk)
    about = {"profession": "Psychologist", "regulator": "HCPC", "region": "GB", "method": "Register", "reason": WHY}
    with pytest.raises(Refused, match="Mia Second is looking at this"):
        moderation_verification.grant(moderator=mod, person=alice, **about)
    assert not erased(asked)
    decisions.pass_on(moderator=mia, case=case)
    assert moderation_verification.grant(moderator=mod, person=alice, **about)
