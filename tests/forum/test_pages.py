"""The pages About, Contact, Privacy and Terms: true as they come with the forum, and the owner's once changed."""

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.template import engines
from django.test import Client

from accounts import sessions, unconfirmed
from forum import limits, outbox, pages, pending_form, ratelimit
from forum.cookies import CHOICE_KEPT_FOR
from forum.models import Page
from forum.rates import parse
from posts.models import SiteChoices
from posts.models.appeal import APPEAL_WITHIN
from posts.models.comment import EDIT_GRACE
from posts.models.draft import KEPT_FOR as DRAFTS_KEPT_FOR
from posts.models.draft import MOST_DRAFTS
from posts.models.reading import FOLDS_KEPT_FOR
from posts.moderation import verification
from posts.moderation.screening import FIRST_HELD
from posts.reading import guest_cookie
from posts.reading.views.progress import PRESSED_FOR
from posts.writing.guests import ADDRESS_KEPT_FOR
from posts.writing.submission import SENT_FOR
from tests.factories import WORDS, moderator, person, reply
from tests.signing_in import sign_in_with_factor

NAMES = ["about", "contact", "privacy", "terms"]
LIST = "/admin/forum/page/"
DAY, HOUR = 24 * 60 * 60, 60 * 60
LONGEST_COUNT = max(
    rate.seconds for limit in limits.ACCOUNT.values() for each in limit.values() for rate in parse(each)
)
# What a page says about a period, and the constant of the code that makes it true, in the same unit.
NUMBERS = {
    "privacy": [
        ("Drafts: for {} days after the last change", DRAFTS_KEPT_FOR.days),
        ("at most {} of each member", MOST_DRAFTS),
        ("you changed more than {} minutes after", EDIT_GRACE // timedelta(minutes=1)),
        ("signed out: for {} hours", pending_form.KEPT_FOR // HOUR),
        ("if one was given: for {} days", ADDRESS_KEPT_FOR.days),
        ("folded is used for {} days", FOLDS_KEPT_FOR.days),
        ("You stay signed in for {} days after your last visit", django_settings.SESSION_COOKIE_AGE // DAY),
        ("Moderators stay signed in for {} hours after it", sessions.STAFF_MOST_IDLE // HOUR),
        ("and for {} days in all", sessions.STAFF_MOST // DAY),
        ("not confirmed is deleted after {} days", unconfirmed.KEPT_FOR.days),
        ("which language you chose, for {} days", CHOICE_KEPT_FOR // DAY),
        ("An unfinished sign-in is kept for {} hour", sessions.UNFINISHED_EXPIRES_AFTER // HOUR),
        ("until they are sent, for {} days at most", outbox.tried_for().days),
        ("with what answer, is kept for {} days", outbox.FAILED_KEPT_FOR.days),
        ("Both are deleted {} days after the last time", ratelimit.FORGOTTEN_AFTER.days),
        ("stays with the flag for {} days", ratelimit.FORGOTTEN_AFTER.days),
        ("same internet address in the last {} days", ratelimit.FORGOTTEN_AFTER.days),
        ("mailed for signing in are counted for {} hours", LONGEST_COUNT // HOUR),
        ("keeps you signed in, for {} days", django_settings.SESSION_COOKIE_AGE // DAY),
        ("forms against other sites, for {} days", django_settings.CSRF_COOKIE_AGE // DAY),
        ("light or dark, for {} days", CHOICE_KEPT_FOR // DAY),
        ("while they wait for review, for {} days", guest_cookie.MAX_AGE // DAY),
        ("is deleted, for {} hours at most", SENT_FOR // HOUR),
        ("to say so, for {} hour at most", PRESSED_FOR // HOUR),
        ("what you typed and did not send, for {} days", DRAFTS_KEPT_FOR.days),
        ("branches you folded, for {} days", FOLDS_KEPT_FOR.days),
    ],
    "about": [
        ("That is valid for {} days", verification.HOLDS_FOR.days),
        ("you can appeal within {} days", APPEAL_WITHIN.days),
        ("reads the first {} comments of a new member", FIRST_HELD),
    ],
    "terms": [("against each decision, within {} days", APPEAL_WITHIN.days)],
}
# What `delete_expired` deletes, and where the privacy page says so.
EXPIRES = {
    "accounts whose address nobody confirmed": "not confirmed is deleted",
    "drafts": "Drafts: for",
    "guests’ e-mail addresses": "The e-mail address of a guest",
    "mails that could not be sent": "a mail that could not be sent",
    "visitors who flagged": "If you flag a comment without an account",
    "hashed internet addresses and counts": "fingerprint of your internet address",
}


def read(name, client=None):
    """The words of the page, without tags and in one line."""
    answer = (client or Client()).get(f"/{name}/")
    assert answer.status_code == 200
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub("<[^>]*>", "", main)).split())


@pytest.fixture
def owner(client, db):
    """A client in which a superuser is signed in with a second factor."""
    return sign_in_with_factor(client, person("Olive", is_staff=True, is_superuser=True))


def save(owner, name, text):
    return owner.post(f"{LIST}{name}/change/", {"text": text})


@pytest.mark.parametrize("name", NAMES)
def test_page_is_there_without_set_up(db, name):
    html = Client().get(f"/{name}/").content.decode()
    assert html.count("<h1>") == 1
    assert "noindex" not in html
    assert len(read(name)) > 400


@pytest.mark.parametrize("name", NAMES)
def test_sections_of_page_come_one_level_below_its_title(db, name):
    levels = [int(level) for level in re.findall(r"<h(\d)", Client().get(f"/{name}/").content.decode())]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


def test_footer_of_every_page_leads_to_pages(db):
    footer = Client().get("/rules/").content.decode().partition("<footer")[2]
    assert [name for name in NAMES if f'href="/{name}/"' not in footer] == []


def test_sign_up_names_terms_and_privacy(db):
    main = Client().get("/account/signup/").content.decode().partition("<footer")[0]
    assert '<a href="/terms/">' in main
    assert '<a href="/privacy/">' in main


@pytest.mark.parametrize(
    ("name", "words", "number"), [(name, *each) for name, them in NUMBERS.items() for each in them]
)
def test_number_on_page_is_the_one_of_the_code(db, name, words, number):
    assert words.format(number) in read(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_on_page_is_written_by_hand(db, name):
    """Each period of a page is in NUMBERS, so that none is left behind when the code changes."""
    said = re.findall(r"\d+ (?:days?|hours?|minutes?)", read(name))
    assert len(said) == sum(
        "{} day" in each or "hour" in each or "minute" in each for each, _n in NUMBERS.get(name, [])
    )


def test_page_follows_the_constant_of_the_code(db, monkeypatch):
    monkeypatch.setattr("posts.privacy.facts.DRAFTS_KEPT_FOR", timedelta(days=7))
    assert "Drafts: for 7 days after the last change" in read("privacy")


def test_page_says_how_long_is_kept_whatever_expires(db):
    told = io.StringIO()
    call_command("delete_expired", stdout=told)
    expiring = re.findall(r"Forgotten: \d+ (.+)\.", told.getvalue())
    assert expiring == list(EXPIRES), "say on the privacy page how long it is kept, and here where"
    text = read("privacy")
    assert [words for words in EXPIRES.values() if words not in text] == []


def test_scripts_keep_what_page_says_as_long_as_it_says():
    js = django_settings.BASE_DIR / "static" / "js"
    kept = {name: re.search(r"KEPT_DAYS = (\d+)", (js / name).read_text())[1] for name in ("drafts.js", "reading.js")}
    assert kept == {"drafts.js": str(DRAFTS_KEPT_FOR.days), "reading.js": str(FOLDS_KEPT_FOR.days)}


@pytest.mark.parametrize("name", NAMES)
def test_every_value_that_a_text_names_exists(db, name, settings):
    """Django leaves out what is unknown without a word."""
    options = settings.TEMPLATES[0]["OPTIONS"] | {"string_if_invalid": "UNKNOWN %s"}
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"OPTIONS": options}, *settings.TEMPLATES[1:]]
    assert engines["django"].engine.string_if_invalid
    assert "UNKNOWN" not in pages.shipped_text(name)
    known = {*pages.facts(), "n"}
    source = (settings.BASE_DIR / "templates" / "pages" / f"{name}.txt").read_text()
    named = set(re.findall(r"{% (?:el)?if (\w+)", source))
    assert named <= known


def test_every_cookie_is_on_the_privacy_page(db, opening, alice, settings):
    """A journey through everything that sets a cookie."""
    settings.GUEST_LEAST_SECONDS = 0
    comment = reply(opening, alice)
    text, given = read("privacy"), set()

    def went(client, method, address, *data, **options):
        answer = getattr(client, method)(address, *data, **options)
        given.update(answer.cookies)
        return answer

    visitor = Client()
    for address in ("/", opening.thread.get_absolute_url(), f"/c/{comment.pk}/branch/", "/help/", "/privacy/"):
        went(visitor, "get", address)
    assert given == set(), "somebody who only reads gets no cookie"
    went(visitor, "post", "/look/", {"look": "dark", "next": "/"})
    went(visitor, "post", "/language/", {"language": "en", "next": "/"})
    went(
        visitor,
        "post",
        f"/c/{comment.pk}/helpful/",
        {"mark": "1"},
        headers={"Referer": f"http://testserver/c/{comment.pk}/"},
    )
    went(visitor, "get", "/account/signup/")
    html = went(visitor, "get", f"/c/{comment.pk}/reply/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|began)" value="([^"]+)"', html))
    guest = {"name": "Wren", "email": "", "website": "", "source": WORDS, "place": f"reply:{comment.pk}", **hidden}
    went(visitor, "post", f"/c/{comment.pk}/reply/", guest)
    member = Client()
    went(member, "post", "/account/signup/", {"display_name": "Robin", "email": "robin@example.org", "website": ""})
    member.force_login(alice)
    given.update(member.cookies)
    sent = {"source": f"{WORDS} Again.", "key": "k1", "place": f"reply:{comment.pk}"}
    went(member, "post", f"/c/{comment.pk}/reply/", sent)
    went(member, "post", "/account/logout/")
    assert len(given) == 8
    assert [name for name in given if f"{name}: " not in text] == []


def test_new_code_that_sets_cookies_is_looked_at():
    """Names the files of `test_every_cookie_is_on_the_privacy_page`; the rest of the cookies are Django's."""
    root = django_settings.BASE_DIR
    found = {
        str(path.relative_to(root))
        for app in ("forum", "accounts", "posts")
        for path in (root / app).rglob("*.py")
        if re.search(r"\.set_(signed_)?cookie\(", path.read_text())
    }
    assert found == {
        "forum/views.py",
        "posts/reading/guest_cookie.py",
        "posts/reading/views/progress.py",
        "posts/writing/submission.py",
    }


def test_page_names_cookies_as_https_calls_them(db, settings):
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.GUEST_COOKIE_NAME = "__Host-guest"
    text = read("privacy")
    for name in ("session", "csrf", "guest"):
        assert f"__Host-{name}: " in text


def test_page_says_when_text_goes_to_akismet(db, settings):
    assert "Akismet" not in read("privacy")
    settings.AKISMET_KEY = "key"
    assert "Akismet. It gets the text" in read("privacy")
    assert "does not pass on" not in read("privacy")


def test_page_says_whether_guests_may_write_and_who_starts_threads(db, settings):
    assert "Guests can comment without an account" in read("about")
    assert "Every member can start a thread" in read("about")
    SiteChoices.objects.update_or_create(
        pk=1, defaults={"guests_may_comment": False, "first_held": 1, "visitors_may_flag": False}
    )
    settings.THREAD_STARTERS = "staff"
    about = read("about")
    assert "Guests can comment" not in about
    assert "You need an account to write" in about
    assert "reads the first comment of a new member" in about
    assert "Moderators start the threads" in about
    assert "flag a comment without an account" not in read("privacy")
    assert "You need no account for that" not in read("contact")
    SiteChoices.objects.update(first_held=0)
    assert "of a new member before others can" not in read("about")


def test_contact_shows_the_address_that_is_set(db, settings):
    assert "There is no address here yet" in read("contact")
    settings.CONTACT_EMAIL = "owner_of_it@forum.example"
    html = Client().get("/contact/").content.decode()
    assert 'href="mailto:owner_of_it@forum.example"' in html
    assert ">owner_of_it@forum.example</a>" in html
    assert "no address here yet" not in html


def test_reading_page_takes_few_queries_and_renders_text_once(db, django_assert_num_queries, monkeypatch):
    read("privacy")
    monkeypatch.setattr("forum.markup.render", lambda *_: pytest.fail("rendered again"))
    with django_assert_num_queries(2):  # the page, and the site's choices
        read("privacy")


def test_form_of_page_begins_with_text_that_is_shown(owner):
    form = owner.get(f"{LIST}privacy/change/").context["adminform"].form
    assert form.initial["text"] == pages.shipped_text("privacy")
    assert "the one that comes with the forum" in owner.get(LIST).content.decode()


def test_text_of_owner_replaces_the_one_that_came_with_the_forum(owner, django_assert_num_queries):
    assert save(owner, "terms", "# Ours\r\n\r\nBe *good*. <script>x</script>\r\n").status_code == 302
    html = Client().get("/terms/").content.decode()
    assert "<h2>Ours</h2>\n<p>Be <em>good</em>. &lt;script&gt;x" in html
    assert "In this version since" in html
    assert "These terms are short" not in html
    assert Page.objects.get(name="terms").text == "# Ours\n\nBe *good*. <script>x</script>"
    assert LogEntry.objects.get().object_id == "terms"
    assert "your own" in owner.get(LIST).content.decode()
    with django_assert_num_queries(1):
        read("terms")


def test_history_of_page_says_who_changed_it(owner):
    save(owner, "terms", "Ours.")
    address = f"{LIST}terms/history/"
    assert f'href="{address}"' in owner.get(f"{LIST}terms/change/").content.decode()
    assert "Olive" in owner.get(address).content.decode().partition("<main")[2]


def test_text_that_owner_left_as_it_was_still_follows_the_code(owner, monkeypatch):
    shown = pages.shipped_text("privacy").replace("\n", "\r\n")
    save(owner, "privacy", f"{shown}\r\n")
    assert Page.objects.get(name="privacy").text == ""
    monkeypatch.setattr("posts.privacy.facts.DRAFTS_KEPT_FOR", timedelta(days=7))
    assert "Drafts: for 7 days" in read("privacy")


@pytest.mark.parametrize("text", ["", " \n ", "> \n", "\u200b"])
def test_page_that_owner_emptied_shows_text_that_comes_with_the_forum(owner, text):
    save(owner, "about", "Ours.")
    assert "Ours." in read("about")
    assert save(owner, "about", text).status_code == 302
    assert "Who it is for" in read("about")
    assert Page.objects.get(name="about").changed_at is None


def test_saving_page_again_without_change_keeps_its_date(owner):
    save(owner, "about", "Ours.")
    before = Page.objects.get(name="about").changed_at
    save(owner, "about", "Ours.")
    assert Page.objects.get(name="about").changed_at == before


def test_text_that_is_too_complex_is_refused_in_a_sentence_and_kept_in_form(owner):
    text = "word " * 30_000
    answer = save(owner, "about", text)
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors["text"]
    assert "100,000" in str(errors)
    assert text.strip() in answer.content.decode()
    assert "Who it is for" in read("about")


@pytest.mark.parametrize("text", ["## Ours\n\n### Below", "# Ours\n\n## Below", "### Ours\n\n#### Below"])
def test_headings_of_owner_leave_out_no_level(text):
    assert pages.render(text) == "<h2>Ours</h2>\n<h3>Below</h3>"


def test_moderators_can_neither_see_nor_change_pages_in_admin(client, db):
    sign_in_with_factor(client, moderator())
    assert client.get(LIST).status_code == 403
    assert save(client, "terms", "Mine.").status_code == 403
    assert not Page.objects.exclude(text="").exists()


def test_pages_are_neither_added_nor_deleted(owner):
    assert set(Page.objects.values_list("name", flat=True)) == set(NAMES)
    for address in ("add/", "terms/delete/"):
        assert owner.get(f"{LIST}{address}").status_code == 403


def test_page_without_row_shows_text_that_comes_with_the_forum(db):
    Page.objects.all().delete()
    assert "Who it is for" in read("about")


def test_upgrade_of_renderer_reaches_pages(owner):
    save(owner, "terms", "Be *good*.")
    Page.objects.filter(name="terms").update(html="<p>old</p>")
    call_command("rerender_comments", stdout=io.StringIO(), stderr=io.StringIO())
    assert "Be good." in read("terms")
