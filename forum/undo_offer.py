"""The offer to undo what was just done: a button beside the messages of the next page."""

from typing import Any

from django.http import HttpRequest

KEY = "undo_offer"


def offer(request: HttpRequest, address: str, *, is_several: bool = False) -> None:
    """Show a button that sends a POST to `address`, on the next page. `is_several` says that it undoes several acts."""
    request.session[KEY] = {"address": address, "is_several": is_several}


def undo_offer(request: HttpRequest) -> dict[str, Any]:
    """Return the context of pages of signed-in users: `undo_offer`, which is taken when a template reads it."""
    return {"undo_offer": lambda: request.session.pop(KEY, None)}
