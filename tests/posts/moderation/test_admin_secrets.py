"""No page of the admin shows what protects an account: seeds, codes, keys, hashes, sessions."""

from contextlib import suppress
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.urls import NoReverseMatch, URLResolver, reverse

from accounts.models import User, Verification
from forum import outbox
from forum.models import OutboxMessage
from posts.models import Case, Comment, Draft, GuestComment, LogEntry, Note, Revision, WatchedWord
from posts.moderation import actions
from tests.factories import moderator, person, reply
from tests.posts.moderation.case_forms import flagged, held
from tests.signing_in import SECRET, sign_in_with_factor

# These tables would allow to sign in as somebody else, or hold data that the forum promises to show to nobody.
NOT_IN_THE_ADMIN = {Authenticator, EmailAddress, Session, Draft, GuestComment}

# They need a list of decisions in the address, or the number of a content type.
NOT_FOUND = {"posts_case_undo_several"}


@pytest.fixture
def owner(client, opening, alice):
    """A superuser in the admin of a forum in which every table of the admin has rows."""
    owner = person("Olga Owner", is_staff=True, is_superuser=True)
    owner.set_password("a long walk in the rain")
    owner.save()
    sign_in_with_factor(client, owner)
    RecoveryCodes.activate(owner)
    for user in (owner, alice, moderator()):
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    flagged(opening)
    held(opening)
    body = "https://forum.example/decisions/by-link/letter-token/"
    outbox.add(EmailMessage("x", body, to=[alice.email]), kind="decision")
    # the administrator sees that a mail waits, and not its text
    OutboxMessage.objects.update(answer="451 greylisted")
    comment = reply(opening, alice)
    Note.objects.create(comment=comment, text="Seen before.", noted_by=owner, noted_at=comment.created_at)
    actions.remove(moderator=owner, comment=reply(opening, alice), reason="Unkind.")
    WatchedWord.objects.create(phrase="lottery")
    Revision.objects.create(comment=comment, number=1, source="As it was.", replaced_at=comment.created_at)
    now = comment.created_at
    checked = {"checked_by": owner, "checked_at": now, "expires_at": now + timedelta(days=365)}
    Verification.objects.create(
        user=alice, profession="Psychologist", regulator="HCPC", region="GB", method="Register.", **checked
    )
    return client


def secrets():
    """Everything that must not stand on a page."""
    seeds = [each.data.get("seed") or each.data.get("secret") for each in Authenticator.objects.all()]
    codes = RecoveryCodes(Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)).get_unused_codes()
    hashes = [user.password for user in User.objects.all()]
    sessions = [text for row in Session.objects.all() for text in (row.session_key, row.session_data)]
    return {text for text in [*seeds, *codes, *hashes, *sessions, SECRET, "letter-token"] if text}


def pages():
    """(name, address) of every page of the admin, ours included: each address with each row that it may be about."""
    models = {f"{each._meta.app_label}/{each._meta.model_name}/": each for each in admin.site._registry}
    # some addresses of the queue are about a comment or an entry of the audit log
    others = [*LogEntry.objects.values_list("pk", flat=True), *Comment.objects.values_list("pk", flat=True)]
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLResolver):
            model = models[str(pattern.pattern)]
            rows = {*model._base_manager.values_list("pk", flat=True), *(others if model is Case else [])}
            named = [each for each in pattern.url_patterns if each.name]
        else:
            rows, named = {"posts"}, [pattern] if pattern.name else []
        for each in named:
            fields = list(each.pattern.converters) or ["app_label"][: each.pattern.regex.groups]
            for value in sorted(rows, key=str) if fields else [None]:
                with suppress(NoReverseMatch):  # a number for a row that is named by a UUID
                    yield each.name, reverse(f"admin:{each.name}", args=[value] * len(fields))


def test_no_page_of_the_admin_shows_a_secret_to_the_owner(owner):
    kept = secrets()
    assert len(kept) > 10
    shown, statuses = [], {}
    for name, address in pages():
        answer = owner.get(address)
        statuses.setdefault(name, set()).add(answer.status_code)
        shown += [(name, secret) for secret in kept if secret in b"".join(answer).decode()]
    assert shown == []
    # Pages that are not for the owner (403), take only a POST (405), or lead on (302). The rest was opened.
    assert {name for name, found in statuses.items() if not found & {200, 302, 403, 405}} == NOT_FOUND
    assert sum(200 in found for found in statuses.values()) > 30


def test_tables_that_hold_secrets_have_no_page_in_the_admin():
    assert not NOT_IN_THE_ADMIN & set(admin.site._registry)


def test_no_list_of_the_admin_answers_questions_about_hidden_fields(owner):
    """A filter in the address could find out a password hash or a mail's code, character by character."""
    answered = []
    for model, model_admin in admin.site._registry.items():
        if model is Case:
            # the review queue takes no filters from the address
            continue
        place = f"{model._meta.app_label}_{model._meta.model_name}"
        offered = {each[0] if isinstance(each, tuple) else each for each in model_admin.list_filter}
        for field in model._meta.concrete_fields:
            lookups = [f"{field.name}__{how}" for how in ("startswith", "gt", "regex", "icontains")]
            if field.name not in offered:
                lookups += [field.name, f"{field.attname}__isnull"]
            for lookup in lookups:
                answer = owner.get(reverse(f"admin:{place}_changelist"), {lookup: "1"})
                if answer.status_code == 200:
                    answered.append((place, lookup))
    assert answered == []


def test_lists_can_still_be_filtered(owner):
    assert (
        owner.get("/admin/accounts/user/?joined_at__gte=2026-01-01+00:00:00%2B00:00&standing=staff").status_code == 200
    )
    assert owner.get("/admin/posts/logentry/?act__exact=remove").status_code == 200


def test_empty_parameter_of_a_form_is_no_error_of_ours(owner):
    person = User.objects.first()
    assert owner.get(f"/admin/accounts/user/{person.pk}/change/?_to_field=").status_code == 400
