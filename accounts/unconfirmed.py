"""Accounts with an unconfirmed address: erase what a stranger may have set, and delete them after KEPT_FOR.

Somebody who knows an address can sign up with it, and set a password and a name. The first confirmation of the address
erases these, unless the same session set them. A further sign-up with the address replaces the earlier one.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.account.utils import url_str_to_user_pk
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts import hooks
from accounts.models import HeldName, User
from forum.ratelimit import who
from forum.security_log import record_change

# How long an account waits for its address to be confirmed, and how long each sign-up reserves the name it gives.
KEPT_FOR = timedelta(days=3)
# The session's entry that says for which account, as it is stored since then, the session signed up.
SIGNED_UP = "signed_up"


def remember_sign_up(request: HttpRequest, person: User) -> None:
    """Note in the session that it signed up as `person`. Another password, even an unusable one, voids the note."""
    request.session[SIGNED_UP] = person.get_session_auth_hash()


def on_confirmation(request: HttpRequest, email_address: EmailAddress, **signal: Any) -> None:
    """Erase what others put into the account when its address is confirmed first, and tell the user about it.

    This handles allauth's signal email_confirmed, in the transaction of the confirmation.
    """
    if not is_first_confirmation(email_address):
        return
    person = email_address.user
    stored = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if request.session.pop(SIGNED_UP, None) == stored.get_session_auth_hash():
        return
    erase(person)
    record_change("unconfirmed_account_erased", **who(request), target=person.pk)
    said = _(
        "Somebody, perhaps you, had signed up with your address before you confirmed it here. The name and the "
        "password from then are erased, and your name is now %(name)s."
    ) % {"name": person.display_name}
    link = format_html('<a href="{}">{}</a>', reverse("account_settings"), _("Choose your name."))
    messages.warning(request, format_html("{} {}", said, link))


def is_first_confirmation(email_address: EmailAddress) -> bool:
    """Return whether the account of the address had no confirmed address before this one."""
    others = EmailAddress.objects.filter(user=email_address.user_id, verified=True).exclude(pk=email_address.pk)
    return not others.exists()


@transaction.atomic
def erase(person: User, *, display_name: str = "") -> None:
    """Erase the password, the second factors, the sessions and the name of an unconfirmed account.

    The account is then called `display_name`, or gets a name that says nothing. Changes `person` and its row.
    """
    for act in hooks.before_rename:
        act(person)
    person.set_unusable_password()
    person.rename(display_name or _free_name())
    person.save(update_fields=["password", "display_name", "name_key"])
    Authenticator.objects.filter(user=person).delete()
    person.user_sessions.all().end()


def _free_name() -> str:
    while True:
        name = f"New member {secrets.randbelow(10**6)}"
        if User.objects.name_is_free(name):
            return name


def delete_expired(at: datetime) -> int:
    """Delete the unconfirmed accounts that are older than KEPT_FOR, and the expired reservations of names.

    Returns the number of deleted accounts. Keeps accounts that a moderator's decision is about.
    """
    HeldName.objects.filter(expires_at__lte=at).delete()
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    made_by_sign_up = User.objects.filter(joined_at__lte=at - KEPT_FOR, last_login=None, is_staff=False)
    unconfirmed = made_by_sign_up.filter(Exists(addresses), ~Exists(addresses.filter(verified=True)))
    deleted = 0
    for person in unconfirmed.iterator():
        with transaction.atomic():
            # The address may have been confirmed meanwhile.
            locked = User.objects.select_for_update().filter(pk=person.pk).first()
            if locked is None or locked.has_confirmed_address() or locked.joined_at > at - KEPT_FOR:
                continue
            try:
                locked.delete()
            except ProtectedError:
                continue
        deleted += 1
    return deleted


def forget_deleted(request: HttpRequest) -> None:
    """Make a session that waits for a code behave as for an address without an account, if its account was deleted."""
    session = request.session
    codes = [
        session[key]
        for key in (EMAIL_VERIFICATION_CODE_SESSION_KEY, PASSWORD_RESET_VERIFICATION_SESSION_KEY)
        if session.get(key)
    ]
    login = session.get(LOGIN_SESSION_KEY)
    pks = {int(state["user_id"]) for state in codes if "user_id" in state}
    if login and login["user_pk"] is not None:
        pks.add(url_str_to_user_pk(login["user_pk"]))
    if not pks or User.objects.filter(pk__in=pks).count() == len(pks):
        return
    for state in codes:
        state.pop("user_id", None)
        state.pop("code", None)
    if login:
        login["user_pk"] = None
        for stage in login["state"].get("stages", {}).values():
            if isinstance(stage, dict):
                stage.get("data", {}).pop("user_id", None)
                stage.get("data", {}).pop("code", None)
    session.modified = True
