"""`manage.py reset_second_factor EMAIL`: remove the second factor of a person who lost it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from forum import outbox
from forum.security_log import record_change

DONE = """
{name} <{email}> has no second factor and no password any more, is signed out everywhere, and gets a mail about it.
They sign in with a code sent to their address, and then add a new factor at /account/2fa/ and set a new password.
"""


class Command(BaseCommand):
    """Remove apps, keys, passkeys, recovery codes and the password of a person, and end their sessions.

    The password is removed as well, because without the second factor it would be enough to sign in.
    """

    help = (
        "Removes the second factor and the password of the person with this address. First make sure that it is really "
        "them who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add EMAIL."""
        parser.add_argument("email")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the factors and the password, end the sessions, log it and send the mail.

        Raises CommandError if there is no such person, or no factor.
        """
        person = User.objects.with_any_address(options["email"])
        if person is None:
            raise CommandError(f"Nobody here has the address “{options['email']}”, so nothing was changed.")
        factors = Authenticator.objects.filter(user=person)
        if not factors.exists():
            raise CommandError(f"{person.display_name} has no second factor, so nothing was changed.")
        for kind in factors.values_list("type", flat=True):
            record_change("second_factor_removed", user=None, target=person.pk, authenticator=kind)
        factors.delete()
        if person.has_usable_password():
            person.set_unusable_password()
            person.save(update_fields=["password"])
            record_change("password_changed", user=None, target=person.pk, how="removed")
        person.user_sessions.all().end()
        context = {"site_name": settings.SITE_NAME, "link": settings.SITE_URL + reverse("mfa_index")}
        body = render_to_string("emails/second_factor_reset.txt", context)
        mail = EmailMessage(_("Your second factor was removed"), body, to=[person.email])
        outbox.add(mail, kind="second_factor_reset")
        self.stdout.write(DONE.format(name=person.display_name, email=person.email))
