"""The app config of accounts."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _

_KINDS = {
    "account_already_exists": _("Sign-up with a known address"),
    "email_changed": _("Address changed"),
    "email_confirm": _("Address confirmed"),
    "email_confirmation": _("Code that confirms an address"),
    "email_confirmation_signup": _("Code for signing up"),
    "email_deleted": _("Address removed"),
    "login_code": _("Code for signing in"),
    "password_changed": _("Password changed"),
    "password_reset": _("Password reset"),
    "password_reset_code": _("Code for a new password"),
    "password_set": _("Password set"),
    "reauthentication_code": _("Code that confirms it is you"),
    "unknown_account": _("Sign-in with an unknown address"),
}


class Accounts(AppConfig):
    """The app of user accounts, sign-in, clinicians' verifications, and the Moderators group."""

    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Name the kinds of mails, and connect receivers and hooks."""
        from allauth.account.signals import email_confirmed

        from accounts import preferences, security_events, sessions, unconfirmed
        from forum import outbox
        from forum.views import after_choice_of_language

        outbox.name_kinds({f"account/email/{name}": label for name, label in _KINDS.items()})
        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        user_logged_in.connect(preferences.begin, dispatch_uid="accounts.preferences.begin")
        after_choice_of_language.append(preferences.remember_language)
        email_confirmed.connect(unconfirmed.on_confirmation, dispatch_uid="accounts.unconfirmed.on_confirmation")
        security_events.connect()
