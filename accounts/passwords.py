"""Which passwords are refused because they are guessed first."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from zxcvbn import zxcvbn

from accounts.models import User

# Of zxcvbn's scores from 0 to 4: 3 takes a hundred million guesses or more.
LEAST_SCORE = 3
# Characters that are looked at. Longer texts made for it cost zxcvbn seconds; these cost 60 ms at most.
LOOKED_AT = 20


class GuessableValidator:
    """Refuses passwords made of what is tried first: leaked passwords, words, names, dates, keyboard rows, repeats.

    zxcvbn brings 30,000 leaked passwords and 64,000 words and names with it, and reads them also backwards and with
    digits for letters; nothing leaves this machine.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password that is easy to guess."""
        known = [settings.SITE_NAME, "".join(settings.SITE_NAME.split()).replace("-", "")]
        if user is not None:
            known += [user.display_name, user.email.partition("@")[0]]
        if zxcvbn(password[:LOOKED_AT], user_inputs=known)["score"] < LEAST_SCORE:
            raise ValidationError(
                _(
                    "This password is easy to guess: it is made of words, names, dates or patterns that are tried "
                    "first. Four words that have nothing to do with one another are hard to guess and easy to keep."
                ),
                code="password_easy_to_guess",
            )

    def get_help_text(self) -> str:
        """Return what the form says about it beforehand."""
        return _("Words, names, dates and patterns that are tried first are refused.")
