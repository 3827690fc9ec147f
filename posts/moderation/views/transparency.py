"""Public views: the rules, how trust is earned, the moderation log, and numbers about moderation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from forum.numbers import number_in, numbers_in
from posts.models import LogEntry, Rules
from posts.moderation import statistics
from posts.moderation import trust as moderation_trust

ENTRIES_PER_PAGE = 50
MOST_VERSIONS = 50


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show the community rules in force, or the version whose id is in `?version=`."""
    asked = request.GET.get("version", "")
    versions = list(Rules.objects.order_by("-id").only("pk", "published_at")[:MOST_VERSIONS])
    # the oldest version is number 1, also if it is not listed
    number = Rules.objects.count() if len(versions) == MOST_VERSIONS else len(versions)
    numbered = [(number - index, version) for index, version in enumerate(versions)]
    shown = next(iter(Rules.objects.filter(pk__in=numbers_in([asked]))), None) if asked else Rules.in_force()
    if asked and shown is None:
        raise Http404
    context = {
        "shown": shown,
        "versions": numbered,
        "is_in_force": bool(shown and versions and shown.pk == versions[0].pk),
        "parts": [(title, slugify(title, allow_unicode=True), html) for title, html in (shown.parts if shown else [])],
    }
    return render(request, "posts/moderation/rules.html", context)


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """Show how trust is earned and lost, and what it changes."""
    return render(
        request,
        "posts/moderation/trust.html",
        {
            "member": moderation_trust.NEEDS[moderation_trust.Trust.MEMBER],
            "trusted": moderation_trust.NEEDS[moderation_trust.Trust.TRUSTED],
        },
    )


@require_safe
def moderation_log(request: HttpRequest) -> HttpResponse:
    """Show the moderation log, latest first, without names and texts. Confidential entries appear as numbers only."""
    before = number_in(request.GET.get("before", ""))
    entries = LogEntry.objects.filter(is_confidential=False).select_related("thread").order_by("-id")
    about_thread = ("thread__title", "thread__slug", "thread__withdrawn_at")
    entries = entries.only("at", "act", "rule", "rules", "moderator", *about_thread)
    if before is not None:
        entries = entries.filter(id__lt=before)
    rows = list(entries[: ENTRIES_PER_PAGE + 1])
    shown = rows[:ENTRIES_PER_PAGE]
    context = {
        "entries": shown,
        "before": shown[-1].pk if len(rows) > len(shown) else None,
        "is_first": before is None,
        "confidential": [] if before is not None else LogEntry.objects.confidential_by_month(),
    }
    return render(request, "posts/moderation/moderation_log.html", context)


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """Show the numbers of a year of moderation."""
    found = statistics.by_month()
    tables = [
        statistics.table_of_cases(found["cases"]),
        statistics.table_of_acts(found["acts"]),
        statistics.table_of_flags(found["flags"]),
    ]
    return render(request, "posts/moderation/transparency.html", {"tables": tables})
