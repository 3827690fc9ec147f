"""The look that a reader chooses: stored in a cookie and applied on every page without scripts."""

import re

import pytest
from django.template import loader

from forum.env import BASE_DIR

CHOICES = re.compile(r'<button name="look" value="(\w*)" aria-pressed="(true|false)">')


def chosen(html):
    """The value of the one button that is pressed."""
    (value,) = [value for value, pressed in CHOICES.findall(html) if pressed == "true"]
    return value


@pytest.mark.parametrize(("look", "scheme"), [("dark", "dark"), ("light", "light"), ("", "light dark")])
def test_chosen_look_is_on_every_page_until_changed(client, db, look, scheme):
    client.post("/look/", {"look": "light", "next": "/"})
    answer = client.post("/look/", {"look": look, "next": "/help/?x=1"})
    assert (answer.status_code, answer.url) == (302, "/help/?x=1")
    for page in ("/", "/help/", "/account/login/"):
        html = client.get(page).content.decode()
        assert f'<meta name="color-scheme" content="{scheme}">' in html
        assert chosen(html) == look


def test_cookie_of_look_lasts_a_year_and_is_httponly(client, db):
    cookie = client.post("/look/", {"look": "dark"}).cookies["look"]
    assert cookie["max-age"] == 365 * 24 * 60 * 60
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "", "x"]
)
def test_look_redirects_to_paths_of_this_site_only(client, db, target):
    assert client.post("/look/", {"look": "dark", "next": target}).url == "/"


def test_unknown_look_is_refused(client, db):
    assert client.post("/look/", {"look": "url(x)"}).status_code == 400
    assert client.get("/look/").status_code == 405
    assert client.post("/look/", {"look": "dark"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_invalid_cookie_of_look_is_ignored(client, db):
    client.cookies["look"] = 'dark"><script>'
    html = client.get("/").content.decode()
    assert 'content="light dark"' in html
    assert "<script>" not in html


def test_theme_colour_equals_background_colour(client, db):
    paper = re.search(
        r"--paper: light-dark\((#\w+), (#\w+)\)", (BASE_DIR / "static/css/tokens.css").read_text()
    ).groups()
    for look, colours in (("", paper), ("light", paper[:1]), ("dark", paper[1:])):
        client.post("/look/", {"look": look})
        html = client.get("/").content.decode()
        assert tuple(re.findall(r'<meta name="theme-color" content="(#\w+)"', html)) == colours


def test_error_page_has_chosen_look_without_database(settings, tmp_path):
    """A missing manifest causes no second error."""
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": manifest}
    settings.STATIC_ROOT = tmp_path
    html = loader.get_template("500.html").render()
    assert '<link rel="stylesheet" href="/static/css/base.css">' in html
    assert "Something broke here" in html


def test_old_address_of_the_admin_leads_to_the_new_one(client):
    answer = client.get("/desk/posts/case/7/change/?kind=held")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/admin/posts/case/7/change/?kind=held")
