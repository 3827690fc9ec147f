"""Requests by signed-in users: their type, and their user."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from forum.requests import HtmxRequest


class MemberRequest(HtmxRequest):
    """A request whose user is signed in; a view with `login_required` gets only such requests."""

    user: User


def member_of(request: HttpRequest) -> User:
    """Return the signed-in user of the request; raises PermissionDenied for a visitor."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def moderates(request: HttpRequest) -> bool:
    """Return whether the user of the request may moderate in it."""
    return request.user.is_authenticated and request.user.moderates
