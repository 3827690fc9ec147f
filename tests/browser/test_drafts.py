"""Drafts in a browser: kept on the device and the server until the text is sent or discarded."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from posts.models import Comment, Draft
from posts.writing import comments
from tests.browser.test_journeys import NEW
from tests.browser.test_writing import PHONE, box_of, kept, open_reply
from tests.factories import WORDS, reply

BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"


def here(page):
    """The texts that are saved on this device."""
    return page.evaluate(
        "Object.keys(localStorage).filter(name => name.startsWith('draft:'))"
        ".map(name => JSON.parse(localStorage.getItem(name)).fields.source)"
    )


def until(page, condition):
    """Waits in the page, where its policy forbids Playwright's own way."""
    look = f"const look = () => ({condition}) ? done() : requestAnimationFrame(look); look();"
    page.evaluate(f"() => new Promise((done, fail) => {{ setTimeout(fail, 10000, 'never came'); {look} }})")


def test_draft_is_on_other_devices_until_it_is_sent(visit, thread, comment, bob):
    page = visit(bob)
    open_reply(page, comment)
    with kept(page, "she had missed me"):
        page.keyboard.type(NEW)
    assert Draft.objects.get(person=bob).fields["source"] == NEW
    page.close(run_before_unload=True)
    other = visit(bob, **PHONE)
    other.goto(thread.get_absolute_url())
    line = other.locator(".unfinished")
    expect(line).to_contain_text("You have an unfinished reply to Alice.")
    line.get_by_role("link", name="Continue writing").click()
    expect(other.get_by_label("Your text")).to_have_value(NEW)
    expect(other.get_by_text("This is your draft, saved now.")).to_be_visible()
    other.get_by_role("button", name="Send reply").click()
    expect(other.locator(".comment", has_text=NEW)).to_be_visible()
    assert here(other) == []
    assert not Draft.objects.exists()
    # the first device still has its copy, and knows that the server has deleted its own
    again = page.context.new_page()
    again.goto(thread.get_absolute_url())
    assert here(again) == [NEW]
    expect(again.locator(".unfinished")).to_have_count(0)
    again.locator(f"#c{comment.pk} .acts").get_by_role("link", name="Reply").click()
    expect(box_of(again)).to_have_value("")
    assert here(again) == []


@pytest.mark.parametrize("place", ["in place", "page"])
def test_sent_draft_is_deleted_on_device_and_server(visit, thread, comment, bob, place):
    page = visit(bob)
    if place == "page":
        page.goto(f"/c/{comment.pk}/reply/")
        box_of(page).focus()
    else:
        open_reply(page, comment)
    with kept(page, "she had missed me"):
        page.keyboard.type(NEW)
    assert here(page) == [NEW]
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()
    until(page, "!Object.keys(localStorage).some(name => name.startsWith('draft:'))")
    assert not Draft.objects.exists()
    assert "sent=" not in page.evaluate("document.cookie")


def test_late_request_does_not_restore_sent_draft(visit, comment, bob):
    page = visit(bob)
    late = []
    page.route("**/drafts/", lambda route: late.append(route))
    open_reply(page, comment)
    with page.expect_request("**/drafts/"):
        page.keyboard.type(NEW)
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()
    for route in late:
        with page.expect_response("**/drafts/"):
            route.continue_()
    assert not Draft.objects.exists()
    assert Comment.objects.filter(author=bob).count() == 1


def test_text_typed_without_session_stays_on_device(visit, thread, comment, bob):
    """As a guest's: the form knows nobody."""
    page = visit(bob)
    open_reply(page, comment)
    page.context.clear_cookies(name="session")
    page.keyboard.type(NEW)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("You have been signed out").first).to_be_visible()
    box = box_of(page)
    box.press("End")
    page.keyboard.type(" And more.")
    until(page, f"localStorage.getItem('draft::reply:{comment.pk}')?.includes('And more.')")
    page.goto(thread.get_absolute_url())
    expect(page.locator(".unfinished")).to_contain_text("You have an unfinished reply to Alice.")
    expect(page.locator(".unfinished a")).to_have_attribute("href", f"/c/{comment.pk}/reply/")


def test_reload_lost_connection_and_refusal_keep_text(visit, thread, comment, bob):
    page = visit(bob)
    page.route("**/drafts/", lambda route: route.abort())
    visit.expected = "Failed to load resource"
    page.goto(f"/c/{comment.pk}/reply/")
    box_of(page).press_sequentially("too short")
    page.get_by_label("I write as").select_option("patient")
    page.reload()
    expect(page.get_by_label("Your text")).to_have_value("too short")
    expect(page.get_by_label("I write as")).to_have_value("patient")
    expect(page.get_by_text("saved on this device")).to_be_visible()
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".error-summary")).to_contain_text("has 9 characters")
    expect(page.get_by_label("Your text")).to_have_value("too short")
    # the text is still there after leaving the page and returning
    page.goto(f"/c/{comment.pk}/reply/")
    expect(page.get_by_label("Your text")).to_have_value("too short")
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_label("Your text")).to_have_value("")
    page.reload()
    expect(box_of(page)).to_have_value("")


def test_newer_draft_is_shown_and_button_shows_the_other(visit, comment, bob):
    page = visit(bob)
    page.goto(f"/c/{comment.pk}/reply/")
    with kept(page, "Written here"):
        box_of(page).press_sequentially("Written here.")
    Draft.objects.update(fields={"source": "Written elsewhere."})
    page.reload()
    # the server's is as old as what it was made of here, and newer in words
    box = box_of(page)
    expect(box).to_have_value("Written elsewhere.")
    expect(page.get_by_text("This is your draft, saved now.", exact=False)).to_be_visible()
    with kept(page, "Written here"):
        page.get_by_role("button", name="Show the other version").click()
    expect(box).to_have_value("Written here.")
    expect(page.get_by_text("saved on this device")).to_be_visible()
    page.get_by_role("button", name="Show the other version").click()
    expect(box).to_have_value("Written elsewhere.")


def test_later_text_on_device_replaces_draft_of_server(visit, comment, bob):
    page = visit(bob)
    page.goto(f"/c/{comment.pk}/reply/")
    with kept(page, "Written first"):
        box_of(page).press_sequentially("Written first")
    page.route("**/drafts/", lambda route: route.abort())
    visit.expected = "Failed to load resource"
    box_of(page).press_sequentially(", and more")
    page.reload()
    expect(box_of(page)).to_have_value("Written first, and more")
    page.get_by_role("button", name="Show the other version").click()
    expect(box_of(page)).to_have_value("Written first")


@pytest.mark.parametrize("scripts", [True, False])
def test_draft_is_discarded_on_page_of_form(visit, comment, bob, scripts):
    Draft.objects.create(
        person=bob,
        place=f"reply:{comment.pk}",
        comment=comment,
        thread=comment.thread,
        key="k",
        fields={"source": NEW},
        saved_at=comment.created_at,
    )
    page = visit(bob, java_script_enabled=scripts)
    page.goto(f"/c/{comment.pk}/reply/")
    expect(page.get_by_label("Your text")).to_have_value(NEW)
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_label("Your text")).to_have_value("")
    assert not Draft.objects.exists()


def test_draft_is_discarded_in_thread(visit, comment, bob):
    page = visit(bob)
    open_reply(page, comment)
    with kept(page, "she had missed me"):
        page.keyboard.type(NEW)
    expect(open_reply(page, comment)).to_have_value(NEW)
    with page.expect_response("**/reply/"):
        page.get_by_role("button", name="Discard the draft").click()
    expect(box_of(page)).to_have_value("")
    expect(page.locator("form.reply-form")).to_have_count(1)
    assert here(page) == []
    assert not Draft.objects.exists()


def test_edit_has_its_own_draft(visit, comment, alice):
    page = visit(alice)
    page.goto(f"/c/{comment.pk}/edit/")
    with kept(page, "Changed"):
        box_of(page).fill(f"{WORDS} Changed.")
    page.goto(comment.thread.get_absolute_url())
    expect(page.locator(".unfinished")).to_contain_text("an unfinished edit of one of your comments")
    page.get_by_role("link", name="Continue writing").click()
    expect(page.get_by_label("Your text")).to_have_value(f"{WORDS} Changed.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your change is saved.")).to_be_visible()
    until(page, "!Object.keys(localStorage).some(name => name.startsWith('draft:'))")
    assert not Draft.objects.exists()


def test_reply_can_be_sent_without_local_storage(visit, comment, bob):
    page = visit(bob)
    page.add_init_script(BLOCKED)
    open_reply(page, comment)
    with kept(page, "she had missed me"):
        page.keyboard.type(NEW)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text(NEW)
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()


def test_signing_out_deletes_typed_text_on_device(visit, comment, bob):
    page = visit(bob)
    page.goto(f"/c/{comment.pk}/reply/")
    with kept(page, "shall"):
        box_of(page).press_sequentially("Nobody else shall read this here.")
    until(page, "Object.keys(localStorage).some((name) => name.startsWith('draft:'))")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    until(page, "Object.keys(localStorage).length === 0")


def test_draft_of_edit_does_not_overwrite_later_edit(visit, thread, bob):
    mine = reply(thread.opening, bob)
    page = visit(bob)
    page.route("**/drafts/", lambda route: route.abort())
    visit.expected = "Failed to load resource"
    page.goto(f"/c/{mine.pk}/edit/")
    box_of(page).fill("What I began to change on this device.")
    until(page, "Object.keys(localStorage).some((name) => name.startsWith('draft:'))")
    comments.edit(editor=bob, comment=mine, source="What I changed on the phone meanwhile.")
    page.reload()
    expect(box_of(page)).to_have_value("What I began to change on this device.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("changed in another window")
    mine.refresh_from_db()
    assert mine.source == "What I changed on the phone meanwhile."


def test_draft_of_visitor_is_kept_after_signing_in_without_name(visit, comment, bob):
    page = visit()
    page.goto(f"/c/{comment.pk}/reply/")
    page.get_by_label("Your name").fill("Wren")
    page.get_by_label("E-mail address").fill("wren@example.org")
    box_of(page).fill("Words of somebody who has not joined yet.")
    until(page, "Object.keys(localStorage).some((name) => name.startsWith('draft::'))")
    kept_here = page.evaluate("Object.values(localStorage).join()")
    assert "not joined yet" in kept_here
    assert "Wren" not in kept_here
    assert "wren@" not in kept_here
    client = Client()
    client.force_login(bob)
    page.context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": page.url}])
    page.reload()
    expect(box_of(page)).to_have_value("Words of somebody who has not joined yet.")
    expect(page.get_by_text("saved on this device")).to_be_visible()
