"""URL patterns under /account/ that take precedence over allauth's."""

from allauth.account import views as account_views
from allauth.mfa.recovery_codes import views as recovery_codes_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.urls import path

from accounts import reauthentication, views
from accounts.reauthentication import confirmed
from accounts.stalled_sign_in import AuthenticateView

# allauth's views that change an account and send its owner a mail, with allauth's addresses and names.
# They require sign-in here, because allauth would first store a visitor's data in a new session, and a confirmation
# where allauth does not ask for one (see accounts.reauthentication).
CHANGES = [
    ("email/", account_views.EmailView, "account_email"),
    ("password/change/", account_views.PasswordChangeView, "account_change_password"),
    ("password/set/", account_views.PasswordSetView, "account_set_password"),
    ("2fa/totp/activate/", views.ActivateTOTPView, "mfa_activate_totp"),
    ("2fa/totp/deactivate/", totp_views.DeactivateTOTPView, "mfa_deactivate_totp"),
    ("2fa/webauthn/add/", webauthn_views.AddWebAuthnView, "mfa_add_webauthn"),
    ("2fa/webauthn/keys/<int:pk>/edit/", webauthn_views.EditWebAuthnView, "mfa_edit_webauthn"),
    ("2fa/webauthn/keys/<int:pk>/remove/", webauthn_views.RemoveWebAuthnView, "mfa_remove_webauthn"),
    (
        "2fa/recovery-codes/generate/",
        recovery_codes_views.GenerateRecoveryCodesView,
        "mfa_generate_recovery_codes",
    ),
]

# Of these, the view for which allauth asks for no confirmation.
NOT_ASKED_BY_ALLAUTH = {"account_set_password"}

urlpatterns = [
    path("", views.account_settings, name="account_settings"),
    path("sessions/", views.sessions, name="account_sessions"),
    path("time-zone/", views.time_zone, name="account_time_zone"),
    path("reauthenticate/code/", reauthentication.by_code, name=reauthentication.NAME),
    path("logout/", views.LogoutView.as_view(), name="account_logout"),
    path("signup/", views.SignupView.as_view(), name="account_signup"),
    path(
        "login/code/confirm/",
        views.in_one_transaction(account_views.ConfirmLoginCodeView).as_view(),
        name="account_confirm_login_code",
    ),
    path(
        "password/reset/confirm/",
        views.in_one_transaction(account_views.ConfirmPasswordResetCodeView).as_view(),
        name="account_confirm_password_reset_code",
    ),
    path("2fa/authenticate/", AuthenticateView.as_view(), name="mfa_authenticate"),
    path("2fa/webauthn/login/", views.LoginWebAuthnView.as_view(), name="mfa_login_webauthn"),
    path(
        "confirm-email/",
        transaction.atomic(account_views.email_verification_sent),
        name="account_email_verification_sent",
    ),
    path(
        "password/reset/complete/",
        views.in_one_transaction(account_views.CompletePasswordResetView).as_view(),
        name="account_complete_password_reset",
    ),
    *(
        path(
            route,
            login_required(
                confirmed(views.in_one_transaction(view).as_view(), allauth_asks=name not in NOT_ASKED_BY_ALLAUTH)
            ),
            name=name,
        )
        for route, view, name in CHANGES
    ),
]
