"""Versions of the rules are rendered once, when they are saved."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from forum import markup
from posts.models import Rules
from posts.moderation.views import statements
from posts.writing import rerendering
from tests.factories import moderator
from tests.posts.moderation.case_forms import flagged, page, said, seated

pytestmark = pytest.mark.django_db
ADD = "/admin/posts/rules/add/"
DEEP = "> " * 12 + "quoted"


@pytest.mark.parametrize(
    ("body", "sentence"), [(DEEP, "nested too deep"), ("word " * 5_000, "too long"), ("a\n" * 3_000, "too many lines")]
)
def test_rules_that_cannot_be_shown_are_refused_and_pages_survive(client, opening, body, sentence):
    case = flagged(opening)
    seated(client, moderator("Olga Owner", is_superuser=True))
    begun = client.get(ADD).context["adminform"].form.initial
    answer = client.post(ADD, begun | {"text": f"{begun['text']}\n\n## Be brave\n\n{body}"})
    assert answer.status_code == 200
    assert sentence in said(answer)
    assert Rules.objects.count() == 1
    for address in ("/rules/", page(case)):
        assert client.get(address).status_code == 200


def test_saved_rules_are_shown_without_rendering(client, opening, monkeypatch):
    case = flagged(opening)
    seated(client, moderator("Olga Owner", is_superuser=True))
    assert client.post(ADD, {"text": "Be *brief*.\n\n## Be brave\n\nSay *it*.", "in_numbers": ""}).status_code == 302
    monkeypatch.setattr(markup, "render", None)
    for address in ("/rules/", f"/rules/?version={Rules.in_force().pk}", page(case)):
        assert "<em>it</em>" in said(client.get(address))


def test_rules_without_their_html_are_impossible():
    with pytest.raises(IntegrityError), transaction.atomic():
        Rules.objects.update(rendered=[])


def test_rules_are_rendered_again_after_upgrade():
    rules = Rules.objects.create(text="## Be brave\n\nSay *it*.", published_at=timezone.now())
    Rules.objects.filter(pk=rules.pk).update(rendered=["", "old"], renderer=0)
    list(rerendering.rerender())
    rules.refresh_from_db()
    assert rules.parts[1] == ("Be brave", "<p>Say <em>it</em>.</p>")
    assert rules.renderer == markup.VERSION


def test_earlier_text_that_is_too_complex_now_is_shown_as_typed():
    assert statements._shown(f"{DEEP} <b>", markup.COMMENT) == f"<pre>{'&gt; ' * 12}quoted &lt;b&gt;</pre>"
