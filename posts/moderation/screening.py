"""Screen a comment before it is published: is there a reason to hold it, or to ask its author for a confirmation?

One query reads all that is needed from the database.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from forum import spamcheck
from posts.models import Case, Comment, WatchedWord
from posts.models.visibility import REPEATED_WITHIN
from posts.safety import spam, words
from posts.safety.redaction import contains_any, passages_of
from posts.threads import permissions
from posts.threads.exceptions import ConfirmationNeeded, Repeated

Why = Case.Why
# the days that count for an author's record, and the removed part from which comments are held
RECORD_DAYS, REMOVED_PART = 7, 0.3
# how many of an author's latest comments are checked
LATEST = 50
LINK = re.compile(r"<a [^>]*href=\"(?:https?:|mailto:)")
# The site's choices, the watched words, what was taken out of the author's comments, and the author's record.
KNOWN = """
SELECT
    (SELECT json_build_array(first_held, links_let_through) FROM posts_sitechoices WHERE id = 1),
    (SELECT json_agg(json_build_array(phrase, act, advice) ORDER BY phrase) FROM posts_watchedword),
    (SELECT count(*) FROM (
        SELECT 1 FROM posts_comment
        WHERE %(is_new)s AND author_id = %(author)s AND published_at IS NOT NULL AND removed_at IS NULL
        LIMIT (SELECT coalesce(max(first_held), %(first_held)s) FROM posts_sitechoices)
    ) earlier),
    (SELECT json_agg(taken_out) FROM posts_revision r JOIN posts_comment c ON c.id = r.comment_id
        WHERE r.taken_out <> '' AND c.author_id = %(author)s),
    l.number, l.removed, l.repeats, l.lately, l.said
FROM (
    SELECT count(*) FILTER (WHERE created_at > %(at)s - %(record)s) AS number,
        count(removed_at) FILTER (WHERE created_at > %(at)s - %(record)s) AS removed,
        count(*) FILTER (WHERE source = %(source)s AND created_at > %(at)s - interval '1 day') AS repeats,
        count(*) FILTER (WHERE created_at > %(at)s - interval '10 minutes') AS lately,
        max(id) FILTER (
            WHERE source = %(source)s AND created_at > %(at)s - %(within)s AND removed_at IS NULL AND deleted_at IS NULL
        ) AS said
    FROM (
        SELECT id, removed_at, deleted_at, created_at, source FROM posts_comment
        WHERE author_id = %(author)s ORDER BY id DESC LIMIT %(latest)s
    ) latest
) l
"""
FIRST_HELD, LINKS_LET_THROUGH = 2, 2


def reasons_to_hold(
    author: User,
    source: str,
    html: str,
    at: datetime,
    *,
    again: bool = True,
    sure: bool = False,
    is_change: bool = False,
    address: str = "",
) -> list[str]:
    """Return the reasons to hold a comment of `author`, as codes of Case.Why; an empty list if there are none.

    Comments of proven staff are held only if they are changed and contain what another moderator took out. Raises
    Repeated for a text that the author sent before, unless `again` says that this is intended. Raises
    ConfirmationNeeded for words that the author has to confirm, unless they are `sure`.

    For a changed comment (`is_change`) only the new text is checked, not the author's record. `address` is the IP
    address of the author, for the spam service that the owner may have configured; a comment that is held anyway is not
    sent to the service.
    """
    if author.is_proven_staff and not is_change:
        if not again:
            permissions.check_not_repeated(Comment.objects.filter(author=author), source)
        return []
    values: dict[str, Any] = {
        "source": source,
        "author": author.pk,
        "at": at,
        "record": timedelta(days=RECORD_DAYS),
        "latest": LATEST,
        "is_new": author.trust == User.Trust.NEW,
        "first_held": FIRST_HELD,
        "within": REPEATED_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, values)
        choices, watched, published, taken_out, number, removed, repeats, lately, said = cursor.fetchone()
    if said is not None and not again:
        raise Repeated(Comment.objects.select_related("thread").get(pk=said))
    first_held, links_let_through = choices or (FIRST_HELD, LINKS_LET_THROUGH)
    passages = [passage for each in taken_out or () for passage in passages_of(each)]
    why: list[str] = [Why.PASSAGE] if contains_any(source, html, passages) else []
    if author.is_proven_staff:
        return why
    found = set(words.found_in(source, [phrase for phrase, _act, _advice in watched or ()]))
    watched = [word for word in watched or () if word[0] in found]
    asked = [(phrase, advice) for phrase, act, advice in watched if act == WatchedWord.Act.ASK]
    if asked and not sure:
        raise ConfirmationNeeded(asked)
    if any(act == WatchedWord.Act.HOLD for _phrase, act, _advice in watched):
        why.append(Why.WORD)
    links = len(LINK.findall(html))
    # a newcomer may add a link after the text was reviewed
    let_through = 0 if is_change and author.trust == User.Trust.NEW else links_let_through
    if links > let_through and not author.is_trusted:
        why.append(Why.LINKS)
    if author.watched_at is not None:
        why.append(Why.WATCH)
    if is_change:
        return why
    if author.trust == User.Trust.NEW and published < first_held:
        why.append(Why.FIRST)
    if removed and removed >= REMOVED_PART * number:
        why.append(Why.RECORD)
    signs = spam.Signs(links=links, age=at - author.joined_at, repeats=repeats, lately=lately)
    if author.trust == User.Trust.NEW and spam.score(signs) >= spam.LOOKS_LIKE_SPAM:
        why.append(Why.SPAM)
    if not why and author.trust == User.Trust.NEW and address and spamcheck.is_spam(source, address):
        why.append(Why.SPAM)
    return why


def told(why: list[str]) -> str:
    """Return a sentence for the author that names the reasons `why`, which are codes of Case.Why."""
    reasons = ", ".join(str(Why(code).label) for code in why)
    return _("It waits for a moderator: %(reasons)s.") % {"reasons": reasons}
