"""A page of the review queue: the number of cases of each kind, and the cases in their order."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from forum.numbers import numbers_in
from posts.models import Case, Flag
from posts.models.case import CaseQuerySet
from posts.safety.words import found_in

ITEMS_PER_PAGE = 50
# The watched words that hold a comment, the reasons of the open flags of some comments in the order of their first
# flag, and the number of open cases by reason.
WORDS_AND_FLAGS = """
SELECT
    (SELECT coalesce(json_agg(phrase ORDER BY phrase), '[]') FROM posts_watchedword WHERE act = 'hold'),
    (SELECT coalesce(json_agg(json_build_array(comment_id, reason) ORDER BY first), '[]') FROM (
        SELECT comment_id, reason, min(id) AS first FROM posts_flag
        WHERE comment_id = ANY(%(comments)s) AND outcome = '' GROUP BY 1, 2
    ) f),
    (SELECT coalesce(json_agg(json_build_array(why, number) ORDER BY number DESC, why), '[]') FROM (
        SELECT each AS why, count(*) AS number FROM posts_case, unnest(why) AS each
        WHERE closed_at IS NULL AND (%(kind)s IS NULL OR kind = %(kind)s) GROUP BY 1
    ) w)
"""


class Part(NamedTuple):
    """A part of the queue: the cases of one kind, those with one reason (a code of Case.Why), or all."""

    kind: int | None
    why: str

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Self:
        """Return the part given by the query parameters `kind` and `why`. Invalid values are ignored."""
        kind, why = said.get("kind", ""), said.get("why", "")
        return cls(
            int(kind) if kind in {str(value) for value in Case.Kind.values} else None,
            why if why in Case.Why.values else "",
        )

    def among(self, cases: CaseQuerySet) -> CaseQuerySet:
        """Return the cases that belong to this part."""
        if self.kind is not None:
            cases = cases.filter(kind=self.kind)
        return cases.filter(why__contains=[self.why]) if self.why else cases

    @property
    def query(self) -> str:
        """The query string of this part."""
        return urlencode({name: value for name, value in self._asdict().items() if value})


def shown(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the queue: the cases of each kind in numbers, and a page of cases. Takes four queries."""
    kinds = Case.objects.by_kind()
    part, position = Part.of(request.GET), _position(request.GET.get("after", ""))
    cases = Case.objects.open().select_related(
        "comment__author",
        "comment__thread",
        "claimed_by",
        "appeal__entry",
        "appeal__person",
        "verification_request__person",
    )
    cases = part.among(cases)
    if position:
        cases = cases.beyond(*position)
    rows = list(cases[: ITEMS_PER_PAGE + 1])
    page = Case.objects.label_masked(rows[:ITEMS_PER_PAGE])
    reasons = _tell_why(page, part.kind)
    return {
        "kinds": [(value, label, *kinds.get(value, (0, None))) for value, label in Case.Kind.choices],
        "part": part,
        "kind_alone": part._replace(why=""),
        "reasons": [(Case.Why(code).label, number, part._replace(why=code)) for code, number in reasons],
        "waiting_number": sum(number for number, _oldest in kinds.values()),
        "cases": page,
        "after": f"{page[-1].kind}-{page[-1].pk}" if len(rows) > len(page) else "",
        "is_first": position is None,
        "now": timezone.now(),
    }


def _tell_why(cases: list[Case], kind: int | None) -> list[tuple[str, int]]:
    """Set `told` on each case: its reasons in words, with the reasons of its flags and the watched words in its text.

    Watched words are left out if the text is masked, because they are part of it. Returns (reason, number) of the open
    cases of that `kind`, or of all kinds if it is None. Takes one query.
    """
    flagged = [case.comment_id for case in cases if Case.Why.FLAG in case.why]
    with connection.cursor() as cursor:
        cursor.execute(WORDS_AND_FLAGS, {"comments": flagged, "kind": kind})
        phrases, flags, reasons = (json.loads(each) if isinstance(each, str) else each for each in cursor.fetchone())
    label = dict(Flag.Reason.choices)
    for case in cases:
        details: dict[str, list[str]] = {
            Case.Why.FLAG: [str(label.get(reason, "")) for pk, reason in flags if pk == case.comment_id]
        }
        if Case.Why.WORD in case.why and not case.is_masked and case.comment is not None:
            details[Case.Why.WORD] = [
                _("“%(word)s”") % {"word": word} for word in found_in(case.comment.source, phrases)
            ]
        case.told = [_reason(str(Case.Why(code).label), details.get(code)) for code in case.why]
    return reasons


def _reason(name: str, details: list[str] | None) -> str:
    return _("%(reason)s: %(details)s") % {"reason": name, "details": ", ".join(details)} if details else name


def versions(ticked: list[str]) -> dict[int, int]:
    """Return {id: version} of the ticked cases, each given as “id:version”."""
    found = {}
    for each in ticked[:ITEMS_PER_PAGE]:
        pk, _colon, version = each.partition(":")
        numbers = numbers_in([pk, version])
        if len(numbers) == 2:
            found[numbers[0]] = numbers[1]
    return found


def _position(text: str) -> tuple[int, int] | None:
    kind, _dash, pk = text.partition("-")
    numbers = numbers_in([kind, pk])
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None
