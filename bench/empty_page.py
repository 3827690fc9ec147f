"""The forum's WSGI application with one more page, which has no content: the unit (U) in which pages are measured."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_resolver, path

from forum.wsgi import application

__all__ = ["ADDRESS", "application"]
ADDRESS = "/bench/empty/"


def empty(request: HttpRequest) -> HttpResponse:
    """Return the frame of every page, without content."""
    return render(request, "base.html")


get_resolver().url_patterns.append(path(ADDRESS[1:], empty))
