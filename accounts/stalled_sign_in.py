"""A sign-in that waits for the second factor. It ends if the account changes meanwhile.

Otherwise the password that was right before the change would still count, and allauth would lead back and forth between
the page of the second factor and the sign-in page if no factor is left.
"""

from allauth.account.stages import LoginStageController
from allauth.mfa.base.views import AuthenticateView as MFAAuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage as MFAAuthenticateStage
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import SECOND_FACTORS, User

CHANGED = _("The account was changed meanwhile, so this sign-in was ended. Please sign in again.")


class AuthenticateStage(MFAAuthenticateStage):
    """allauth's stage of signing in, which notes the state of the account when it begins."""

    def handle(self) -> tuple:
        """Return allauth's response and whether to go on."""
        self.state["account"] = _state_of(self.login.user)
        return super().handle()


class AuthenticateView(MFAAuthenticateView):
    """allauth's page of the second factor, which ends the sign-in if the account has changed since the first step."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Show the page, or redirect to the sign-in page."""
        stage = LoginStageController.enter(request, AuthenticateStage.key)
        if stage is not None and stage.state.get("account") != _state_of(stage.login.user):
            messages.error(request, CHANGED)
            return stage.abort()
        return super().dispatch(request, *args, **kwargs)


def _state_of(user: AbstractBaseUser | None) -> str:
    """Return a keyed hash of the stored password and second factors of an open account; "" for every other one."""
    password = user and User.objects.filter(pk=user.pk, is_active=True).values_list("password", flat=True).first()
    if not password:
        return ""
    factors = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).order_by("pk")
    return salted_hmac(__name__, f"{password} {list(factors.values_list('pk', flat=True))}").hexdigest()
