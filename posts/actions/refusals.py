"""Why a verb did not happen, in words for the person who tried."""

from django.utils.translation import gettext_lazy as _


class Refused(Exception):  # noqa: N818  (it is an answer, not a fault)
    """The act is no longer possible, though it was offered. `str()` is a sentence for the person; nothing changed."""

    def __init__(self, sentence):
        super().__init__(sentence)
        self.sentence = sentence


class Repeated(Exception):  # noqa: N818
    """The same person wrote the same text a moment ago, as `comment`; whoever means it says so."""

    def __init__(self, comment):
        super().__init__(comment.pk)
        self.comment = comment


class Overtaken(Exception):  # noqa: N818
    """`comment` was changed since the text that is to replace it was begun; nothing changed now."""

    def __init__(self, comment):
        super().__init__(comment.pk)
        self.comment = comment


GONE = _("This comment was taken back or removed: nobody can reply to it any more.")
LOCKED = _("This thread is locked: it can be read, but nobody can write in it.")
WITHDRAWN = _("This thread is no longer there.")
SUSPENDED = _("Your account is suspended: you can read, but not write.")
NOT_YOURS = _("Only the person who wrote a comment can change it.")
STARTERS = _("Only some members may start a thread here.")
NOT_YOURSELF = _("Nobody verifies themselves; ask another moderator.")
EMPTY_REASON = _("Please give a reason: the person concerned may ask for it.")
GONE_YOURS = _("This comment was deleted or removed and can no longer be changed.")
NOT_STAFF = _("Moderators cannot suspend themselves or each other; ask the owner of the site.")
NOT_YOUR_OWN = _("Whether a comment helped is for its readers to say.")
NO_GUESTS = _("Only members can write here at present.")
TOO_LATE = _("A deletion can be undone for a minute; that minute is over.")
DRAFT_TOO_LONG = _("This is too long to be kept as a draft.")
GONE_TO_READ = _("This comment was taken back or removed.")
