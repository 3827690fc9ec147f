"""Exceptions of refused actions, and the sentences that explain a refusal to the person who tried."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from posts.models.comment import Comment

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refused(Exception):  # noqa: N818  (control flow, not an error)
    """The action was offered but is no longer possible, and nothing was changed.

    `str()` gives a sentence for the person who tried.
    """

    def __init__(self, sentence: "StrOrPromise") -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Repeated(Exception):  # noqa: N818
    """The author sent the same text shortly before, as `comment`. Nothing was stored.

    The form then asks the author to confirm a second sending.
    """

    def __init__(self, comment: Comment) -> None:
        super().__init__(comment.pk)
        self.comment = comment


class AlreadySent(Exception):  # noqa: N818
    """A form was sent again with another text. `comment` is what its first text became; nothing changed."""

    def __init__(self, comment: "Comment") -> None:
        super().__init__(comment.pk)
        self.comment = comment


class EditConflict(Exception):  # noqa: N818
    """`comment` was changed after the edit was begun. Nothing was changed now."""

    def __init__(self, comment: Comment) -> None:
        super().__init__(comment.pk)
        self.comment = comment


class ConfirmationNeeded(Exception):  # noqa: N818
    """The text contains watched words that the author must confirm. Nothing was changed.

    `asked` has a pair of phrase and advice for each of them.
    """

    def __init__(self, asked: Iterable[tuple[str, str]]) -> None:
        super().__init__(asked)
        self.asked = asked


class Stale(Refused):
    """Another moderator decided first, or the subject of the decision has changed.

    `str()` says which.
    """


GONE = _("This comment was deleted or removed. Nobody can reply to it any more.")
LOCKED = _("This thread is locked: it can be read, but nobody can write in it.")
WITHDRAWN = _("This thread is no longer there.")
BANNED = _("Your account is banned: you can read, but not write. Under “Decisions” you find why, and how to appeal.")
SUSPENDED_UNTIL = _(
    "Your account is suspended until %(when)s: you can read, but not write. Under “Decisions” you find why, and how to "
    "appeal."
)
NOT_YOURS = _("Only the person who wrote a comment can change it.")
STARTERS = _("Only some members may start a thread here.")
NOT_YOURSELF = _("You cannot verify yourself. Please ask another moderator.")
EMPTY_REASON = _("Please give a reason: the person concerned may ask for it.")
GONE_YOURS = _("This comment was deleted or removed and can no longer be changed.")
NOT_STAFF = _("Moderators decide neither about themselves nor about each other; ask the owner of the site.")
NOT_YOUR_OWN = _("You cannot mark your own comment as helpful.")
NO_GUESTS = _("Only members can write here at present.")
TOO_LATE = _("A deletion can be undone for a minute; that minute is over.")
DRAFT_TOO_LONG = _("This is too long to be kept as a draft.")
TOO_MANY_DRAFTS = _(
    "Your drafts fill all the space there is for them. This text is kept on this device only; please discard drafts "
    "that you do not need any more."
)
GONE_TO_READ = _("This comment was deleted or removed.")
BRANCH_LOCKED = _("A moderator closed this branch: it can be read, but nobody can reply in it.")
WARNED = _(
    "A moderator wrote to you. Please read it under “Decisions” and say that you have; then you can write again."
)
NOT_YOUR_OWN_FLAG = _("This is your own comment: you can change it or delete it.")
NO_VISITORS_FLAGS = _("Only members can flag comments here at present.")
CHANGED_SINCE = _(
    "What this decision did has been changed since, so it cannot be undone or replaced. Please decide about it as it "
    "is now."
)
WITHHELD_FOR_SAFETY = _(
    "This concerns somebody’s privacy or safety, so earlier versions stay withheld. You can undo the decision that "
    "took the passage out; the comment then waits for a new decision."
)
NOT_UNDONE = _("This cannot be undone.")
UNDONE_ALREADY = _("This was undone already.")
DECIDED_ALREADY = _("Somebody else decided this in the meantime. Your decision was not carried out.")
YOU_DECIDED_ALREADY = _("You have decided this already. Nothing was done a second time.")
CHANGED_MEANWHILE = _("This has changed since you opened it. Nothing was done; please look again.")
CLAIMED = _("%(who)s is looking at this. Nothing was done; you can take it over, or go on to the next.")
YOUR_OWN_CAUSE = _("This is about yourself; another moderator decides it.")
NO_CASE_OF_COMMENT = _("This is something that somebody asks for: it is answered, not decided like a comment.")
NOTHING_TO_DO = _("Nothing had to be changed.")
NOTHING_INSTEAD = _(
    "Please choose what comes instead. If everything stays as it is, the decision stands; if nothing of it stays, it "
    "is reversed."
)
HARSHER = _("An appeal must not make things worse: please choose something milder than what was decided.")
NOTHING_STANDS = _("This decision was reversed already. Please answer that it is reversed.")
DECIDE_THAT_FIRST = _(
    "Something has come since about this comment, and waits in the queue. Please decide that first; nothing was done "
    "and the appeal waits."
)
APPEALED = _("There is an appeal against this. It is answered in the queue, by another moderator if there is one.")
SUSPENDED_LONGER = _(
    "This person is banned, or suspended for longer than that. To make it shorter, end it first, on their page."
)
NOT_CHECKED = _("Please say what you checked, and how.")
NO_CAUSE = _(
    "Nothing speaks against this person: they are not under watch, warned or suspended, and nothing they wrote was "
    "removed lately or waits. So there is no cause to look for other accounts."
)
NO_ACCOUNT = _("Its author has no account: there is nobody to warn or to suspend.")
NO_SUCH_PASSAGE = _("The text does not have this passage. Please copy it from the text as it was written.")
TOO_COMPLEX_WITHOUT = _(
    "Without this passage the text cannot be shown: its Markdown would be too complex. Please take out more of it, or "
    "remove the comment."
)
NOTHING_LEFT = _("Nothing would be left of the text. Please remove the comment instead.")
NOT_YOUR_OWN_APPEAL = _("You made this decision, or your flag led to it; another moderator answers the appeal.")
NO_APPEAL = _("There is no appeal against this, or not any more.")
EMPTY_APPEAL = _("Please say why you think that the decision was wrong.")
EMPTY_NOTE = _("Please write something.")
