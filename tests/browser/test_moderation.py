"""Moderation in a browser, with and without JavaScript: the queue by keys, and a case from flag to appeal."""

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import expect

from posts.models import CannedReason, Case, Comment, LogEntry, Rules
from posts.moderation import decisions, flags
from tests.browser.test_journeys import SCRIPTS
from tests.factories import WORDS, moderator, person, reply

QUEUE = "/admin/posts/case/"


def fill(thread, author, number):
    """So many open items, each about a comment of its own."""
    first = reply(thread.opening, author)
    now = timezone.now()
    Comment.objects.bulk_create(
        Comment(
            thread=thread,
            parent=thread.opening,
            path=f"{thread.opening.path}z{index:07d}",
            depth=1,
            author=author,
            source=f"{WORDS} {index}",
            html=f"<p>{WORDS} {index}</p>",
            renderer=1,
            created_at=now,
            published_at=now,
        )
        for index in range(number)
    )
    # counted, as if each had been written
    thread.comments.filter(pk=thread.opening.pk).update(
        reply_count=F("reply_count") + number, below_count=F("below_count") + number
    )
    type(thread).objects.filter(pk=thread.pk).update(comment_count=F("comment_count") + number)
    Case.objects.bulk_create(
        Case(comment=comment, kind=Case.Kind.FLAGGED, why=["flag"], opened_at=now)
        for comment in Comment.objects.filter(depth=1).exclude(pk=first.pk).order_by("pk")
    )


def test_moderator_decides_cases_of_a_long_queue_by_keys_alone(visit, thread, alice, mod):
    """Ten pages of cases; bench/review_queue.py measures long queues."""
    CannedReason.objects.get_or_create(title="Off topic", defaults={"text": "It is not about this."})
    fill(thread, alice, 500)
    page = visit(mod)
    page.goto(QUEUE)
    page.keyboard.press("j")
    expect(page.locator(".item-link").first).to_be_focused()
    page.keyboard.press("Enter")
    for number in range(8):
        page.wait_for_url(f"**{QUEUE}*/change/")
        address = page.url
        # a letter chooses, Enter decides
        key, act = ("a", "approve") if number % 2 else ("r", "remove")
        page.keyboard.press(key)
        expect(page.locator(f'#decide input[value="{act}"]')).to_be_checked()
        if act == "remove":
            page.keyboard.press("Tab")
            while page.evaluate("document.activeElement.name") != "canned":
                page.keyboard.press("Tab")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Shift+Tab")
            while page.evaluate("document.activeElement.name") != "act":
                page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, address=address: url != address)
    assert LogEntry.objects.filter(act="remove").count() == LogEntry.objects.filter(act="keep").count() == 4
    assert Case.objects.open().count() == 492
    page.keyboard.press("u")
    page.get_by_text("The decision is reversed").wait_for()
    assert Case.objects.open().count() == 493
    # the item that is open again is shown
    page.wait_for_url(address)
    page.goto(QUEUE)
    page.get_by_role("link", name="flagged 493").wait_for()
    page.get_by_label("All on this page").check()
    expect(page.locator("input[name=item]:checked")).to_have_count(50)
    page.locator("input[name=item]").first.uncheck()
    expect(page.get_by_label("All on this page")).not_to_be_checked()


@SCRIPTS
def test_case_from_flag_to_reversed_appeal_is_told_to_everybody(visit, thread, alice, bob, mod, scripts):
    """Bob flags, Mo holds and then removes, Alice appeals, Mia reverses; everybody hears of it, and the log tells."""
    Rules.objects.create(text="## Be kind\n\nAs across a small table.", published_at=timezone.now())
    comment = reply(thread.opening, alice, "You people never listen, do you?")
    options = {"java_script_enabled": scripts}

    page = visit(bob, **options)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.locator(f"#c{comment.pk} .menu").get_by_role("link", name="Flag").click()
    page.get_by_label("It is unkind").check()
    page.get_by_label("Anything a moderator should know").fill("The end of it.")
    page.get_by_role("button", name="Flag it").click()
    page.get_by_text("Thank you. A moderator will look at it.").wait_for()

    mod_client = visit(mod, **options)
    mod_client.goto("/admin/")
    mod_client.get_by_role("link", name="flagged 1").wait_for()
    mod_client.get_by_role("link", name="You people never listen").click()
    mod_client.get_by_text("The end of it.").wait_for()
    decide(mod_client, "Hold", reason="Let me think about it.")
    comment.refresh_from_db()
    assert comment.hidden_at is not None
    # what is held is in the queue still, and here it is the next
    mod_client.goto(QUEUE)
    mod_client.get_by_role("link", name="You people never listen").click()
    mod_client.get_by_label("Rule").select_option("Be kind")
    mod_client.get_by_label("Remove").check()
    mod_client.get_by_label("Reason", exact=True).fill("It is about people, not about what they said.")
    mod_client.get_by_role("button", name="What the author will read").click()
    mod_client.get_by_role("heading", name="What the author will read").wait_for()
    mod_client.get_by_role("button", name="Decide").click()
    mod_client.get_by_text("Nothing is waiting. Thank you").wait_for()

    hers = visit(alice, **options)
    hers.goto("/")
    hers.get_by_role("link", name="A moderator’s decision").click()
    hers.get_by_role("link", name="Your comment was removed.").click()
    hers.get_by_text("It is about people").wait_for()
    hers.get_by_label("Why do you think that this was wrong?").fill("I meant my own family by it.")
    hers.get_by_role("button", name="Send the appeal").click()
    hers.get_by_text("Your appeal is with the moderators.").wait_for()

    second = moderator("Mia Second")
    other = visit(second, **options)
    other.goto("/admin/")
    other.get_by_role("link", name="I meant my own family").click()
    other.get_by_label("It is reversed").check()
    other.get_by_label("What you say to the person").fill("You are right, and it is back.")
    other.get_by_role("button", name="Send the answer").click()
    other.get_by_text("Nothing is waiting. Thank you").wait_for()

    hers.reload()
    hers.get_by_text("You are right, and it is back.").wait_for()
    page.goto(thread.get_absolute_url())
    expect(page.get_by_text("You people never listen")).to_be_visible()
    page.goto("/flags/")
    page.get_by_text("kept the comment").wait_for()
    page.goto("/moderation-log/")
    expect(page.get_by_role("row")).to_have_count(6)
    page.get_by_role("link", name="Be kind").click()
    page.get_by_role("heading", name="Be kind").wait_for()


def decide(mod_client, act, reason):
    """The form of an item, filled in and sent."""
    mod_client.get_by_label(act).check()
    mod_client.get_by_label("Reason", exact=True).fill(reason)
    mod_client.get_by_role("button", name="Decide").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_member_must_read_a_warning_before_the_next_comment(visit, thread, alice, mod, scheme):
    from posts.moderation import sanctions

    sanctions.warn(moderator=mod, person=alice, reason="Please be gentler.")
    page = visit(alice, viewport={"width": 360, "height": 800}, color_scheme=scheme)
    page.goto(f"/c/{thread.opening.pk}/reply/")
    page.get_by_role("link", name="A moderator’s decision").click()
    page.get_by_role("link", name="You were warned.").click()
    page.get_by_text("Please be gentler.").wait_for()
    page.get_by_role("button", name="I have read it").click()
    page.get_by_text("You can write again.").wait_for()


def test_first_comment_is_shown_as_waiting_to_its_author(visit, thread, comment):
    new = person("Nora", trust=0)
    page = visit(new)
    page.goto(thread.get_absolute_url())
    page.get_by_role("link", name="Reply to Alice").click()
    page.get_by_text("A moderator reads your first comments").wait_for()
    page.get_by_label("Your text").fill("I know that pause, and what comes after it.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".waiting")).to_be_focused()
    expect(page.locator(".waiting")).to_contain_text("It is waiting for a moderator")
    page.reload()
    expect(page.locator(".waiting")).to_contain_text("I know that pause")


@SCRIPTS
def test_enter_in_a_claimed_case_does_not_take_it_over(visit, thread, alice, bob, mod, scripts):
    comment = reply(thread.opening, alice)
    flags.flag(comment=comment, person=bob, reason="unkind")
    case, mia = Case.objects.get(), moderator("Mia Second")
    decisions.claim(moderator=mia, case_id=case.pk)
    page = visit(mod, java_script_enabled=scripts)
    page.goto(f"{QUEUE}{case.pk}/change/")
    page.get_by_text("Mia Second has been looking at this").wait_for()
    page.get_by_label("Reason", exact=True).fill("It is unkind.")
    page.get_by_label("Remove", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Mia Second is looking at this.").wait_for()
    case.refresh_from_db()
    assert (case.claimed_by, case.closed_at) == (mia, None)
    page.get_by_role("button", name="Take it over").click()
    yes = page.get_by_role("button", name="Yes, take it over from Mia Second")
    yes.wait_for()
    case.refresh_from_db()
    assert case.claimed_by == mia
    expect(page.get_by_label("Reason", exact=True)).to_have_value("It is unkind.")
    yes.click()
    page.get_by_role("button", name="Take it over").wait_for(state="detached")
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Nothing is waiting. Thank you").wait_for()
    assert LogEntry.objects.get().act == "remove"
