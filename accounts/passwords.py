"""The password validator that refuses passwords that are easy to guess."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from zxcvbn import zxcvbn

from accounts.models import User

# Of zxcvbn's scores from 0 to 4. A score of 3 means at least a hundred million guesses.
LEAST_SCORE = 3
# Only this many characters are checked, which takes 60 ms at most. A crafted longer text takes zxcvbn seconds.
LOOKED_AT = 20
# The best known example of four words, which is tried for that reason.
QUOTED = ["correcthorsebatterystaple", "correct horse battery staple", "correct-horse-battery-staple"]


class GuessableValidator:
    """Refuse passwords made of leaked passwords, words, names, dates, keyboard rows or repeats.

    zxcvbn contains 30,000 leaked passwords and 64,000 words and names. It also recognizes them backwards and with
    digits for letters. The password does not leave this machine.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password that is easy to guess."""
        known = [each[:LOOKED_AT] for each in QUOTED]
        known += [settings.SITE_NAME, "".join(settings.SITE_NAME.split()).replace("-", "")]
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
        """Return the help text for the form."""
        return gettext("Words, names, dates and patterns that are tried first are refused.")
