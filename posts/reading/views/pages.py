"""Doors to pages that hold no comments."""

from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def help_in_distress(request):
    """Where to find help now, by country; linked from every page."""
    return render(request, "posts/reading/help.html")
