"""The language that a reader chooses or the browser asks for, and the German translation."""

import re


def pressed(html):
    """The values of the pressed buttons among the languages."""
    found = re.findall(r'name="language" value="(\w+)" lang="\w+"\s+aria-pressed="(true|false)"', html)
    assert {value for value, _pressed in found} == {"en", "de"}
    return [value for value, is_pressed in found if is_pressed == "true"]


def test_chosen_language_is_on_every_page_whatever_the_browser_asks_for(client, db):
    answer = client.post("/language/", {"language": "de", "next": "/help/?x=1"})
    assert (answer.status_code, answer.url) == (302, "/help/?x=1")
    assert answer.cookies["language"]["max-age"] == 365 * 24 * 60 * 60
    for page in ("/", "/help/", "/account/login/", "/nothing/"):
        html = client.get(page, headers={"Accept-Language": "en"}).content.decode()
        assert '<html lang="de">' in html
        assert pressed(html) == ["de"]
    client.post("/language/", {"language": "en"})
    assert pressed(client.get("/", headers={"Accept-Language": "de"}).content.decode()) == ["en"]


def test_unknown_language_is_refused(client, db):
    for value in ("xx", "", "de-AT", "../de"):
        assert client.post("/language/", {"language": value}).status_code == 400
    assert client.get("/language/").status_code == 405
    assert client.post("/language/", {"language": "de"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
