"""Forms that visitors can send do no costly work before a rate limit counts."""

import pytest

from forum import markup
from posts.models import LogEntry
from posts.moderation import notices
from posts.moderation.actions import remove
from tests.factories import WHY, moderator, person, reply, thread

pytestmark = pytest.mark.django_db
# One of the most costly texts without a letter that fits into every field.
COSTLY = "]_1_**\n\n" * 230
TEXTS = dict.fromkeys(("source", "text", "note", "evidence", "email"), COSTLY)


@pytest.fixture
def rendered(monkeypatch):
    """The lengths of the texts that are rendered."""
    lengths = []
    render = markup.render

    def counted(source, *limits):
        lengths.append(len(source))
        return render(source, *limits)

    monkeypatch.setattr(markup, "render", counted)
    return lengths


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("/c/{comment}/reply/", {"name": ""}),
        ("/c/{comment}/reply/", {}),
        ("/c/{comment}/edit/", {}),
        ("/c/{comment}/flag/", {}),
        ("/c/{comment}/flag/", {"writer": "1"}),
        ("/t/new/", {}),
        ("/account/clinician/", {}),
        ("/decisions/{entry}/", {}),
        ("/decisions/by-link/{token}/", {"email": COSTLY, "text": COSTLY}),
    ],
)
def test_visitors_form_is_checked_without_rendering_long_text(client, rendered, page, fields):
    comment = reply(thread().opening, person())
    remove(moderator=moderator(), comment=comment, reason=WHY, rule="")
    entry = LogEntry.objects.latest("pk")
    other = reply(thread(title="Another").opening, person())
    address = page.format(comment=other.pk, entry=entry.pk, token=notices.token_of(entry))
    rendered.clear()
    answer = client.post(address, TEXTS | fields)
    assert answer.status_code in (302, 422)
    assert all(length <= 200 for length in rendered)
