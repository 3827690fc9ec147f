"""Reading a long thread: folding, moving by keys and buttons, new comments, arrivals, and links back."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import expect

from posts.models import Comment, Reading
from posts.models.reading import AWAY, LEAST_PAUSE
from tests.browser.test_journeys import NEW, SCRIPTS, in_view
from tests.factories import WORDS, person, reply


@pytest.fixture
def talk(thread, alice, bob):
    """Two branches: one of four comments that branches, one of two; and a comment on its own."""
    one = reply(thread.opening, alice)
    two, three = reply(one, bob), reply(one, alice)
    four = reply(two, alice)
    five = reply(thread.opening, bob)
    six = reply(five, alice)
    return [one, two, four, three, five, six, reply(thread.opening, alice)]


def focused(page):
    return page.evaluate("document.activeElement.id")


def come_back(page, thread, reader):
    """`reader` has been here before, and was away long enough for another visit."""
    page.goto(thread.get_absolute_url())
    seen = Reading.objects.get(person=reader)
    seen.seen_at -= AWAY + LEAST_PAUSE
    seen.save()


@SCRIPTS
def test_folded_branch_shows_number_of_replies_and_opens(visit, thread, talk, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    summary = page.locator(f"#b{talk[0].pk} > .branch > summary")
    expect(summary).to_have_text("3 replies")
    summary.click()
    expect(page.locator(f"#c{talk[3].pk}")).to_be_hidden()
    expect(page.locator(f"#c{talk[0].pk}")).to_be_visible()
    page.reload()
    if scripts:
        # remembered on this device
        expect(page.locator(f"#c{talk[3].pk}")).to_be_hidden()
        summary.click()
        page.reload()
    expect(page.locator(f"#c{talk[3].pk}")).to_be_visible()


def test_branch_folded_by_member_is_folded_on_every_device(visit, thread, talk, bob):
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    with page.expect_response("**/fold/"):
        page.locator(f"#b{talk[0].pk} > .branch > summary").click()
    assert Reading.objects.get(person=bob).folded == [talk[0].pk]
    other = visit(bob, java_script_enabled=False)
    other.goto(thread.get_absolute_url())
    expect(other.locator(f"#c{talk[1].pk}")).to_be_hidden()
    # a link into a folded branch opens it
    other.goto(f"/c/{talk[1].pk}/")
    expect(other.locator(f"#c{talk[1].pk}")).to_be_visible()


def test_keys_move_between_comments(visit, thread, talk, bob):
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    one, two, four, _three, five, six, seven = (f"c{comment.pk}" for comment in talk)
    page.locator(f"#{one}").focus()
    for key, where in [("j", two), ("j", four), ("k", two), ("p", one), ("b", five), ("j", six), ("p", five)]:
        page.keyboard.press(key)
        assert focused(page) == where, key
    page.keyboard.press("b")
    assert focused(page) == seven
    page.locator(f"#{one}").focus()
    page.keyboard.press("c")
    expect(page.locator(f"#{two}")).to_be_hidden()
    # folded comments are skipped
    page.keyboard.press("j")
    assert focused(page) == five
    page.keyboard.press("r")
    expect(page.get_by_label("Your text")).to_be_focused()
    page.keyboard.type("jkpbncr? are letters here")
    expect(page.get_by_label("Your text")).to_have_value("jkpbncr? are letters here")


def test_list_of_keys_opens_closes_and_turns_keys_off(visit, thread, talk):
    page = visit()
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{talk[0].pk}").focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert focused(page) == f"c{talk[0].pk}"
    page.get_by_role("navigation", name="Move through the comments").get_by_role(
        "button", name="Keyboard shortcuts"
    ).click()
    sheet.get_by_role("button", name="next comment").click()
    expect(sheet).to_be_hidden()
    assert focused(page) == f"c{talk[1].pk}"
    page.keyboard.press("?")
    sheet.get_by_label("Turn on keyboard shortcuts").uncheck()
    sheet.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert focused(page) == f"c{talk[1].pk}"
    page.reload()
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()


def test_buttons_move_to_parent_and_next_branch(visit, thread, talk):
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(f"{thread.get_absolute_url()}#c{talk[0].pk}")
    bar = page.get_by_role("navigation", name="Move through the comments")
    page.locator(f"#c{talk[2].pk}").focus()
    bar.get_by_role("button", name="Up to parent").click()
    assert focused(page) == f"c{talk[1].pk}"
    bar.get_by_role("button", name="Next conversation").click()
    assert focused(page) == f"c{talk[4].pk}"
    assert in_view(page, f"#c{talk[4].pk}")


@SCRIPTS
def test_new_comments_are_counted_and_can_be_marked_read(visit, thread, talk, alice, bob, scripts):
    page = visit(bob, java_script_enabled=scripts)
    come_back(page, thread, bob)
    new = [reply(talk[0], alice), reply(talk[4], alice)]
    page.goto(thread.get_absolute_url())
    expect(page.get_by_text("2 new since your last visit")).to_be_visible()
    if scripts:
        onward = page.get_by_role("button", name="Next new")
        onward.click()
    else:
        onward = page.locator(f"#c{new[0].pk}").get_by_role("link", name="next new")
        page.get_by_role("link", name="First new").click()
    expect(page.locator(f"#c{new[0].pk}")).to_be_focused()
    onward.click()
    expect(page.locator(f"#c{new[1].pk}")).to_be_focused()
    if scripts:
        page.keyboard.press("m")
        assert focused(page) == f"c{new[0].pk}"
        page.keyboard.press("n")
        assert focused(page) == f"c{new[1].pk}"
    page.reload()
    expect(page.locator(".byline .tag-new")).to_have_count(2)
    page.get_by_role("button", name="Mark read").click()
    expect(page.locator(".tag-new")).to_have_count(0)
    assert page.url.endswith(thread.get_absolute_url())


def test_key_for_next_new_comment_continues_on_other_pages(visit, thread, alice, bob, settings):
    settings.COMMENTS_PER_PAGE = 2
    old = [reply(thread.opening, alice) for _ in range(6)]
    page = visit(bob)
    come_back(page, thread, bob)
    late = reply(old[5], alice)
    early = reply(old[0], alice)
    page.goto(thread.get_absolute_url())
    page.keyboard.press("n")
    assert focused(page) == f"c{early.pk}"
    page.keyboard.press("n")
    expect(page.locator(f"#c{late.pk}")).to_be_focused()


def test_new_replies_move_nothing_until_reader_asks_for_them(visit, thread, alice, bob):
    comments = [reply(thread.opening, alice) for _ in range(12)]
    page = visit(bob, viewport={"width": 360, "height": 640}, fresh=True)
    page.clock.install()
    page.goto(thread.get_absolute_url())
    here = page.locator(f"#c{comments[6].pk}")
    here.scroll_into_view_if_needed()
    here.evaluate("element => element.scrollIntoView({block: 'start'})")
    above, below = reply(comments[1], alice, source=NEW), reply(comments[7], alice)
    last = reply(thread.opening, alice)
    before = here.bounding_box()["y"]
    with page.expect_response("**/arrivals/**"):
        page.clock.fast_forward(61_000)
    pill = page.get_by_role("button", name="3 new replies")
    expect(pill).to_be_visible()
    assert here.bounding_box()["y"] == before
    pill.click()
    for comment, parent in ((above, comments[1]), (below, comments[7])):
        expect(page.locator(f"#b{parent.pk} > .branch > ol > #b{comment.pk}")).to_have_count(1)
    expect(page.locator(f"#tree > ol > #b{last.pk}:last-child")).to_have_count(1)
    expect(page.locator(f"#c{above.pk}")).to_be_focused()
    expect(page.locator(f"#c{above.pk}")).to_be_in_viewport()
    expect(pill).to_be_hidden()
    expect(page.locator(f"#c{above.pk} .tag-new")).to_have_count(1)
    # new replies can be answered in place
    page.locator(f"#c{above.pk} .acts").get_by_role("link", name="Reply").click()
    expect(page.get_by_label("Your text")).to_be_focused()


def test_polling_slows_down_and_stops_on_hidden_page(visit, thread, talk):
    page = visit(fresh=True)
    page.clock.install()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/arrivals/" in request.url else None)
    page.goto(thread.get_absolute_url())
    pauses = []
    for number in range(6):
        with page.expect_response("**/arrivals/**"):
            pauses.append(0)
            while len(asked) == number and pauses[-1] < 40:
                page.clock.run_for(10_000)
                pauses[-1] += 1
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]
    quiet = len(asked)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(3_600_000)
    assert len(asked) == quiet


@SCRIPTS
def test_more_replies_open_in_place_or_on_page_with_link_back(visit, thread, alice, bob, settings, scripts):
    settings.COMMENTS_PER_PAGE = 20
    root = reply(thread.opening, alice)
    many = [reply(root, bob) for _ in range(40)]
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.get_by_role("link", name="35 more replies").click()
    if scripts:
        expect(page.locator(f"#c{many[5].pk}")).to_be_focused()
        page.get_by_role("link", name="More replies").click()
        expect(page.locator(f"#c{many[25].pk}")).to_be_focused()
        expect(page.locator(f"#b{root.pk} > .branch > ol > li")).to_have_count(40)
        expect(page.locator(".more")).to_have_count(0)
    else:
        expect(page.locator(f"#c{root.pk}")).to_contain_text(WORDS)
        expect(page.locator(f"#c{many[5].pk}")).to_be_visible()
        page.get_by_role("link", name="Back to the whole conversation").click()
        expect(page.locator(f"#c{root.pk}")).to_be_focused()
        assert in_view(page, f"#c{root.pk}")
        assert re.search(rf"#c{root.pk}$", page.url)


def test_sign_in_returns_to_comment_on_screen(visit, thread, alice, bob):
    bob.set_password("a long password for bob")
    bob.save()
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    comments = [reply(thread.opening, alice) for _ in range(15)]
    page = visit()
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comments[12].pk}").evaluate("element => element.scrollIntoView({block: 'start'})")
    page.locator(".masthead").get_by_role("link", name="Sign in").evaluate("link => link.click()")
    page.wait_for_url("**/account/login/**")
    page.get_by_text("Sign in with a password").click()
    page.locator("details").get_by_label("E-mail address").fill(bob.email)
    page.locator("details").get_by_label("Password").fill("a long password for bob")
    page.locator("details").get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{thread.get_absolute_url()}#c*")
    assert in_view(page, f"#c{comments[12].pk}")


@SCRIPTS
def test_same_button_marks_and_unmarks_helpful_comment(visit, thread, talk, bob, scripts):
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    button = page.locator(f"#c{talk[2].pk}").get_by_role("button", name="Helped me")
    expect(button).to_have_attribute("aria-pressed", "false")
    for pressed, count in (("true", 1), ("false", 0)):
        button.click()
        expect(button).to_have_attribute("aria-pressed", pressed)
        assert Comment.objects.get(pk=talk[2].pk).helpful_count == count
        expect(page.locator(f"#h{talk[2].pk}")).to_have_text("helped a reader" if count else "")
    if scripts:
        expect(button).to_be_focused()


@SCRIPTS
def test_helpful_mark_over_limit_shows_reason(visit, thread, talk, bob, scripts, settings):
    limit = "1 per hour"
    settings.LIMITS = {"helpful": dict.fromkeys(("first day", "new", "member", "trusted", "staff"), limit)}
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    first, second = (page.locator(f"#c{talk[number].pk}").get_by_role("button", name="Helped me") for number in (2, 3))
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    second.click()
    if scripts:
        expect(page.locator(f"#h{talk[3].pk}")).to_contain_text("That was too much at once")
        expect(second).to_have_attribute("aria-pressed", "false")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
    else:
        expect(page.get_by_role("heading", name="A little slower, please")).to_be_visible()


@SCRIPTS
def test_visitor_who_marks_comment_helpful_is_asked_to_sign_in(visit, thread, talk, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{talk[2].pk}").get_by_role("button", name="Helped me").click()
    page.wait_for_url(f"**/account/login/?next=/c/{talk[2].pk}/helpful/")


@pytest.mark.parametrize("width", [320, 640])
def test_deepest_comment_has_28_characters_a_line(visit, thread, alice, bob, width):
    """320 px is a small phone; 640 px is what is left of 1280 px at 200 %."""
    parent = reply(thread.opening, alice)
    for _level in range(9):
        parent = reply(parent, bob)
    long = "What I learned is that somebody can stay although they know how it went before. " * 4
    deepest = reply(parent, alice, source=long)
    page = visit(viewport={"width": width, "height": 800})
    page.goto(f"/c/{deepest.pk}/")
    width_of_letter = (
        "element => { const range = document.createRange(); element.style.whiteSpace = 'nowrap'; "
        "range.selectNodeContents(element); const width = range.getBoundingClientRect().width; "
        "element.style.whiteSpace = ''; return width / element.textContent.length; }"
    )
    words = page.locator(f"#c{deepest.pk} .words p")
    room = words.bounding_box()["width"]
    assert room / words.evaluate(width_of_letter) >= 28
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(f"#c{deepest.pk} .re")).to_contain_text("Bob")


@pytest.mark.parametrize(("width", "step", "most"), [(360, 12, 4), (640, 16, 6), (1280, 24, 10)])
def test_each_reply_is_indented_by_one_step_up_to_the_greatest_indent(visit, thread, alice, width, step, most):
    comments = [reply(thread.opening, alice)]
    for _level in range(13):
        comments.append(reply(comments[-1], alice))
    page = visit(viewport={"width": width, "height": 800})
    page.goto(thread.get_absolute_url())
    left = [page.locator(f"#c{comment.pk}").bounding_box()["x"] for comment in comments]
    assert [x - left[0] for x in left] == [step * min(level, most) for level in range(14)]
    # where the indent ends, the first words of the parent are shown as well
    quotes = [page.locator(f"#c{comment.pk} .re q") for comment in comments]
    shown = [quote.is_visible() for quote in quotes]
    assert shown == [level > most for level in range(14)]
    # the line beside a branch closes it without scripts
    page = visit(viewport={"width": width, "height": 800}, java_script_enabled=False)
    page.goto(thread.get_absolute_url())
    branch = page.locator(f"#b{comments[0].pk} > .branch")
    branch.scroll_into_view_if_needed()
    branch.evaluate("element => element.scrollIntoView()")
    page.mouse.click(branch.bounding_box()["x"] + 1, 300)
    expect(branch).not_to_have_attribute("open", "")


@pytest.mark.parametrize("scripts", [True, False])
def test_later_reply_names_its_parent_and_quotes_first_words(visit, thread, alice, bob, scripts):
    root = reply(thread.opening, alice, source="> What somebody else said\n\nHow it began, in *my* words.")
    first, second = reply(root, bob), reply(root, bob)
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    assert page.locator(f"#c{first.pk} .re").text_content() == "in reply to Alice"
    link = page.locator(f"#c{second.pk} .re")
    assert link.text_content() == "in reply to AliceHow it began, in my words."
    link.click()
    expect(page.locator(f"#c{root.pk}")).to_be_focused()


def test_layout_does_not_shift_while_page_loads(visit, thread, talk):
    page = visit(viewport={"width": 360, "height": 740})
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) "
        "if (!entry.hadRecentInput) window.moved += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    page.goto(thread.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.moved") == 0


def test_page_loads_at_most_eight_files(visit, thread, talk):
    page = visit()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(thread.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert len([url for url in asked if not url.startswith("data:")]) <= 8, asked


def test_marks_of_new_comments_are_removed_on_next_visit(visit, thread, talk, alice, bob):
    page = visit(bob)
    come_back(page, thread, bob)
    reply(talk[0], alice)
    page.goto(thread.get_absolute_url())
    expect(page.locator(".byline .tag-new")).to_have_count(1)
    Reading.objects.filter(person=bob).update(seen_at=Reading.objects.get(person=bob).seen_at - LEAST_PAUSE)
    page.reload()
    expect(page.locator(".byline .tag-new")).to_have_count(1)
    seen = Reading.objects.get(person=bob)
    Reading.objects.update(seen_at=seen.seen_at - AWAY - timedelta(seconds=1))
    page.reload()
    expect(page.locator(".tag-new")).to_have_count(0)


def test_each_reader_has_own_marks_of_new_comments(visit, thread, talk, alice):
    carol, dave = person("Carol"), person("Dave")
    pages = {somebody: visit(somebody) for somebody in (carol, dave)}
    come_back(pages[carol], thread, carol)
    reply(talk[0], alice)
    for somebody, count in ((carol, 1), (dave, 0)):
        pages[somebody].goto(thread.get_absolute_url())
        expect(pages[somebody].locator(".byline .tag-new")).to_have_count(count)


@SCRIPTS
def test_chosen_look_stays_and_page_does_not_scroll(visit, thread, talk, scripts):
    page = visit(java_script_enabled=scripts, color_scheme="light")
    page.goto(thread.get_absolute_url())
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    button = page.get_by_role("group", name="Theme").get_by_role("button", name="Dark")
    button.scroll_into_view_if_needed()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(paper) != light
    if scripts:
        expect(button).to_be_focused()
    page.goto("/help/")
    assert page.evaluate(paper) != light


@SCRIPTS
def test_branch_cut_in_depth_shows_its_replies_when_opened(visit, thread, alice, bob, settings, scripts):
    settings.COMMENTS_PER_PAGE = 6
    root = reply(thread.opening, alice)
    fifth = [reply(root, alice) for _ in range(40)][4]
    below = reply(fifth, bob)
    page = visit(java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#b{fifth.pk} > .branch > summary").click()
    if not scripts:
        page.get_by_role("link", name="Show 1 reply to Alice").click()
    expect(page.locator(f"#c{below.pk} .words")).to_be_visible()


def test_opened_replies_stay_open_on_back_and_reload(visit, thread, alice, bob, settings):
    settings.COMMENTS_PER_PAGE = 6
    root = reply(thread.opening, alice)
    many = [reply(root, bob) for _ in range(60)]
    page = visit()
    page.goto(thread.get_absolute_url())
    more = page.get_by_role("link", name=re.compile("Show (.+ )?more replies"))
    for _ in range(2):
        with page.expect_response("**/branch/**"):
            more.click()
    last = page.locator("#tree > ol > li > .branch > ol > li:not(.more)").last.get_attribute("id")
    assert last == f"b{many[16].pk}"
    page.locator(f"#{last} .when").scroll_into_view_if_needed()
    seen = page.evaluate("scrollY")
    for go in (page.reload, lambda: (page.goto("/rules/"), page.go_back())):
        go()
        expect(page.locator(f"#{last}")).to_be_in_viewport()
        page.wait_for_function("seen => Math.abs(scrollY - seen) < 5", arg=seen)


def test_menu_of_comment_copies_link_and_closes(visit, thread, alice, bob):
    first, second = reply(thread.opening, alice), reply(thread.opening, bob)
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto(thread.get_absolute_url())
    menus = [page.locator(f"#c{comment.pk} .menu") for comment in (first, second)]
    menus[0].locator("summary").click()
    menus[0].get_by_role("button", name="Copy link").click()
    expect(menus[0].get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/c/{first.pk}/")
    menus[1].locator("summary").press("Enter")
    expect(menus[0]).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menus[1]).not_to_have_attribute("open", "")
    expect(menus[1].locator("summary")).to_be_focused()
    menus[1].locator("summary").click()
    page.mouse.click(5, 5)
    expect(menus[1]).not_to_have_attribute("open", "")


def test_bar_leaves_while_reader_scrolls_down_and_is_only_in_tree(visit, thread, alice):
    for _ in range(12):
        reply(thread.opening, alice)
    page = visit(viewport={"width": 360, "height": 640})
    page.goto(thread.get_absolute_url())
    bar = page.get_by_role("navigation", name="Move through the comments")
    expect(bar).not_to_be_in_viewport()
    bar.scroll_into_view_if_needed()
    page.mouse.move(100, 300)
    page.mouse.wheel(0, 900)
    expect(page.locator(".walk.away")).to_have_count(1)
    page.mouse.wheel(0, -60)
    expect(bar).to_be_in_viewport()
    assert bar.bounding_box()["y"] == 0
    # a jump keeps it, so that a second press needs no scrolling
    bar.get_by_role("button", name="Next conversation").click()
    expect(bar).to_be_in_viewport()
    # with large text, or on a low screen, it stays in its place
    page.set_viewport_size({"width": 360, "height": 400})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(bar).not_to_be_in_viewport()


@pytest.mark.parametrize("is_member", [False, True])
def test_post_is_closed_for_readers_who_come_back(visit, thread, talk, bob, is_member):
    page = visit(bob if is_member else None, fresh=True)
    page.goto(thread.get_absolute_url())
    post = page.locator(".post .words")
    expect(post).to_be_visible()
    expect(page.get_by_text("Hide the post")).to_be_hidden()
    page.locator(".lanes").scroll_into_view_if_needed()
    page.reload() if is_member else page.goto("/rules/")
    if is_member:
        expect(post).to_be_visible()
        come_back(page, thread, bob)
    page.goto(thread.get_absolute_url())
    expect(post).to_be_hidden()
    page.get_by_text("Show the post").click()
    expect(post).to_be_visible()
    page.get_by_text("Hide the post").click()
    expect(post).to_be_hidden()
