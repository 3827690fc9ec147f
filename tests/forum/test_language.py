"""The language that a reader chooses or the browser asks for, and the German translation."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from posts.moderation import decisions
from tests.factories import WHY, moderator, person, reply, thread
from tests.forum.launching import CLEAN, copy_project
from tests.outbox import sent

PO = settings.BASE_DIR / "locale/de/LC_MESSAGES/django.po"


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
        # each language is named in itself
        assert re.search('lang="en"[^>]*>English<.*lang="de"[^>]*>Deutsch<', html, re.DOTALL)
    client.post("/language/", {"language": "en"})
    assert pressed(client.get("/", headers={"Accept-Language": "de"}).content.decode()) == ["en"]


def test_unknown_language_is_refused(client, db):
    for value in ("xx", "", "de-AT", "../de"):
        assert client.post("/language/", {"language": value}).status_code == 400
    assert client.get("/language/").status_code == 405
    assert client.post("/language/", {"language": "de"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def catalog():
    """The German catalogue as it is edited."""
    with PO.open("rb") as file:
        return read_po(file)


def test_every_text_is_translated_with_its_placeholders_and_tags():
    parts = re.compile(r"%\(\w+\)[sd]|%%?[sdn]|\{\w*\}|<[^>]+>")
    wrong = []
    for message in catalog():
        if message.id:
            english, german = ([text] if isinstance(text, str) else list(text) for text in (message.id, message.string))
            # only the plural is compared, because a singular may say its number in words
            is_alike = sorted(parts.findall(english[-1])) == sorted(parts.findall(german[-1]))
            if message.fuzzy or not all(german) or not is_alike:
                wrong.append(message.id)
    assert wrong == []


def texts_of(messages):
    """The translations in a catalogue by their English text, plural forms on lines of their own."""

    def lines(text):
        return text if isinstance(text, str) else "\n".join(text)

    return {lines(message.id): lines(message.string) for message in messages if message.id}


def test_compiled_catalog_is_current():
    with PO.with_suffix(".mo").open("rb") as file:
        assert texts_of(read_mo(file)) == texts_of(catalog())


@pytest.mark.processes
def test_catalog_has_every_text_of_the_source(tmp_path):
    if shutil.which("xgettext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no xgettext on this machine: `apt-get install gettext`")
        pytest.skip("no xgettext on this machine")
    project = tmp_path / "project"
    copy_project(project, "accounts", "forum", "posts", "templates", "locale", "manage.py")
    before = set(texts_of(catalog()))
    subprocess.run([sys.executable, "manage.py", "makemessages", "-l", "de"], cwd=project, check=True, env=CLEAN)
    with (project / PO.relative_to(settings.BASE_DIR)).open("rb") as file:
        now = set(texts_of(read_po(file)))
    assert now - before == set(), "run `make translations`, and translate what is new"


@pytest.mark.parametrize(
    "page", ["/", "/help/", "/rules/", "/privacy/", "/account/login/", "/account/signup/", "/nothing/"]
)
def test_page_has_its_own_words_in_german(client, db, page):
    """Each text of the page that is in the catalogue is there in German, and the same page has other words."""
    english = words_of(client.get(page, headers={"Accept-Language": "en"}))
    german = words_of(client.get(page, headers={"Accept-Language": "de"}))
    # what people wrote, names and numbers stay
    same = {text for text in english & german if len(text) > 12 and text in {message.id for message in catalog()}}
    assert same <= {"Two-Way Street"}
    assert len(german - english) > 5


def words_of(answer):
    """The texts between the tags of a page."""
    html = answer.content.decode()
    return {" ".join(text.split()) for text in re.findall(r">([^<]+)<", html) if text.strip()}


def test_mail_about_a_decision_is_in_the_language_of_its_author(db):
    mod, alice = moderator(), person("Alice", language="de")
    comment = reply(thread().opening, alice)
    with translation.override("en"):
        decisions.decide(
            moderator=mod,
            case=decisions.open_or_begin(moderator=mod, comment_id=comment.pk),
            seen=1,
            act="remove",
            reason=WHY,
        )
    (mail,) = sent()
    assert mail.subject == translation_of("A moderator made a decision about your comment")


def translation_of(text):
    with translation.override("de"):
        return gettext(text)
