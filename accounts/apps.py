"""The app config of accounts."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class Accounts(AppConfig):
    """The app of user accounts, sign-in, clinicians' verifications, and the Moderators group."""

    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Connect the signal receivers that record new sessions and write security events."""
        from accounts import security_events, sessions

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        security_events.connect()
