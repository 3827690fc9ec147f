"""What each action means for the person concerned, as a sentence."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from posts.models import LogEntry
from posts.moderation.sanctions import SANCTIONS

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Act = LogEntry.Act
SAID: "dict[str, StrPromise]" = {
    **{sanction.act: sanction.notice for sanction in SANCTIONS.values()},
    Act.REMOVE: _("Your comment was removed."),
    Act.RESTORE: _("Your comment is back."),
    Act.HOLD: _("Your comment is hidden until it is reviewed."),
    Act.HIDE: _("Your comment is hidden until a moderator has reviewed it."),
    Act.APPROVE: _("Your comment was looked at, and everybody can read it."),
    Act.EDIT_OUT: _("A passage was taken out of your comment."),
    Act.LOCK_BRANCH: _("Nobody can reply to your comment and below it any more."),
    Act.OPEN_BRANCH: _("People can reply to your comment again."),
    Act.UNWATCH: _("What you write appears at once again."),
    Act.UNSUSPEND: _("Your suspension or ban was ended: you can write again."),
    Act.TRUST: _("You are a trusted member."),
    Act.VERIFY: _("You are verified as a clinician."),
    Act.REFUSE: _("You asked to be verified as a clinician, and that was refused."),
    Act.REVOKE: _("Your verification as a clinician was revoked."),
    Act.UNTRUST: _("You are a member like others again."),
    Act.UNDO: _("A decision about you was reversed."),
    Act.REOPEN: _("A decision about you was reversed. Your comment has changed since, so a moderator decides anew."),
    Act.UPHOLD: _("Your appeal was answered: the decision stands."),
    Act.CHANGE: _("Your appeal was answered: the decision was changed."),
    Act.REVERSE: _("Your appeal was answered: the decision was reversed."),
}
