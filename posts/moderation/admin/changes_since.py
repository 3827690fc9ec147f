"""What has changed about a case since a moderator opened its page. It is shown if a decision is refused for that."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.models import User
from posts.moderation.admin.case import Item


class Change(NamedTuple):
    """One change: a sentence, and the text that belongs to it ("" if there is none)."""

    said: str
    words: str = ""


def changes(item: Item, since: datetime | None, moderator: User) -> list[Change]:
    """Return the Changes of `item` after the moment `since`.

    The list is empty if the moment is None. Flags of comments that the `moderator` wrote are left out. Takes no
    query, because the item has read all of it.
    """
    if since is None:
        return []
    found = []
    for entry in reversed(item.entries):
        if entry.at > since:
            by = entry.moderator or _("the forum itself")
            said = _("%(who)s: %(what)s.") % {"who": by, "what": entry.get_act_display()}
            found.append(Change(said, entry.reason))
    for flag in reversed(item.beside["flags"] if item.author != moderator else []):
        if flag["at"] > since:
            said = _("It was flagged: %(reason)s.") % {"reason": flag["reason"]}
            found.append(Change(said, flag["note"]))
    earlier = [version for version in item.beside["versions"] if version["at"] > since]
    if earlier:
        # latest first: the last one was on the page
        found.append(Change(_("The text was changed. When you opened it, it said:"), earlier[-1]["source"]))
    return found
