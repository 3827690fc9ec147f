"""The Content-Type of a request: only its type and its boundary reach Django."""

import io

import pytest
from django.test import Client

from forum import wsgi
from forum.content_type import reduce_content_type

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (FORM, FORM),
        (f"{FORM}; charset=UTF-8", FORM),
        (f"{FORM}; charset=idna", FORM),
        (f"{PARTS}; boundary=x", f"{PARTS}; boundary=x"),
        (f"{PARTS}; boundary=x; charset=idna", f"{PARTS}; boundary=x"),
        (f'{PARTS};BOUNDARY="a b"; x=y', f'{PARTS}; boundary="a b"'),
        (f"{PARTS}; boundary=----WebKitFormBoundaryAbC123", f"{PARTS}; boundary=----WebKitFormBoundaryAbC123"),
        ("text/plain; a*0*=x''%zz", "text/plain"),
        ("text/plain; b*=idna''x%ff", "text/plain"),
        (f"{PARTS}; boundary=\x00", PARTS),
        (";charset=hex", "application/octet-stream"),
        ("\x00", "application/octet-stream"),
    ],
)
def test_type_and_boundary_are_kept(given, kept):
    environ = {"CONTENT_TYPE": given}
    reduce_content_type(environ)
    assert environ["CONTENT_TYPE"] == kept


def test_environment_without_a_type_stays_so():
    environ = {}
    reduce_content_type(environ)
    assert environ == {}


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "hex", "rot13", "zlib", "base64", "utf-16"])
def test_codec_that_a_request_names_fails_nothing(db, charset):
    for kind in (f"{PARTS}; boundary=x; charset={charset}", f"text/plain; charset={charset}", f"a/b; c*=zz''{charset}"):
        for path in ("/nowhere/", "/preview/", "/healthz"):
            assert status(path, kind) < 500


def status(path, kind):
    """The status of a POST that is answered by the whole WSGI application."""
    said = []
    body = b'--x\r\nContent-Disposition: form-data; name="source"\r\n\r\nWords\xff\r\n--x--\r\n'
    environ = Client()._base_environ(
        REQUEST_METHOD="POST",
        PATH_INFO=path,
        QUERY_STRING="x=%ff",
        CONTENT_TYPE=kind,
        CONTENT_LENGTH=str(len(body)),
        HTTP_HOST="localhost",
        **{"wsgi.input": io.BytesIO(body)},
    )
    answer = wsgi.application(environ, lambda line, headers, exc_info=None: said.append(line))
    b"".join(answer)
    return int(said[0].split()[0])
