"""Edits, deletions, limits and guests in a browser: with scripts, without, by keyboard."""

import re

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from posts.models import Comment
from tests.browser.test_every_page import RULES
from tests.factories import reply
from tests.outbox import sent

FIRST = "Somebody waited for me, although I was late each time."
OTHER = "Somebody left, and I was relieved at first."


@pytest.fixture
def answered_comment(thread, alice, bob):
    """A comment with a text of its own and one reply."""
    comment = reply(thread.opening, alice, source=FIRST)
    reply(comment, bob, source="It was the same with me, for years.")
    return comment


@pytest.mark.parametrize("scripts", [True, False])
def test_deleted_comment_is_restored_by_undo(visit, thread, answered_comment, alice, scripts):
    page = visit(alice, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.get_by_role("link", name="Delete your comment").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator("main")).not_to_contain_text(FIRST)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(f"#c{answered_comment.pk}")).to_contain_text(FIRST)
    expect(page.get_by_role("status").first).to_contain_text("Your comment is back.")


def test_edit_in_second_window_shows_conflict_and_keeps_text(visit, answered_comment, alice):
    first, second = visit(alice), visit(alice)
    for window in (first, second):
        window.goto(f"/c/{answered_comment.pk}/edit/")
    first.get_by_label("Your text").fill(OTHER)
    first.get_by_role("button", name="Save").click()
    expect(first.locator(f"#c{answered_comment.pk}")).to_contain_text(OTHER)
    mine = "Somebody stayed, and that is all I have to say."
    second.get_by_label("Your text").fill(mine)
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("alert")).to_contain_text("changed in another window")
    expect(second.get_by_label("Your text")).to_have_value(mine)
    expect(second.locator(".parts")).to_contain_text("relieved")
    assert Axe().run(second, options=RULES).response["violations"] == []
    second.get_by_role("button", name="Save").click()
    expect(second.locator(f"#c{answered_comment.pk}")).to_contain_text(mine)


def test_guest_reply_is_shown_as_waiting_after_reload(visit, thread, answered_comment, settings):
    settings.GUEST_LEAST_SECONDS = 0
    page = visit(viewport={"width": 360, "height": 740})
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{answered_comment.pk} .acts a").first.click()
    form = page.locator(".reply-form")
    expect(form.get_by_label("Your text")).to_be_focused()
    assert Axe().run(page, options=RULES).response["violations"] == []
    form.get_by_label("Your text").fill("I waited, too, and I am glad of it.")
    form.get_by_label("Your name").fill("Alice")
    form.get_by_role("button", name="Send reply").click()
    expect(form.get_by_role("alert")).to_contain_text("A member has this name")
    expect(form.get_by_label("Your text")).to_have_value("I waited, too, and I am glad of it.")
    form.get_by_label("Your name").fill("Wren")
    form.get_by_role("button", name="Send reply").press("Enter")
    held = page.locator(".waiting")
    expect(held).to_be_focused()
    expect(held).to_contain_text("I waited, too")
    assert Axe().run(page, options=RULES).response["violations"] == []
    page.reload()
    expect(page.locator(".waiting")).to_contain_text("You see it on this device.")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert Comment.objects.get(is_guest=True).parent == answered_comment


def test_limited_or_repeated_reply_keeps_text_in_place(visit, thread, answered_comment, bob, settings):
    settings.LIMITS = {"comment": {"first day": "2 per hour"}}
    page = visit(bob)
    page.goto(thread.get_absolute_url())

    def answer(text):
        page.locator(f"#c{answered_comment.pk} .acts a").first.click()
        page.locator(".reply-form").get_by_label("Your text").fill(text)
        page.get_by_role("button", name="Send reply").click()

    answer(OTHER)
    expect(page.locator(".comment", has_text=OTHER)).to_have_count(1)
    answer(OTHER)
    form = page.locator(".reply-form")
    expect(form.get_by_role("alert")).to_contain_text("just these words a moment ago")
    form.get_by_label("Send it a second time").check()
    form.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=OTHER)).to_have_count(2)
    answer("Once more, and this is too much.")
    expect(form.get_by_role("alert")).to_contain_text("Try again in 60 minutes")
    expect(form.get_by_label("Your text")).to_have_value("Once more, and this is too much.")
    assert Axe().run(page, options=RULES).response["violations"] == []


def test_reader_opens_earlier_version_of_comment(visit, answered_comment, alice):
    from posts.writing import comments
    from tests.posts.writing.test_editing import grow_old

    grow_old(answered_comment)
    comments.edit(editor=alice, comment=answered_comment, source=OTHER)
    page = visit(java_script_enabled=False)
    page.goto(f"/c/{answered_comment.pk}/branch/")
    page.get_by_role("link", name="edited").click()
    expect(page.locator("ins").first).to_contain_text("left")
    page.locator(".versions a").last.click()
    expect(page.locator(".parts")).to_have_text(FIRST)
    page.get_by_role("link", name="Back to the comment").click()
    expect(page.locator(f"#c{answered_comment.pk}")).to_contain_text(OTHER)


@pytest.mark.parametrize("scripts", [True, False])
def test_text_is_in_form_after_session_ended_and_sign_in(visit, thread, answered_comment, bob, scripts):
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{answered_comment.pk} .acts a").first.click()
    page.get_by_label("Your text").fill(OTHER)
    page.get_by_label("I write as").select_option("patient")
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="Send reply").click()
    page.get_by_role("alert").get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").first.fill(bob.email)
    page.get_by_role("button", name="Send me a sign-in code").click()
    code = re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", sent()[-1].body, re.M).group(1)
    page.get_by_label(re.compile("code", re.I)).fill(code)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_text("what you wrote before you signed in")).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_value(OTHER)
    expect(page.get_by_label("I write as")).to_have_value("patient")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=OTHER)).to_be_visible()
    page.goto(f"/c/{answered_comment.pk}/reply/")
    expect(page.get_by_label("Your text")).to_have_value("")
