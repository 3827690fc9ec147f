"""Views of pages without comments."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_in_distress(request: HttpRequest) -> HttpResponse:
    """Show where to find help in a crisis, by country. Every page links to it."""
    return render(request, "posts/reading/help.html")
