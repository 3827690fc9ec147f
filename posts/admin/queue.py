"""A page of the queue: how many wait of each kind, and the items in their order."""

import json

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from posts.models import Case, Flag
from posts.safety.words import found_in

ITEMS_PER_PAGE = 50
# The words for which a comment is held, and of some comments the reasons of their open flags, the first one first.
WORDS_AND_FLAGS = """
SELECT
    (SELECT coalesce(json_agg(phrase ORDER BY phrase), '[]') FROM posts_watchedword WHERE act = 'hold'),
    (SELECT coalesce(json_agg(json_build_array(comment_id, reason) ORDER BY first), '[]') FROM (
        SELECT comment_id, reason, min(id) AS first FROM posts_flag
        WHERE comment_id = ANY(%(comments)s) AND outcome = '' GROUP BY 1, 2
    ) f)
"""


def shown(request):
    """What the queue shows: how many wait of each kind and since when, and a page of items. Three queries."""
    kinds = Case.objects.by_kind()
    kind, position = request.GET.get("kind", ""), _position(request.GET.get("after", ""))
    cases = Case.objects.open().select_related(
        "comment__author",
        "comment__thread",
        "claimed_by",
        "appeal__entry",
        "appeal__person",
        "verification_request__person",
    )
    chosen = int(kind) if kind in {str(value) for value in Case.Kind.values} else None
    if chosen:
        cases = cases.filter(kind=chosen)
    if position:
        cases = cases.beyond(*position)
    rows = list(cases[: ITEMS_PER_PAGE + 1])
    page = rows[:ITEMS_PER_PAGE]
    _tell_why(page)
    return {
        "kinds": [(value, label, *kinds.get(value, (0, None))) for value, label in Case.Kind.choices],
        "chosen_kind": chosen,
        "waiting_number": sum(number for number, _oldest in kinds.values()),
        "cases": page,
        "after": f"{page[-1].kind}-{page[-1].pk}" if len(rows) > len(page) else "",
        "is_first": position is None,
        "now": timezone.now(),
    }


def _tell_why(cases):
    """Gives each case `told`: its reasons in words, with what its flags say and the watched words in its text, which
    are part of a masked text and masked with it. One query."""
    flagged = [case.comment_id for case in cases if Case.Why.FLAG in case.why]
    with connection.cursor() as cursor:
        cursor.execute(WORDS_AND_FLAGS, {"comments": flagged})
        phrases, flags = (json.loads(each) if isinstance(each, str) else each for each in cursor.fetchone())
    label = dict(Flag.Reason.choices)
    for case in cases:
        details = {Case.Why.FLAG: [str(label.get(reason, "")) for pk, reason in flags if pk == case.comment_id]}
        if Case.Why.WORD in case.why and not case.is_masked:
            details[Case.Why.WORD] = [
                _("“%(word)s”") % {"word": word} for word in found_in(case.comment.source, phrases)
            ]
        case.told = [_reason(Case.Why(code).label, details.get(code)) for code in case.why]


def _reason(name, details):
    return _("%(reason)s: %(details)s") % {"reason": name, "details": ", ".join(details)} if details else name


def versions(ticked):
    """{id: version} of what was ticked, each given as “id:version”."""
    found = {}
    for each in ticked[:ITEMS_PER_PAGE]:
        pk, _colon, version = each.partition(":")
        if each.isascii() and pk.isdigit() and version.isdigit() and len(each) < 30:
            found[int(pk)] = int(version)
    return found


def _position(text):
    kind, _dash, pk = text.partition("-")
    return (
        (int(kind), int(pk)) if f"{kind}{pk}".isascii() and kind.isdigit() and pk.isdigit() and len(text) < 22 else None
    )
