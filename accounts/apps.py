"""The people: accounts, their names, and what has been checked about them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Accounts(AppConfig):
    """Accounts of members, clinicians' verifications, and the Moderators group."""

    name = "accounts"
    verbose_name = _("People")
