"""Every page, in light and dark, on a phone and on a desk: axe finds nothing, nothing runs over the edge."""

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.db.models import F

from posts.models import Comment, Reading
from posts.models.comment import EDIT_GRACE
from posts.models.reading import AWAY
from posts.moderation import actions, appeals, decisions, flags, sanctions, verification
from posts.writing import comments, guests
from tests.factories import WORDS, moderator, reply

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # preloading style sheets, axe writes inline styles that our CSP refuses
    "preload": False,
    # what it finds in order is not told in full
    "resultTypes": ["violations"],
}
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
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
LOOKS = [(360, "light"), (1280, "dark")]


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
        **_at_the_desk(thread, alice, bob, mod),
    }


def _at_the_desk(thread, alice, bob, mod):
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


def look_at(page, addresses, places, also_dark=False):
    """What is wrong with each page: axe's findings, in the dark those about colours, and sideways scrolling."""
    findings = []
    for address in addresses:
        if also_dark:
            page.emulate_media(color_scheme="light")
        page.goto(address.format(**places))
        violations = Axe().run(page, options=RULES).response["violations"]
        if also_dark:
            page.emulate_media(color_scheme="dark")
            # colours that fade into others would be seen halfway
            page.reload()
            violations += Axe().run(page, options=COLOURS).response["violations"]
        for violation in violations:
            where = page.url.partition("//")[2].partition("/")[2]
            findings += [f"/{where}: {violation['id']}: {node['html'][:200]}" for node in violation["nodes"]]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            findings.append(f"{page.url}: {over} px over the edge")
    return findings


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_visitors_pages(visit, places, width, scheme):
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert look_at(page, PUBLIC, places) == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_members_pages(visit, places, bob, width, scheme):
    page = visit(bob, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert look_at(page, MEMBERS, places) == []


def test_moderators_pages(visit, places, mod):
    page = visit(mod, viewport={"width": 1280, "height": 800})
    assert look_at(page, DESK, places, also_dark=True) == []


def test_the_queue_and_people_on_a_phone(visit, places, mod):
    page = visit(mod, viewport={"width": 360, "height": 800})
    fit = [address for address in DESK if "/case/" in address or address == "/admin/" or "{person}" in address]
    assert look_at(page, fit, places) == []


def test_the_act_page_of_the_desk(visit, places, mod):
    page = visit(mod)
    page.goto("/admin/posts/comment/")
    page.locator("input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option("remove")
    page.locator("button[name=index]").first.click()
    assert Axe().run(page, options=RULES).response["violations"] == []


def test_the_open_form_in_place(visit, places, bob):
    page = visit(bob, viewport={"width": 360, "height": 800})
    page.goto(places["thread"])
    page.locator(f"#c{places['top']}").get_by_role("link", name="Reply").click()
    page.get_by_label("Your text").fill("x")
    page.get_by_role("button", name="Send reply").click()
    page.get_by_text("has 1 character").first.wait_for()
    assert Axe().run(page, options=RULES).response["violations"] == []


def test_what_is_new_and_the_sheet_of_keys(visit, places, bob, alice):
    page = visit(bob, viewport={"width": 360, "height": 800}, color_scheme="dark")
    page.goto(places["thread"])
    Reading.objects.update(seen_at=F("seen_at") - 2 * AWAY)
    reply(Comment.objects.get(pk=places["top"]), alice)
    assert look_at(page, ["{thread}"], places) == []
    page.get_by_text("1 new since your last visit").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert Axe().run(page, options=RULES).response["violations"] == []


def test_nothing_runs_over_the_edge_of_the_smallest_screen(visit, places):
    """320 px, the width of a page zoomed to 400 % on a desk (WCAG 1.4.10)."""
    page = visit(viewport={"width": 320, "height": 600})
    for address in PUBLIC:
        page.goto(address.format(**places))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_a_wide_table_scrolls_in_a_box_of_its_own(visit, places, alice):
    wide = "|" + "inexpressible|" * 8 + "\n" + "|-" * 8 + "|\n|" + "words|" * 8
    comment = reply(Comment.objects.get(pk=places["top"]), alice, source=wide)
    page = visit(viewport={"width": 320, "height": 600})
    page.goto(f"/c/{comment.pk}/")
    table = page.locator(f"#c{comment.pk} table").first
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_axe_would_find_something(visit, thread):
    page = visit()
    page.goto("/")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/mark.svg\">')")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == ["image-alt"]
