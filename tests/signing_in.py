"""Browsers of members and moderators: signed in, with or without the second factor."""

import time

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as WHOSE
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def app_of(user):
    """The authenticator app of the user, added if there is none."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found or TOTP.activate(user, SECRET).instance


def code_of_app(secret=SECRET):
    """The code that the authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def sign_in_just_now(client, user):
    """Signs in with a mailed code, as allauth's pages do; `force_login` leaves no trace of how and when."""
    client.force_login(user)
    session = client.session
    session[METHODS] = [{"method": "code", "at": time.time(), "email": user.email}]
    session[WHOSE] = str(user.pk)
    session.save()
    return client


def sign_in_with_factor(client, user):
    """Signs in with the second factor, as allauth's pages do."""
    app = app_of(user)
    client.force_login(user)
    session = client.session
    session[METHODS] = [{"method": "mfa", "at": 0, "id": app.pk, "type": "totp"}]
    session[WHOSE] = str(user.pk)
    session.save()
    return client
