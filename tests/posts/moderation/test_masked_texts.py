"""Texts that concern privacy or safety are shown in the admin only when a moderator asks for them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Case, Rules
from posts.moderation import actions, flags, sanctions
from posts.writing import comments
from tests import factories
from tests.factories import person, reply
from tests.posts.moderation.case_forms import QUEUE, page, said

NAME = "Anna Bell"


def judged(comment, reason):
    """Flag the comment, change it, and return its case and its earlier version."""
    flags.flag(comment=comment, person=person(), reason=reason)
    comment.refresh_from_db()
    comments.edit(editor=comment.author, comment=comment, source=f"My patient {NAME} told me\nthat.")
    return Case.objects.get(comment=comment), comment.revisions.get()


def pages(client, case, revision):
    """Return each page of the admin that shows a text of the comment, of its versions or of its thread."""
    comment = case.comment
    return {
        "queue": said(client.get(QUEUE)),
        "case": said(client.get(page(case))),
        "comments": said(client.get("/admin/posts/comment/")),
        "person": said(client.get(f"/admin/accounts/user/{comment.author_id}/change/")),
        "several": said(client.post(f"{QUEUE}bulk/", {"item": f"{case.pk}:{case.version}"})),
        "comment": said(client.get(f"/admin/posts/comment/{comment.pk}/change/")),
        "version": said(client.get(f"/admin/posts/revision/{revision.pk}/change/")),
        "withhold": said(
            client.post("/admin/posts/revision/", {"_selected_action": [revision.pk], "action": "withhold"})
        ),
        "remove": said(client.post("/admin/posts/comment/", {"_selected_action": [comment.pk], "action": "remove"})),
    }


def openly(html):
    """Return the page without its closed parts, addresses and attributes."""
    number = 1
    while number:
        # the innermost ones first
        html, number = re.subn(r"<details(?:(?!<details).)*?</details>", "", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize("is_opening", [True, False])
def test_private_text_is_masked_on_every_page(opening, alice, mod_client, is_opening):
    if is_opening:
        questions = [(f"What did {NAME} say?", "patients")]
        comment = factories.thread(alice, title=f"What {NAME} taught me", questions=questions).opening
    else:
        comment = reply(opening, alice, f"My patient {NAME} told me\nthis.")
    case, revision = judged(comment, "personal")
    for name, html in pages(mod_client, case, revision).items():
        assert NAME not in openly(html), name
        assert name not in ("case", "comment", "remove") or NAME in html, name


def test_other_text_is_shown_at_once(opening, mod_client):
    case, revision = judged(reply(opening, person(), f"My patient {NAME} told me\nthis."), "unkind")
    for name, html in pages(mod_client, case, revision).items():
        assert NAME in openly(html), name
        assert name not in ("comment", "version") or f"{NAME} told me\n" in html, name


def test_page_of_a_comment_with_many_versions_costs_the_same(opening, mod_client):
    comment = reply(opening, person(), f"My patient {NAME} told me this.")
    judged(comment, "personal")
    # what the process keeps, such as content types
    mod_client.get(f"/admin/posts/comment/{comment.pk}/change/")
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            mod_client.get(f"/admin/posts/comment/{comment.pk}/change/")
        costs.append(len(asked))
        for number in range(5):
            comments.edit(editor=comment.author, comment=comment, source=f"Version {number} of this comment.")
    assert costs[0] == costs[1]


@pytest.mark.parametrize("rule", ["personal", "unkind"])
def test_private_text_is_masked_beside_its_replies_and_its_parent(opening, mod_client, rule):
    parent = reply(opening, person(), "A comment above it that nobody complained about.")
    comment = reply(parent, person(), f"My patient {NAME} told me\nthis.")
    below = reply(comment, person(), "A reply to it that nobody complained about.")
    judged(comment, rule)
    for other in (parent, below):
        html = mod_client.get(f"/admin/posts/case/of/{other.pk}/", follow=True).content.decode()
        assert NAME in html or (rule, other) == ("unkind", parent)
        assert (NAME in openly(html)) is (rule == "unkind" and other == below)


def confidential(opening, alice, mod, how):
    """Return a comment by Alice about which there was a confidential decision."""
    comment = reply(opening, alice, f"My patient {NAME} told me\nthis.")
    rule = Rules.in_force().titles_in_numbers[0] if how == "rule" else ""
    if how == "flag":
        flags.flag(comment=comment, person=person(), reason="personal")
    actions.lock_branch(moderator=mod, comment=comment, reason=factories.WHY, rule=rule)
    return comment


@pytest.mark.parametrize("how", ["flag", "rule"])
@pytest.mark.parametrize("later", [0, 12])
def test_text_stays_masked_after_confidential_decision_and_many_others(opening, alice, mod, mod_client, how, later):
    comment = confidential(opening, alice, mod, how)
    for _number in range(later // 2):
        sanctions.watch(moderator=mod, person=alice, reason=factories.WHY)
        sanctions.unwatch(moderator=mod, person=alice, reason=factories.WHY)
    assert Case.objects.masked_among([comment.pk]) == {comment.pk}
    for address in (
        f"/admin/posts/case/of/{comment.pk}/",
        f"/admin/accounts/user/{alice.pk}/change/",
        f"/admin/posts/comment/{comment.pk}/change/",
        "/admin/posts/comment/",
    ):
        assert NAME not in openly(said(mod_client.get(address, follow=True))), address


def test_confidential_decision_elsewhere_does_not_mask_other_comment(opening, alice, mod, mod_client):
    confidential(opening, alice, mod, "rule")
    other = reply(opening, alice, "These other words name nobody at all.")
    actions.lock_branch(moderator=mod, comment=other, reason=factories.WHY)
    assert "These other words" in openly(said(mod_client.get(f"/admin/posts/case/of/{other.pk}/", follow=True)))
