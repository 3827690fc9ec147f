"""Every page, in light and dark, on a phone and on a desktop: axe finds nothing, and no page scrolls sideways."""

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db.models import F
from rcssmin import cssmin
from rjsmin import jsmin

from forum.models import Page
from posts.models import Comment, Reading
from posts.models.comment import EDIT_GRACE
from posts.models.reading import AWAY
from posts.moderation import actions, appeals, decisions, flags, sanctions, verification
from posts.writing import comments, guests
from tests.factories import WORDS, moderator, person, reply
from tests.signing_in import app_of

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # preloading style sheets, axe writes inline styles that our CSP refuses
    "preload": False,
    # passed checks are not reported in full
    "resultTypes": ["violations"],
}
PUBLIC = [
    "/",
    "{thread}",
    "{thread}?q=1",
    "{thread}?q=talk",
    "{thread}?order=newest",
    "{thread}?order=helpful",
    "/c/{top}/branch/",
    "/c/{deep}/branch/",
    "/c/{top}/reply/",
    "/c/{edited}/history/",
    "/c/{edited}/history/?version=1",
    "/help/",
    "/nothing/",
    "/c/{top}/flag/",
    "/rules/",
    "/trust/",
    "/moderation-log/",
    "/transparency/",
    "/about/",
    "/contact/",
    "/privacy/",
    "/terms/",
    "/account/login/",
    "/account/signup/",
    "/account/login/code/",
    "/account/password/reset/",
]
MEMBERS = [
    "{thread}",
    "/c/{top}/branch/",
    "/c/{opening}/reply/",
    "/c/{top}/reply/",
    "/c/{mine}/edit/",
    "/c/{mine}/delete/",
    "/t/new/",
    "/guest-comments/",
    "/drafts/",
    "/account/",
    "/account/email/",
    "/account/password/set/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/logout/",
    "/c/{top}/edit/",
    "/admin/",
    "/account/clinician/",
    "/account/sessions/",
    "/account/download/",
    "/flags/",
    "/decisions/",
    "/decisions/{decision}/",
]
DESK = [
    "/admin/",
    "/admin/posts/comment/",
    "/admin/posts/comment/{top}/change/",
    "/admin/posts/thread/",
    "/admin/posts/thread/{pk}/change/",
    "/admin/posts/logentry/",
    "/admin/posts/revision/",
    "/admin/posts/case/",
    "/admin/posts/case/{urgent}/change/",
    "/admin/posts/case/{flagged}/change/",
    "/admin/posts/case/{appeal}/change/",
    "/admin/posts/case/{asked}/change/",
    "/admin/accounts/user/{person}/others/",
    "/admin/posts/case/figures/",
    "/admin/posts/case/of/{top}/",
    "/admin/posts/case/undo/{decision}/",
    "/admin/posts/rules/",
    "/admin/posts/cannedreason/",
    "/admin/posts/watchedword/add/",
    "/admin/posts/note/",
    "/admin/posts/revision/{revision}/change/",
    "/admin/accounts/user/",
    "/admin/accounts/user/{person}/change/",
    "/admin/accounts/verification/",
]
OWNERS = ["/admin/forum/page/", "/admin/forum/page/privacy/change/", "/admin/forum/page/privacy/history/"]
# Width of the screen and colour scheme.
PHONE, DESKTOP, DARK_DESKTOP = (360, "light"), (1280, "light"), (1280, "dark")
# A desktop page that is zoomed to 400 % (WCAG 1.4.10).
NARROWEST = (320, "light")


@pytest.fixture
def places(thread, alice, bob, mod):
    """A thread in which everything has happened, and the addresses in it."""
    question = thread.questions.first()
    top = parent = reply(thread.opening, alice, question=question, standpoint="clinician")
    for number in range(12):
        parent = reply(parent, (bob, alice)[number % 2], source=f"{WORDS} {'unbroken' * 20}")
    waiting = reply(thread.opening, bob)
    actions.hold(moderator=mod, comment=waiting, reason="A second look.")
    gone = reply(thread.opening, alice)
    reply(gone, bob)
    comments.delete(author=alice, comment=gone)
    removed = reply(thread.opening, bob)
    reply(removed, alice)
    actions.remove(moderator=mod, comment=removed, reason="It names a patient.")
    reply(thread.opening, bob, source="# Loud\n\n- a list\n- of things\n\n> quoted\n\n```\n" + "code " * 60 + "\n```\n")
    edited = reply(thread.opening, alice, source="At first I thought that she was bored.")
    Comment.objects.filter(pk=edited.pk).update(created_at=edited.created_at - 2 * EDIT_GRACE)
    comments.edit(editor=alice, comment=edited, source="At first I thought that she was tired of me, and then not.")
    guest = guests.comment_as_guest(
        name="Wren", email=bob.email, parent=thread.opening, source=f"{WORDS} As a guest.", key="guest"
    )
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    mine = Comment.objects.filter(author=bob, removed_at=None).first()
    return {
        "thread": thread.get_absolute_url(),
        "pk": thread.pk,
        "opening": thread.opening.pk,
        "top": top.pk,
        "mine": mine.pk,
        "deep": parent.pk,
        "edited": edited.pk,
        "revision": edited.revisions.get().pk,
        "guest": guest.pk,
        **_admin_pages(thread, alice, bob, mod),
    }


def _admin_pages(thread, alice, bob, mod):
    """Items of each kind: urgent and with notes, flagged, and an appeal; and a decision about Bob."""
    found = {}
    for name, reason in (("urgent", "harm"), ("flagged", "unkind")):
        flagged = reply(thread.opening, bob, f"{WORDS} {name}")
        flags.flag(comment=flagged, person=alice, reason=reason, note="Please look at the end of it.")
        decisions.note(moderator=mod, text="Seen before.", comment=flagged)
        reply(flagged, alice)
        found[name] = flagged.cases.get().pk
    # by another moderator: Mo has the form to answer the appeal
    gone, mia = reply(thread.opening, bob, f"{WORDS} Gone."), moderator("Mia Second")
    entry = actions.remove(moderator=mia, comment=gone, reason="It is unkind.", rule="Be kind")
    appealed = sanctions.apply_sanction(moderator=mod, person=bob, name="watch", reason="Too much at once.")
    appeals.appeal(entry=entry, text="It was meant kindly.", person=bob)
    decisions.note(moderator=mod, text="Means well, mostly. " + "unbroken" * 20, person=bob)
    asked = verification.ask(
        person=alice,
        profession="Psychologist",
        regulator="HCPC",
        region="GB",
        number="PYL 55501",
        evidence="unbroken" * 20,
    )
    return found | {"asked": asked.case.pk, "appeal": entry.appeal.case.pk, "decision": appealed.pk, "person": bob.pk}


AXE = Axe()


def violations(page):
    """Return what axe finds on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    return page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]


def look_at(page, addresses, places, looks, narrowest=False):
    """Return what is wrong with each page in each look: axe's findings, and pages that scroll sideways.

    Each page is loaded once, every other page in the last look instead of the first. `narrowest` checks the width of
    the pages on the narrowest screen, too.
    """
    findings = []
    for number, address in enumerate(addresses):
        ordered = looks[::-1] if number % 2 else looks
        change_look(page, ordered[0])
        page.goto(address.format(**places))
        where = f"/{page.url.partition('//')[2].partition('/')[2]}"
        for look in ordered:
            change_look(page, look)
            for violation in violations(page):
                findings += [f"{where}, {look}: {violation['id']}: {node['html'][:200]}" for node in violation["nodes"]]
            if sideways(page) > 0:
                findings.append(f"{where}, {look}: {sideways(page)} px wider than the screen")
        if narrowest:
            change_look(page, NARROWEST)
            if sideways(page) > 0:
                findings.append(f"{where}: {sideways(page)} px wider than the narrowest screen")
    return findings


def change_look(page, look):
    """Set the width of the screen and the colour scheme."""
    width, scheme = look
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    # in the middle of a transition between two colours the contrast is too low
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")


def sideways(page):
    """Return by how many pixels the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_pages_of_visitors_are_accessible_and_fit_screen(visit, places):
    assert look_at(visit(), PUBLIC, places, [PHONE, DARK_DESKTOP], narrowest=True) == []


def test_pages_of_members_are_accessible_and_fit_screen(visit, places, bob):
    assert look_at(visit(bob), MEMBERS, places, [PHONE, DARK_DESKTOP]) == []


def test_pages_of_moderators_are_accessible_and_fit_screen(visit, places, mod):
    page = visit(mod)
    # the queue and the list of people fit phones; the other lists are Django's
    for_phones = [address for address in DESK if "/case/" in address or address == "/admin/" or "{person}" in address]
    others = [address for address in DESK if address not in for_phones]
    assert look_at(page, for_phones, places, [PHONE, DESKTOP, DARK_DESKTOP]) == []
    assert look_at(page, others, places, [DESKTOP, DARK_DESKTOP]) == []


def test_pages_of_owners_are_accessible_and_fit_screen(visit, transactional_db):
    Page.objects.get_or_create(name="privacy")
    owner = person("Olive", is_staff=True, is_superuser=True)
    app_of(owner)
    assert look_at(visit(owner), OWNERS, {}, [DESKTOP, DARK_DESKTOP]) == []


def test_page_of_admin_action_is_accessible(visit, places, mod):
    page = visit(mod)
    page.goto("/admin/posts/comment/")
    page.locator("input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("remove")
    page.locator("button[name=index]").first.click()
    assert violations(page) == []


def test_refused_reply_form_in_thread_is_accessible(visit, places, bob):
    page = visit(bob, viewport={"width": 360, "height": 800})
    page.goto(places["thread"])
    page.locator(f"#c{places['top']}").get_by_role("link", name="Reply").click()
    page.get_by_label("Your text").fill("x")
    page.get_by_role("button", name="Send reply").click()
    page.get_by_text("has 1 character").first.wait_for()
    assert violations(page) == []


def test_new_comments_and_list_of_keys_are_accessible(visit, places, bob, alice):
    page = visit(bob)
    page.goto(places["thread"])
    Reading.objects.update(seen_at=F("seen_at") - 2 * AWAY)
    reply(Comment.objects.get(pk=places["top"]), alice)
    assert look_at(page, ["{thread}"], places, [(360, "dark")]) == []
    page.get_by_text("1 new since your last visit").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def test_wide_table_scrolls_inside_comment(visit, places, alice):
    wide = "|" + "inexpressible|" * 8 + "\n" + "|-" * 8 + "|\n|" + "words|" * 8
    comment = reply(Comment.objects.get(pk=places["top"]), alice, source=wide)
    page = visit(viewport={"width": 320, "height": 600})
    page.goto(f"/c/{comment.pk}/")
    table = page.locator(f"#c{comment.pk} table").first
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_image_without_alternative_text_is_reported(visit, thread):
    page = visit()
    page.goto("/")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/mark.svg\">')")
    assert [violation["id"] for violation in violations(page)] == ["image-alt"]


def test_minified_scripts_and_styles_mean_the_same(visit):
    """Each minified module still parses, and each minified style sheet has the same rules."""
    page = visit(bypass_csp=True)
    page.goto("/rules/")
    parsed = "text => import(URL.createObjectURL(new Blob([text], {type: 'text/javascript'}))).then(() => '', String)"
    rules = (
        "text => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text); "
        "return [...sheet.cssRules].map(rule => rule.cssText.replace(/\\s*([,:;{}()])\\s*/g, '$1')); }"
    )
    for path in sorted((settings.BASE_DIR / "static").rglob("*.js")):
        # what it imports is not there, but what does not parse says so first
        assert "SyntaxError" not in page.evaluate(parsed, jsmin(path.read_text())), path.name
    for path in sorted((settings.BASE_DIR / "static").rglob("*.css")):
        source = path.read_text()
        assert page.evaluate(rules, cssmin(source)) == page.evaluate(rules, source), path.name
