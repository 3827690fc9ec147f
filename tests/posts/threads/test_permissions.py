"""Every verb by everybody on everything: who may do what to a comment, an appeal or a request in which state. One table
each, and no surprise."""

from contextlib import suppress
from copy import deepcopy
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User, Verification, VerificationRequest
from posts.models import Appeal, Case, Comment, LogEntry
from posts.moderation import (
    actions,
    alternate_accounts,
    appeal_answers,
    appeals,
    decisions,
    flags,
    sanctions,
    undo,
    verification,
)
from posts.privacy import data_export
from posts.reading import progress
from posts.threads.exceptions import Refused
from posts.writing import comments
from tests.factories import WHY, WORDS, moderator, person, reply
from tests.factories import thread as make_thread

STATES = ["published", "held", "hidden", "removed", "deleted", "locked thread", "locked branch", "withdrawn thread"]
ROLES = [
    "visitor",
    "newcomer",
    "member",
    "author",
    "trusted",
    "clinician",
    "moderator",
    "owner",
    "suspended",
    "banned",
    "warned",
]
MODERATES = {"moderator", "owner"}
MEMBERS = set(ROLES) - {"visitor"}
WRITE = MEMBERS - {"suspended", "banned", "warned"}
IN_SIGHT = {"published", "locked thread", "locked branch"}
OPEN = {"published"}


def somebody(role, author):
    """A person of that role; None for a visitor."""
    if role in ("visitor", "author"):
        return None if role == "visitor" else author
    if role == "moderator":
        return moderator()
    if role == "owner":
        return person("Olga Owner", is_staff=True, is_superuser=True)
    trust = {"newcomer": User.Trust.NEW, "trusted": User.Trust.TRUSTED}.get(role, User.Trust.MEMBER)
    one = person(f"The {role}", trust=trust)
    now = timezone.now()
    if role == "suspended":
        one.suspended_at, one.suspended_until = now, now + timedelta(days=1)
    elif role == "banned":
        one.suspended_at = now
    elif role == "warned":
        one.warned_at = now
    elif role == "clinician":
        Verification.objects.create(
            user=one,
            profession="Psychologist",
            regulator="HCPC",
            region="GB",
            method="register",
            checked_at=now,
            checked_by=moderator("Ver Ifier"),
            expires_at=now + timedelta(days=365),
        )
    one.save()
    return one


def comment_in(state, author):
    """A comment by `author` in that state."""
    thread = make_thread()
    comment = reply(thread.opening, author)
    now, fields = timezone.now(), {}
    if state in ("held", "hidden", "removed", "deleted"):
        fields = {f"{state}_at": now}
    elif state == "locked branch":
        fields = {"locked_at": now}
    Comment.objects.filter(pk=comment.pk).update(**fields)
    if state == "locked thread":
        type(thread).objects.filter(pk=thread.pk).update(locked_at=now)
    elif state == "withdrawn thread":
        type(thread).objects.filter(pk=thread.pk).update(withdrawn_at=now)
    return Comment.objects.select_related("thread", "author").get(pk=comment.pk)


def by_moderator(verb):
    """A verb of moderators about a comment."""
    return lambda who, comment: verb(moderator=who, comment=comment, reason=WHY)


def flag(who, comment):
    """By a visitor or a member."""
    return flags.flag(comment=comment, person=who, visitor="" if who else "a" * 32, reason="unkind")


def person_verb(verb):
    """A verb of moderators about the author."""
    return lambda who, comment: verb(moderator=who, person=comment.author, reason=WHY)


def download(who, comment):
    """The comment is in what they take along; a visitor has nothing, and the door sends them to sign in."""
    if not who.is_authenticated:
        return False
    taken = data_export.everything(person=who, at=timezone.now())
    return comment.pk in [one["id"] for one in taken["comments"]]


# verb: (how it is done, who may do it, in which states it does something rather than being refused)
EVERYTHING = set(STATES)
VERBS = {
    "reply": (lambda who, c: reply(c, who, source=f"{WORDS} Again."), WRITE, OPEN),
    "edit": (
        lambda who, c: comments.edit(editor=who, comment=c, source="Something else altogether."),
        {"author"},
        {"published", "held", "hidden", "locked branch"},
    ),
    "delete": (
        lambda who, c: comments.delete(author=who, comment=c),
        {"author"},
        EVERYTHING - {"removed"},
    ),
    "helpful": (
        lambda who, c: progress.mark_helpful(reader=who, comment=c, is_helpful=True),
        MEMBERS - {"author", "suspended", "banned"},
        IN_SIGHT,
    ),
    "flag": (flag, set(ROLES) - {"author"}, IN_SIGHT),
    "approve": (by_moderator(actions.approve), MODERATES, {"held", "hidden", "removed"}),
    "remove": (by_moderator(actions.remove), MODERATES, EVERYTHING - {"removed"}),
    "restore": (by_moderator(actions.restore), MODERATES, {"removed"}),
    "hold": (by_moderator(actions.hold), MODERATES, EVERYTHING - {"hidden"}),
    "lock branch": (by_moderator(actions.lock_branch), MODERATES, EVERYTHING - {"locked branch"}),
    "open branch": (by_moderator(actions.open_branch), MODERATES, {"locked branch"}),
    "edit out": (
        lambda who, c: actions.edit_out(moderator=who, comment=c, passage="unkind", reason=WHY),
        MODERATES,
        EVERYTHING - {"deleted"},
    ),
    "begin": (lambda who, c: decisions.open_or_begin(moderator=who, comment_id=c.pk), MODERATES, EVERYTHING),
    "note": (lambda who, c: decisions.note(moderator=who, comment=c, text="Hm."), MODERATES, EVERYTHING),
    "warn": (person_verb(sanctions.warn), MODERATES, EVERYTHING),
    "watch": (person_verb(sanctions.watch), MODERATES, EVERYTHING),
    "suspend": (person_verb(sanctions.suspend), MODERATES, EVERYTHING),
    "trust": (person_verb(sanctions.trust), MODERATES, EVERYTHING),
    # a removal is a cause for a search; its result is tested elsewhere
    "look for others": (
        lambda who, c: person_verb(alternate_accounts.find_alternate_accounts)(who, c) is not None,
        MODERATES,
        {"removed"},
    ),
    "download": (download, {"author"}, EVERYTHING),
}


def surprises(verbs, role, state, make):
    """The verbs (as VERBS) that did something, or were refused, against the table, for that role on what
    `make(state, author)` gives."""
    author = person("The Author")
    thing, one = make(state, author), somebody(role, author)
    found = []
    for verb, (act, who_may, where) in verbs.items():
        # each verb starts from the same state in the database and in memory
        with transaction.atomic():
            given, about = deepcopy((AnonymousUser() if one is None and verb != "flag" else one, thing))
            try:
                done = bool(act(given, about))
            except (PermissionDenied, Refused):
                done = False
            transaction.set_rollback(True)
        if done != (role in who_may and state in where):
            found.append((verb, "was done" if done else "was refused"))
    return found


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what_to_a_comment_in_which_state(db, role, state):
    assert surprises(VERBS, role, state, comment_in) == []


# Appeals and requests: what somebody asks for, and who answers it -----------------------------------------------------


def appeal_in(state, author):
    """The appeal of `author` against a removal, in that state."""
    entry = actions.remove(moderator=moderator("Mia Second"), comment=comment_in("published", author), reason=WHY)
    made = appeals.appeal(entry=entry, text="Please look again.", person=author)
    if state != "open":
        answer_appeal(state)(moderator("Max Third"), made)
    return made


def answer_appeal(outcome):
    """The verb that answers an appeal so."""
    more = {"act": "approve", "sanction": "warn"} if outcome == "changed" else {}

    def answer(who, appeal):
        case = Case.objects.get(appeal=appeal)
        about = {"case": case, "seen": case.version, "outcome": outcome, "answer": WHY}
        return appeal_answers.answer_appeal(moderator=who, **about, **more)

    return answer


def request_in(state, author):
    """What `author` asked to be verified as, in that state."""
    made = verification.ask(person=author, **ASKED)
    if state == "withdrawn":
        verification.withdraw(person=author)
    elif state != "open":
        answer_request(state)(moderator("Max Third"), made)
    return made


def answer_request(outcome):
    """The verb that answers a request so."""
    checked = {name: ASKED[name] for name in ("profession", "regulator", "region")} | {"method": "Register"}

    def answer(who, asked):
        case = Case.objects.get(verification_request=asked)
        about = {"seen": case.version, "outcome": outcome, "reason": WHY}
        return verification.answer(moderator=who, case=case, **about, **(checked if outcome == "granted" else {}))

    return answer


def withdraw(who, asked):
    """As the door does, which sends a visitor to sign in."""
    return who.is_authenticated and verification.withdraw(person=who)


ASKED = {"profession": "Psychologist", "regulator": "HCPC", "region": "GB", "number": "1", "evidence": "x"}
APPEALS = ["open", *(outcome.value for outcome in Appeal.Outcome if outcome)]
REQUESTS = ["open", *(outcome.value for outcome in VerificationRequest.Outcome if outcome)]
# as VERBS
ABOUT_APPEAL = {f"answer: {outcome}": (answer_appeal(outcome), MODERATES, {"open"}) for outcome in APPEALS[1:]}
ABOUT_REQUEST = {
    "ask": (lambda who, asked: verification.ask(person=who, **ASKED), WRITE, set(REQUESTS)),
    "withdraw": (withdraw, {"author"}, {"open"}),
    "answer: granted": (answer_request("granted"), MODERATES, {"open"}),
    "answer: refused": (answer_request("refused"), MODERATES, {"open"}),
}


@pytest.mark.parametrize("state", APPEALS)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_answer_an_appeal_in_which_state(db, role, state):
    assert surprises(ABOUT_APPEAL, role, state, appeal_in) == []


@pytest.mark.parametrize("state", REQUESTS)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_request_and_answer_verification(db, role, state):
    assert surprises(ABOUT_REQUEST, role, state, request_in) == []


@pytest.mark.parametrize("by", sorted(MODERATES))
@pytest.mark.parametrize("outcome", ["granted", "refused"])
def test_request_of_moderator_is_answered_by_another(db, by, outcome):
    one = somebody(by, None)
    with pytest.raises(PermissionDenied):
        answer_request(outcome)(one, request_in("open", one))


@pytest.mark.parametrize("role", ROLES)
def test_only_person_concerned_may_appeal(db, role):
    author = person("The Author")
    comment = comment_in("published", author)
    entry = actions.remove(moderator=moderator("Mia Second"), comment=comment, reason=WHY)
    one = somebody(role, author)
    if one is None:
        return
    if role == "author":
        assert appeals.appeal(entry=entry, text="Please look again.", person=one)
    else:
        with pytest.raises(PermissionDenied):
            appeals.appeal(entry=entry, text="Please look again.", person=one)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_undo_a_decision(db, role):
    author = person("The Author")
    entry = actions.remove(moderator=moderator("Mia Second"), comment=comment_in("published", author), reason=WHY)
    one = somebody(role, author)
    if one is None:
        return
    with suppress(PermissionDenied):
        undo.undo(moderator=one, entry=entry, reason=WHY)
    assert LogEntry.objects.filter(undoes=entry).exists() == (role in MODERATES)


@pytest.mark.parametrize("sanction", sanctions.SANCTIONS)
@pytest.mark.parametrize("by", ["moderator", "owner"])
@pytest.mark.parametrize("about", ["self", "moderator", "owner"])
def test_moderators_cannot_sanction_each_other(db, sanction, by, about):
    """Only the owner does, and not against themselves."""
    one = somebody(by, None)
    other = {"self": one, "moderator": moderator("Mia Second")}.get(about) or person(
        "Oscar Owner", is_staff=True, is_superuser=True
    )
    try:
        sanctions.apply_sanction(moderator=one, person=other, name=sanction, reason=WHY)
        done = True
    except PermissionDenied:
        done = False
    assert done == (by == "owner" and about != "self")


def test_correction_of_entry_requires_moderator(db):
    mod = moderator()
    entry = actions.remove(moderator=mod, comment=comment_in("published", person()), reason=WHY)
    added = decisions.annotate(moderator=mod, entry=entry, reason="I meant the other rule.")
    assert (added.corrects, added.comment) == (entry, entry.comment)
    with pytest.raises(PermissionDenied):
        decisions.annotate(moderator=person(), entry=entry, reason="No.")
