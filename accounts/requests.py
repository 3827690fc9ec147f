"""The type of requests by signed-in users, for annotations."""

from django.http import HttpRequest

from accounts.models import User


class MemberRequest(HttpRequest):
    """A request whose user is signed in; a view with `login_required` gets only such requests."""

    user: User
