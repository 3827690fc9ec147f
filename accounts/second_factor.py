"""allauth's forms that add or use a second factor, with our labels and with security events."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as TOTPForm
from allauth.mfa.webauthn import forms as webauthn_forms
from allauth.mfa.webauthn.forms import AddWebAuthnForm as WebAuthnForm
from django.core.exceptions import ValidationError
from django.forms import Form, HiddenInput, JSONField
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from forum.ratelimit import who
from forum.security_log import record

# Of the answer of a security key. With the certificates of its maker it has a few thousand.
MOST_CHARACTERS = 50_000


@contextmanager
def _malformed_is_refused() -> Iterator[None]:
    """Raise ValidationError instead of the errors with which allauth and fido2 meet malformed data of a browser."""
    try:
        yield
    except (LookupError, AttributeError, TypeError, ValueError, struct.error) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class _AnswerOfKey(JSONField):
    """The answer of a security key. Malformed JSON of any kind is an error of the form."""

    widget = HiddenInput

    def to_python(self, value: Any) -> Any:
        """Return the value; raises ValidationError if it is too long, too deep, or no JSON."""
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": ""})
        try:
            return super().to_python(value)
        except (RecursionError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": ""}) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return nothing: an answer is of no use a second time, and Django would read malformed JSON again."""
        return None


class _ProvesItself(Form):
    """A mixin that counts adding a second factor as a recent use of it, so that allauth does not ask for it at once.

    An app's code is not accepted twice, so the user would have to wait for the next code. Adding a second factor does
    not let the session moderate: see accounts.sessions.
    """

    user: User

    def clean(self) -> dict[str, Any] | None:
        """Record the use of the second factor in the session if the form is valid."""
        cleaned = super().clean()
        if not self.errors:
            record_authentication(context.request, self.user, method="mfa", reauthenticated=True)
        return cleaned


class ActivateTOTPForm(_ProvesItself, TOTPForm):
    """The form that adds an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code the app shows")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddWebAuthnForm(_ProvesItself, WebAuthnForm):
    """The form that adds a security key or a passkey."""

    credential = _AnswerOfKey()

    def clean(self) -> dict[str, Any] | None:
        """Return the data; raises ValidationError for a wrong or malformed answer of the key."""
        with _malformed_is_refused():
            return super().clean()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["passwordless"].label = _("Use it as a passkey")
        self.fields["passwordless"].help_text = _(
            "It then signs you in without a code. It has to ask for your finger, face or PIN."
        )


class _UsesKey(webauthn_forms.AuthenticateWebAuthnForm):
    """A mixin that refuses and logs a wrong or malformed answer of a security key or passkey.

    allauth sends a signal for wrong codes only, and a malformed answer is a KeyError there.
    """

    credential = _AnswerOfKey()

    def clean_credential(self) -> Authenticator:
        """Return the authenticator; raises ValidationError."""
        try:
            with _malformed_is_refused():
                return super().clean_credential()
        except ValidationError:
            user = self.user and self.user.pk
            record("second_factor_failed", **who(context.request) | {"user": user}, authenticator="webauthn")
            raise


class AuthenticateWebAuthnForm(_UsesKey):
    """The form of the second step of signing in."""


class LoginWebAuthnForm(_UsesKey, webauthn_forms.LoginWebAuthnForm):
    """The form of signing in with a passkey."""


class ReauthenticateWebAuthnForm(_UsesKey, webauthn_forms.ReauthenticateWebAuthnForm):
    """The form of confirming a session."""
