"""allauth's adapters: how accounts are made, how allauth's mails are sent, and its error messages."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forum import outbox
from forum.mail import in_our_look
from forum.ratelimit import hashed_address, who
from forum.security_log import record

if TYPE_CHECKING:
    from accounts.forms import SignupForm
    from accounts.models import User

_TOO_MANY = _(
    "That was tried too often in a short time. Nothing is locked and your name is kept: have a new code sent to your "
    "address here, or wait a few minutes and try again."
)
_LASTING_MINUTES = {
    "account/email/login_code": "LOGIN_BY_CODE_TIMEOUT",
    "account/email/reauthentication_code": "LOGIN_BY_CODE_TIMEOUT",
    "account/email/password_reset_code": "PASSWORD_RESET_BY_CODE_TIMEOUT",
    "account/email/email_confirmation": "EMAIL_VERIFICATION_BY_CODE_TIMEOUT",
    "account/email/email_confirmation_signup": "EMAIL_VERIFICATION_BY_CODE_TIMEOUT",
}


def _to_our_site(link: str) -> str:
    """Return the `link`, which allauth made for the host of the request, as one to SITE_URL."""
    return settings.SITE_URL + urlsplit(link)._replace(scheme="", netloc="").geturl()


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account adapter, with display names and with error messages that say what to do next."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is closed."),
        "duplicate_email": _("This is your address already. Nothing has changed."),
        "email_password_mismatch": _(
            "The address and the password do not belong together. Try again, or have a code sent to your address."
        ),
        "enter_current_password": _("This is not your current password. It is unchanged; please type it again."),
        "incorrect_code": _("This is not the code we sent. Look at the newest mail and type its code again."),
        "incorrect_password": _("This is not your password. Please type it again."),
        "invalid_login": _("Please check the address and try again."),
        "rate_limited": _TOO_MANY,
        "same_as_current": _("This is the address you have now. Nothing has changed."),
        "too_many_codes": _(
            "Too many codes were asked for, so none was sent now. Nothing is locked: use the code of the newest mail "
            "if its page is still open, or try again later. After many requests in one day that is tomorrow."
        ),
        "too_many_login_attempts": _TOO_MANY,
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a keyed hash of the client's network for allauth's rate limits, so that no address is stored."""
        return hashed_address(request)

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Return allauth's validation error; write a security event if a rate limit caused it."""
        if code in ("rate_limited", "too_many_codes", "too_many_login_attempts"):
            record("limit_reached", **who(self.request), act=code)
        return super().validation_error(code, *args)

    def login(self, request: HttpRequest, user: "User") -> None:
        """Sign in as the user as stored now: confirming an address may have erased the password (accounts.unconfirmed).

        A session of a user with another password would end with the next request.
        """
        user.refresh_from_db()
        super().login(request, user)

    def get_login_stages(self) -> list[str]:
        """Return the stages of signing in, with ours in place of allauth's for the second factor."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.stalled_sign_in.AuthenticateStage"}
        return [ours.get(path, path) for path in super().get_login_stages()]

    def save_user(self, request: HttpRequest, user: "User", form: "SignupForm", commit: bool = True) -> "User":
        """Save the new user with the display name from the form."""
        user.rename(form.cleaned_data["display_name"])
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put one of allauth's mails into the outbox, with the expiry time of its code if it has one.

        Links lead to SITE_URL. allauth makes them with the host and port that the request names, which anybody can set.
        """
        lasting = _LASTING_MINUTES.get(template_prefix)
        # of all that a context holds, such as the User-Agent header, only these are links
        context = {name: _to_our_site(value) if name.endswith("_url") else value for name, value in context.items()}
        context["site_name"] = settings.SITE_NAME
        expires_at = None
        if lasting:
            seconds = getattr(app_settings, lasting)
            context["minutes"] = seconds // 60
            expires_at = timezone.now() + timedelta(seconds=seconds)
        context |= {"request": self.request, "email": email, "current_site": get_current_site(self.request)}
        outbox.add(self.render_mail(template_prefix, email, context), kind=template_prefix, expires_at=expires_at)

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """Return allauth's mail as rendered from our plain-text template, with an HTML part made from the same text."""
        return in_our_look(super().render_mail(template_prefix, email, context, headers))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Send a mail to the owner of an address with which a new sign-up was tried.

        The page does not reveal that the address has an account.
        """
        url = self.request.build_absolute_uri(reverse("account_request_login_code"))
        self.send_mail("account/email/account_already_exists", email, {"login_code_url": url})

    def get_reauthentication_methods(self, user: "User") -> list[dict[str, Any]]:
        """Return the ways to confirm a change. With a second factor, the password alone is not enough."""
        methods = super().get_reauthentication_methods(user)
        by_factor = [method for method in methods if method["id"] != "reauthenticate"]
        return by_factor or methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the address of the account page."""
        return reverse("account_settings")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Return the address of the account page for a signed-in user, allauth's default otherwise."""
        if self.request.user.is_authenticated:
            return reverse("account_settings")
        return super().get_email_verification_redirect_url(email_address)


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's adapter for second factors, with error messages that say what to do next."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right, or it was used already. Please wait until the app shows the next one, and type it."
        ),
        "unverified_email": _("Please confirm your e-mail address first; then add a second factor."),
        "cannot_generate_recovery_codes": _("Please add an authenticator app or a security key first."),
    }
