"""`manage.py make_moderator EMAIL [--name NAME] [--owner]`: make a person a moderator or an owner."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from accounts import unconfirmed
from accounts.addresses import canonical
from accounts.models import MODERATORS, User
from accounts.security_events import record_right
from accounts.validators import NAME_MAX_LENGTH, clean_up, validate_display_name
from forum.security_log import record_change

ERASED = """
The address of this account had never been confirmed, so anybody may have made it. The password, the second
factors, the sessions and the name that were set for it are erased. Its name is now {name}.
"""
NEXT_STEPS = """
{name} <{email}> {is_now} {role}.

  1. Sign in at {login} with a code sent to {email}.
     On a laptop the mail is shown on the console and kept in var/mail.
  2. Add an authenticator app or a security key at {factor}.
  3. The review queue is at {queue}.
"""


class Command(BaseCommand):
    """Make the person with an address a moderator or an owner; a second run changes nothing."""

    help = "Makes the person with this e-mail address a moderator, and the account too if there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add EMAIL, --owner and --name."""
        parser.add_argument("email")
        parser.add_argument("--owner", action="store_true", help="an owner, who may also set rules and give rights")
        parser.add_argument("--name", default="", help="name of a new or unconfirmed account (default: from address)")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Find or create the user, give them the rights, and print the next steps."""
        email = canonical(options["email"])
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"“{options['email']}” is not an e-mail address, so nothing was changed.") from None
        person = User.objects.with_any_address(email)
        if person is None:
            person = User.objects.create_user(email, display_name=self._name(options["name"], email))
        elif not person.has_confirmed_address():
            unconfirmed.erase(person, display_name=self._name(options["name"], email))
            record_change("unconfirmed_account_erased", user=None, target=person.pk)
            self.stdout.write(ERASED.format(name=person.display_name))
        try:
            moderators = Group.objects.get(name=MODERATORS)
        except Group.DoesNotExist:
            raise CommandError("There is no group of moderators. Run `manage.py migrate`, then this again.") from None
        rights = ["is_staff", "is_superuser"] if options["owner"] else ["is_staff"]
        missing = [right for right in rights if not getattr(person, right)]
        is_new = bool(missing) or not person.groups.contains(moderators)
        self._confirm_address(person)
        for right in missing:
            setattr(person, right, True)
            record_right(person, right, is_given=True)
        person.is_active = True
        person.save(update_fields=[*rights, "is_active"])
        person.groups.add(moderators)
        self.stdout.write(
            NEXT_STEPS.format(
                name=person.display_name,
                email=person.email,
                is_now="is now" if is_new else "was already",
                role="an owner" if options["owner"] else "a moderator",
                login=reverse("account_request_login_code"),
                factor=reverse("mfa_index"),
                queue=reverse("admin:index"),
            )
        )

    def _confirm_address(self, person: User) -> None:
        """Mark the address as verified and delete other users' claims to it, unless the user has a verified address."""
        own = EmailAddress.objects.filter(user=person)
        if own.filter(primary=True, verified=True).exists():
            return
        EmailAddress.objects.filter(email__iexact=person.email).exclude(user=person).delete()
        own.update(primary=False)
        EmailAddress.objects.update_or_create(
            user=person, email=person.email, defaults={"primary": True, "verified": True}
        )

    def _name(self, given: str, email: str) -> str:
        """Return the name `given`, or the first free and valid name made from the address.

        Raises CommandError if the given name is invalid or taken.
        """
        if given:
            name = clean_up(given)
            try:
                validate_display_name(name)
            except ValidationError as error:
                raise CommandError(f"“{name}” cannot be the name: {' '.join(error.messages)}") from None
            if not User.objects.name_is_free(name):
                raise CommandError(f"Somebody already uses the name “{name}” or one like it. Give another with --name.")
            return name
        words = re.sub(r"[\W\d_]+", " ", email.split("@")[0]).strip().title()
        for base in (words[: NAME_MAX_LENGTH - 4].strip(), "Keeper"):
            for number in range(1, 1000):
                name = base if number == 1 else f"{base} {number}"
                try:
                    validate_display_name(name)
                except ValidationError:
                    break
                if User.objects.name_is_free(name):
                    return name
        raise CommandError("No free name could be made from the address. Give one with --name.")
