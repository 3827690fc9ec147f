"""What people do here, from the first page to the last, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from posts.models import Comment, SiteChoices
from tests.factories import WORDS, reply
from tests.outbox import sent

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
NEW = "She said she had missed me, and I believed it."


def focused(page):
    """The id of the element that has the focus."""
    return page.evaluate("document.activeElement.id")


def in_view(page, selector):
    """Is any of the element on the screen?"""
    box = page.locator(selector).bounding_box()
    return box is not None and box["y"] < page.viewport_size["height"] and box["y"] + box["height"] > 0


@SCRIPTS
def test_visitor_signs_up_by_code_and_answers_question(visit, thread, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.get_by_role("link", name="Answer What have you learned?").click()
    page.get_by_role("main").get_by_role("link", name="Join").click()
    page.get_by_label("Display name").fill("Alice")
    page.get_by_label("E-mail address").fill("alice@example.org")
    page.get_by_role("button", name=re.compile("join|create|sign up", re.I)).click()
    code = re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", sent()[-1].body, re.M).group(1)
    page.get_by_label(re.compile("code", re.I)).fill(code)
    page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_label("Your text").fill(NEW)
    page.get_by_label("I write as").select_option("patient")
    expect(page.get_by_label("What have you learned?")).to_be_checked()
    page.get_by_role("button", name="Send comment").click()
    comment = Comment.objects.get(depth=1)
    assert (comment.author.display_name, comment.question.position, comment.standpoint) == ("Alice", 2, "patient")
    # a newcomer's first comments wait for a moderator, and they see them in place
    expect(page.locator(f"#w{comment.pk}")).to_contain_text(NEW)
    assert in_view(page, f"#w{comment.pk}")


@SCRIPTS
def test_sent_reply_is_in_view_and_has_focus(visit, thread, alice, bob, scripts):
    comments = [reply(thread.opening, alice) for _ in range(12)]
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comments[5].pk}").get_by_role("link", name="Reply").click()
    page.get_by_label("Your text").fill(NEW)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text(NEW)).to_be_visible()
    made = Comment.objects.get(author=bob)
    assert made.parent == comments[5]
    expect(page.locator(f"#c{made.pk}")).to_be_focused()
    assert in_view(page, f"#c{made.pk}")
    expect(page.locator("form.reply-form")).to_have_count(0)
    nested = page.locator(f"#b{comments[5].pk} > .branch > ol.replies > #b{made.pk}")
    expect(nested).to_have_count(1)


def test_second_reply_is_added_to_existing_list(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    reply(comment, alice)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    for text in (NEW, WORDS + " Twice."):
        page.locator(f"#c{comment.pk} .acts").get_by_role("link", name="Reply").click()
        page.get_by_label("Your text").fill(text)
        page.get_by_role("button", name="Send reply").click()
        expect(page.locator(".comment", has_text=text)).to_be_focused()
    expect(page.locator(f"#b{comment.pk} > .branch > ol.replies")).to_have_count(1)
    expect(page.locator(f"#b{comment.pk} > .branch > ol.replies > li")).to_have_count(3)


def test_reply_form_opens_once_keeps_refused_text_and_closes(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    link = page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply")
    link.click()
    expect(page.get_by_label("Your text")).to_be_focused()
    link.click()
    expect(page.locator("form.reply-form")).to_have_count(1)
    page.get_by_label("Your text").fill("too short")
    page.get_by_role("button", name="Send reply").click()
    # in focus, so that a screen reader tells it first; until then the page may still scroll under a click
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("has 9 characters")
    expect(page.get_by_label("Your text")).to_have_value("too short")
    page.get_by_label("Your text").fill("")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("form.reply-form")).to_have_count(0)
    expect(link).to_be_focused()


def test_escape_and_cancel_keep_typed_text_for_next_reply(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    link = page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply")
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.get_by_role("link", name="Cancel").click()):
        link.click()
        page.get_by_label("Your text").fill(NEW)
        page.keyboard.press("Tab")
        close()
        expect(page.get_by_label("Your text")).to_be_hidden()
        expect(link).to_be_focused()
        link.click()
        expect(page.get_by_label("Your text")).to_have_value(NEW)
        page.keyboard.press("Escape")


@SCRIPTS
def test_session_that_ends_while_writing_keeps_text(visit, thread, alice, bob, scripts):
    comment = reply(thread.opening, alice)
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply").click()
    page.get_by_label("Your text").fill(NEW)
    page.get_by_label("I write as").select_option("patient")
    session = [cookie for cookie in page.context.cookies() if cookie["name"] == "session"]
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("You have been signed out").first).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_value(NEW)
    # signing in again, in another tab, brings a new session and a new token: the open form is stale
    page.context.clear_cookies(name="csrf")
    page.context.add_cookies(session)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_label("Your text")).to_have_value(NEW)
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()
    made = Comment.objects.get(author=bob)
    assert (made.parent, made.standpoint) == (comment, "patient")


def test_lost_connection_keeps_text_and_is_reported(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply").click()
    page.get_by_label("Your text").fill(NEW)
    page.route(
        "**/reply/", lambda route: route.fulfill(status=503, body="") if route.request.method == "POST" else None
    )
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_role("alert")).to_contain_text("Your text is still here")
    expect(page.get_by_label("Your text")).to_have_value(NEW)
    page.unroute("**/reply/")
    visit.expected = "Response Status Error Code 503"
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()


@SCRIPTS
def test_edit_and_deletion_keep_replies(visit, thread, alice, bob, scripts):
    comment = reply(thread.opening, alice)
    answer = reply(comment, bob)
    page = visit(alice, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk}").get_by_role("link", name="Edit").click()
    page.get_by_label("Your text").fill(NEW)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(f"#c{comment.pk}")).to_contain_text(NEW)
    expect(page.get_by_text("Your change is saved.")).to_be_visible()
    page.locator(f"#c{comment.pk}").get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(f"#c{comment.pk}")).to_contain_text("deleted this comment")
    expect(page.locator(f"#c{answer.pk}")).to_contain_text(WORDS)


@SCRIPTS
def test_reader_sees_tombstone_after_removal_in_admin(visit, thread, alice, bob, mod, scripts):
    comment = reply(thread.opening, alice)
    reply(comment, bob)
    mod_client = visit(mod, java_script_enabled=scripts)
    mod_client.goto("/admin/posts/comment/")
    mod_client.locator(f"input[name=_selected_action][value='{comment.pk}']").check()
    mod_client.locator("select[name=action]").select_option("remove")
    mod_client.get_by_role("button", name=re.compile("Go|Run")).first.click()
    mod_client.get_by_label("Reason").fill("It names a patient.")
    mod_client.get_by_role("button", name="Remove").click()
    expect(mod_client.get_by_text(": done.")).to_be_visible()
    reader = visit(java_script_enabled=scripts)
    reader.goto(thread.get_absolute_url())
    expect(reader.locator(f"#c{comment.pk}")).to_contain_text("A moderator removed this comment.")


def test_concurrent_replies_to_one_comment_are_both_shown(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    pages = [visit(alice), visit(bob)]
    for page, words in zip(pages, ("Alice says this of it.", "Bob says that of it."), strict=True):
        page.goto(thread.get_absolute_url())
        page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply").click()
        page.get_by_label("Your text").fill(words)
    for page in pages:
        page.get_by_role("button", name="Send reply").click()
    for page in pages:
        expect(page.locator(f"#b{comment.pk} .branch .comment")).to_be_focused()
    pages[0].reload()
    expect(pages[0].locator(f"#b{comment.pk} > .branch > ol.replies > li")).to_have_count(2)


def test_reply_can_be_written_by_keyboard_alone(visit, thread, alice, bob):
    comment = reply(thread.opening, alice)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    link = page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply")
    for _ in range(30):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your text")).to_be_focused()
    page.keyboard.type(NEW)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()


def test_visitor_is_asked_to_sign_in_where_guests_may_not_comment(visit, thread, alice):
    SiteChoices.objects.update_or_create(pk=1, defaults={"guests_may_comment": False})
    comment = reply(thread.opening, alice)
    page = visit()
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk}").get_by_role("link", name="Reply").click()
    expect(page.get_by_role("group", name="Sign in to reply")).to_be_focused()
    page.get_by_role("group").get_by_role("link", name="Sign in").click()
    assert page.url.endswith(f"/account/login/?next=/c/{comment.pk}/reply/")


def test_times_are_shown_relative_and_have_exact_title(visit, thread, alice):
    comment = reply(thread.opening, alice)
    page = visit()
    page.goto(thread.get_absolute_url())
    time = page.locator(f"#c{comment.pk} time")
    expect(time).to_have_text("now")
    assert time.get_attribute("datetime").startswith(f"{comment.created_at:%Y-%m-%dT%H:%M}")
    assert str(comment.created_at.year) in time.get_attribute("title")
    plain = visit(java_script_enabled=False)
    plain.goto(thread.get_absolute_url())
    expect(plain.locator(f"#c{comment.pk} time")).to_contain_text(f"{comment.created_at:%Y}")
