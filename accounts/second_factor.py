"""Forms that add a second factor to an account."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.totp.forms import ActivateTOTPForm as TOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as WebAuthnForm
from django.forms import Form
from django.utils.translation import gettext_lazy as _

from accounts.models import User


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["passwordless"].label = _("Use it as a passkey")
        self.fields["passwordless"].help_text = _(
            "It then signs you in without a code. It has to ask for your finger, face or PIN."
        )
