"""Texts that concern privacy or safety are shown in the admin only when a moderator asks for them."""

import re

import pytest

from posts.moderation import flags
from posts.writing import comments
from tests.factories import person, reply
from tests.posts.moderation.case_forms import said

NAME = "Anna Bell"


@pytest.fixture
def pages(opening, mod_client):
    """Ask for each page of the admin that shows a text of one comment or of its versions."""

    def ask(reason):
        author = person()
        comment = reply(opening, author, f"My patient {NAME} told me this.")
        flags.flag(comment=comment, person=person(), reason=reason)
        comment.refresh_from_db()
        comments.edit(editor=author, comment=comment, source=f"My patient {NAME} told me that.")
        revision = comment.revisions.get()
        ticked = {"_selected_action": [revision.pk], "index": 0}
        return {
            "comment": said(mod_client.get(f"/admin/posts/comment/{comment.pk}/change/")),
            "version": said(mod_client.get(f"/admin/posts/revision/{revision.pk}/change/")),
            "withhold": said(mod_client.post("/admin/posts/revision/", ticked | {"action": "withhold"})),
            "remove": said(
                mod_client.post("/admin/posts/comment/", {"_selected_action": [comment.pk], "action": "remove"})
            ),
        }

    return ask


def openly(page):
    return re.sub(r'<details class="masked.*?</details>', "", page, flags=re.DOTALL)


def test_private_text_is_masked_on_every_page_of_a_comment(pages):
    for name, page in pages("personal").items():
        assert NAME in page, name
        assert NAME not in openly(page), name


def test_other_text_is_shown_at_once(pages):
    for name, page in pages("unkind").items():
        assert NAME in openly(page), name
