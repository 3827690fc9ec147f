"""What became of an item since a moderator opened it: whoever is refused for that reads what it was."""

from typing import NamedTuple

from django.utils.translation import gettext as _


class Change(NamedTuple):
    """One thing that happened: a sentence, and the words that belong to it ("" if there are none)."""

    said: str
    words: str = ""


def changes(item, since, mark, moderator):
    """The Changes of `item` after the moment `since`, when its text had the fingerprint `mark`, for a `moderator`, who
    does not read who flagged their own; no query, for the item has read all of it."""
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
        # the latest come first: the last one is what was on the page
        found.append(Change(_("The text was changed. When you opened it, it said:"), earlier[-1]["source"]))
    elif item.comment is not None and mark and item.comment.fingerprint != mark:
        found.append(Change(_("Its author changed the text just after writing it. It is shown as it is now.")))
    return found
