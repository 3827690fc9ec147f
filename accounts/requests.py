"""The type of requests by signed-in users, for annotations."""

from accounts.models import User
from forum.requests import HtmxRequest


class MemberRequest(HtmxRequest):
    """A request whose user is signed in; a view with `login_required` gets only such requests."""

    user: User
