"""The people: accounts, their names, and what has been checked about them."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class Accounts(AppConfig):
    """Accounts of members, clinicians' verifications, and the Moderators group."""

    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Note when sessions begin, and write security events."""
        from accounts import security_events, sessions

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        security_events.connect()
