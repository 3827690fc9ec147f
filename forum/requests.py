"""The type of requests as middleware leaves them, for annotations."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request with `htmx`, which django-htmx sets on all requests. It is true for requests by htmx."""

    htmx: HtmxDetails
