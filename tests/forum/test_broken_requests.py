"""Requests that no browser sends: they are refused with 4xx, never with 500."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.test import Client

from bench.broken_requests import Generator, addresses, answer, described, undone
from forum import errors
from forum.wsgi import application
from posts.models import Case, Comment
from posts.moderation import flags
from tests.factories import moderator, person, reply, thread
from tests.signing_in import sign_in_with_factor

SEED, NUMBER = 13, 1_000
SECRET = "JBSWY3DPEHPK3PXP"


def fill():
    """Make rows for the requests to name; return (primary keys, session keys)."""
    member, mod = person("Alice"), moderator()
    owner = person("Olive", is_staff=True, is_superuser=True)
    opening = thread().opening
    comment = reply(opening, member)
    flags.flag(comment=comment, person=mod, reason="unkind")
    sessions = []
    for user in (member, mod, owner):
        client = Client()
        if user.is_staff:
            sign_in_with_factor(client, user)
        else:
            client.force_login(user)
        sessions.append(client.cookies["session"].value)
    keys = [opening.thread_id, opening.pk, comment.pk, member.pk, Case.objects.get().pk]
    return keys, sessions


def test_generator_of_requests_knows_every_address():
    found = addresses()
    assert {"/", "/t/{argument}/{argument}/", "/account/login/", "/admin/posts/case/{argument}/change/"} <= set(found)
    assert len(found) > 80


def test_broken_requests_are_never_answered_with_500(db, caplog):
    failed = []
    for environ in Generator(SEED, *fill()).requests(NUMBER):
        with undone():
            status = answer(application, environ)
        if status == 500:
            failed.append(described(environ))
    assert failed == [], caplog.text[-5_000:]
    assert Comment.objects.count() == 2


FIELDS = b"a=1&" * 1_001
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n%s\r\n!\r\n'
FORMS = {
    "too many fields": (FIELDS, "application/x-www-form-urlencoded"),
    "too many bytes": (b"source=" + b"a" * 2_600_000, "application/x-www-form-urlencoded"),
    "too many parts": (PART % b"" * 1_001 + b"--x--\r\n", "multipart/form-data; boundary=x"),
    "broken base64": (
        PART % b"Content-Transfer-Encoding: base64\r\n" + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "no boundary": (b"nonsense", "multipart/form-data"),
    "boundary not ASCII": (b"nonsense", "multipart/form-data; boundary=\xff"),
    "charset not UTF-8": (b"a=b", "application/x-www-form-urlencoded; charset=utf-16"),
}


@pytest.mark.parametrize("form", FORMS)
def test_unreadable_form_at_unknown_address_is_not_found(db, form):
    body, kind = FORMS[form]
    answer = Client(raise_request_exception=False).post("/no-such-page/", body, content_type=kind)
    assert answer.status_code == 404


HANDLERS = {
    "csrf": (lambda request: errors.csrf_failure(request), 403),
    "403": (lambda request: errors.forbidden(request, PermissionDenied("No.")), 403),
    "404": (lambda request: errors.not_found(request, Http404()), 404),
    "400": (lambda request: errors.bad_request(request, SuspiciousOperation()), 400),
    "413": (lambda request: errors.bad_request(request, RequestDataTooBig()), 413),
    "429": (lambda request: errors.too_many(request), 429),
    "500": (lambda request: errors.broken(request), 500),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("handler", HANDLERS)
def test_error_page_is_rendered_for_unreadable_form(db, rf, handler, form):
    body, kind = FORMS[form]
    request = rf.post("/", body, content_type=kind)
    request.user, request.session = AnonymousUser(), {}
    answer, status = HANDLERS[handler]
    assert answer(request).status_code == status


def test_readable_form_at_unknown_address_is_shown_again(db, client):
    answer = client.post("/no-such-page/", {"source": "My long text"})
    assert "My long text" in answer.content.decode()
