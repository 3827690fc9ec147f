"""Names after @ link to the nearest comment above by that person."""

import re

import pytest

from posts.models import Comment
from posts.reading import mentions
from tests.factories import person, reply


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("@Ruth is right", ["@Ruth"]),
        ("As @Ruth Sen said, and @Ruth.", ["@Ruth Sen", "@Ruth"]),
        ("@O'Neil & Co", ["@O'Neil &amp; Co"]),
        ("@Ruths @Nobody me@Ruth ruth@Ruth.example", []),
        ("`@Ruth` [@Ruth](https://example.org/)", []),
    ],
)
def test_names_of_people_above_are_linked(opening, source, found):
    people = [reply(opening, person(name)) for name in ("Ruth", "Ruth Sen", "O'Neil & Co")]
    ids = dict(zip(("@Ruth", "@Ruth Sen", "@O'Neil &amp; Co"), (comment.pk for comment in people), strict=True))
    comment = reply(opening, person("Ann"), source)
    html = mentions.linked([*people, comment], opening).get(comment.pk, "")
    assert html.count("#c") == len(found)
    for name in found:
        assert f'<a href="#c{ids[name]}">{name}</a>' in html


def test_mention_links_to_nearest_comment_above_and_never_below(opening, client):
    ruth, ann = person("Ruth"), person("Ann")
    first = reply(opening, ruth)
    early = reply(opening, ann, "@Ruth yes")
    second = reply(opening, ruth)
    late = reply(opening, ann, "@Ruth no")
    alone = reply(opening, person("Bob"), "@Carol maybe")
    reply(opening, person("Carol"))
    html = client.get(opening.thread.get_absolute_url()).content.decode()
    for comment, target in ((early, first), (late, second)):
        article = html[html.index(f'id="c{comment.pk}"') :]
        assert f'<a href="#c{target.pk}">@Ruth</a>' in article[: article.index("</article>")]
    article = html[html.index(f'id="c{alone.pk}"') :]
    assert "@Carol maybe" in article[: article.index("</article>")]


def test_cost_of_mentions_does_not_grow_with_names_times_comments(opening):
    """Each @ is looked up among the names, without a pattern of all names."""
    people = [Comment(pk=n, html="<p>@ @x</p>", byline=f"{'N' * 30} {n}", path="", depth=1) for n in range(2_000)]
    compiled = []
    real = re.compile
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(re, "compile", lambda *args: compiled.append(args) or real(*args))
        mentions.linked(people, opening)
    assert compiled == []
