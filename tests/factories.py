"""People, threads and replies for tests, created by the functions of the forum."""

from itertools import count

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group

from accounts.models import User
from posts.writing import comments
from tests.signing_in import SECRET

WORDS = "Somebody stayed, although I had been unkind the week before."
WHY = "It is unkind to somebody."  # the reason of a moderator
QUESTIONS = [("What have your patients learned?", "clinicians"), ("What have you learned?", "patients")]
CARRIED = set(comments.Submission.__dataclass_fields__)
_number = count(1)


def person(name=None, **fields):
    """Create a person with an account; by default a member whose comments are not held."""
    fields.setdefault("trust", User.Trust.MEMBER)
    name = name or f"Person {next(_number)}"
    user = User.objects.create_user(f"{name.lower().replace(' ', '.')}@example.org", display_name=name, **fields)
    # as in a request of a session that passed the second factor; see tests.signing_in for browsers
    user.has_proven_factor = user.is_staff
    return user


def moderator(name="Mo Derby", **fields):
    """Staff in the Moderators group, with an authenticator app."""
    user = person(name, is_staff=True, **fields)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": SECRET})
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


def thread(author=None, title="Is therapy a rehearsal?", questions=QUESTIONS, **fields):
    """Start a thread with two questions."""
    if author is None:
        fields.setdefault("byline", "The blogger")
    return comments.start_thread(author=author, title=title, source=WORDS, questions=questions, **fields)


def reply(parent, author, source=WORDS, **fields):
    """Reply to `parent`; fields of a submission are passed on in one."""
    carried = {name: fields.pop(name) for name in list(fields) if name in CARRIED}
    submission = comments.Submission(source=source, **carried)
    return comments.reply(parent=parent, author=author, submission=submission, **fields)
