"""Forms that add a second factor."""

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.totp.forms import ActivateTOTPForm as TOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as WebAuthnForm
from django.utils.translation import gettext_lazy as _


class _ProvesItself:
    """A second factor just added has just been used: its codes may be seen without asking for it again at once.

    Asking would be worse than a nuisance, for the same code of an app is not taken twice. It does not make the session
    a moderator's: see accounts.sessions.
    """

    def clean(self):
        """Notes the use in the session, if all is right."""
        cleaned = super().clean()
        if not self.errors:
            record_authentication(context.request, self.user, method="mfa", reauthenticated=True)
        return cleaned


class ActivateTOTPForm(_ProvesItself, TOTPForm):
    """Adds an authenticator app."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code the app shows")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddWebAuthnForm(_ProvesItself, WebAuthnForm):
    """Adds a security key or a passkey."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["passwordless"].label = _("Use it as a passkey")
        self.fields["passwordless"].help_text = _(
            "It then signs you in without a code. It has to ask for your finger, face or PIN."
        )
