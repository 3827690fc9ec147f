"""Writing: formatting, preview, suggested names, quotes, and accessibility."""

import re

import pytest
from playwright.sync_api import expect

from posts.models import Comment, Draft
from tests.browser.test_every_page import violations
from tests.browser.test_journeys import NEW, SCRIPTS
from tests.factories import WORDS, person, reply

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def open_reply(page, comment):
    """Opens the form below `comment` on its thread's page, and gives its box when it has its tools."""
    page.goto(comment.thread.get_absolute_url())
    page.locator(f"#c{comment.pk} .acts").get_by_role("link", name="Reply").click()
    return box_of(page)


def box_of(page):
    page.get_by_role("toolbar", name="Formatting").wait_for()
    return page.get_by_label("Your text")


def select(box, start, end):
    box.evaluate("(box, [start, end]) => { box.focus(); box.setSelectionRange(start, end); }", [start, end])


def kept(page, words):
    """Waits until this device and the server have `words`; does what is in the block."""
    return page.expect_response(
        lambda answer: answer.url.endswith("/drafts/") and answer.status == 204 and words in answer.request.post_data
    )


# The tools


def test_buttons_and_keys_add_and_remove_formatting(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    box.fill("one two three")
    for keys, name, marked in (
        ("Control+b", "Bold", "one **two** three"),
        ("Control+i", "Italic", "one *two* three"),
        ("Control+k", "Link", "one [two](https://) three"),
        ("Control+Shift+Period", "Quote", "> one two three"),
        ("Control+Shift+Digit8", "List", "- one two three"),
    ):
        select(box, 4, 7)
        page.keyboard.press(keys)
        expect(box).to_have_value(marked)
        page.keyboard.press("Control+z")
        expect(box).to_have_value("one two three")
        select(box, 4, 7)
        page.get_by_role("toolbar").get_by_role("button", name=name).click()
        expect(box).to_have_value(marked)
        expect(box).to_be_focused()
        if name == "Link":
            page.keyboard.type("https://example.org")
            expect(box).to_have_value("one [two](https://example.org) three")
            select(box, 4, 30)
        page.get_by_role("toolbar").get_by_role("button", name=name).click()
        expect(box).to_have_value("one two three")


def test_formatting_of_several_lines_is_added_and_removed_on_each(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    text = "first line\n\n- an item \n> a quote"
    box.fill(text)
    for key, mark in (("b", "**"), ("i", "*")):
        select(box, 0, len(text))
        page.keyboard.press(f"Control+{key}")
        expect(box).to_have_value(f"{mark}first line{mark}\n\n- {mark}an item{mark} \n> {mark}a quote{mark}")
        page.keyboard.press(f"Control+{key}")
        expect(box).to_have_value(text)
    box.fill("one\n\ntwo")
    select(box, 0, 8)
    page.keyboard.press("Control+Shift+Period")
    expect(box).to_have_value("> one\n>\n> two")
    page.keyboard.press("Control+Shift+Period")
    expect(box).to_have_value("one\n\ntwo")
    page.keyboard.press("Control+Shift+Digit8")
    expect(box).to_have_value("- one\n\n- two")
    page.keyboard.press("Control+Shift+Digit8")
    expect(box).to_have_value("one\n\ntwo")


def test_bold_and_italic_are_distinguished_and_apply_to_next_words(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    page.keyboard.press("Control+b")
    page.keyboard.type("so")
    page.keyboard.press("Control+i")
    expect(box).to_have_value("***so***")
    page.keyboard.press("Control+b")
    expect(box).to_have_value("*so*")
    page.keyboard.press("Control+i")
    expect(box).to_have_value("so")
    box.fill("")
    page.keyboard.press("Control+i")
    page.keyboard.press("Control+i")
    expect(box).to_have_value("")


def test_toolbar_is_one_tab_stop_and_arrow_keys_move_in_it(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    page.keyboard.press("Shift+Tab")
    tools = page.get_by_role("toolbar")
    for key, name in (("ArrowRight", "Italic"), ("End", "List"), ("ArrowRight", "Bold"), ("ArrowLeft", "List")):
        page.keyboard.press(key)
        expect(tools.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_have_value("- ")
    expect(box).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(tools.get_by_role("button", name="List")).to_be_focused()


def test_new_line_continues_list_or_quote_and_empty_line_ends_it(visit, comment, bob):
    page = visit(bob, **PHONE)
    box = open_reply(page, comment)
    for begun, gone_on, ended in (
        ("- one", "- one\n- two", "- one\n- two\n\nthree"),
        ("9. one", "9. one\n10. two", "9. one\n10. two\n\nthree"),
        ("> one", "> one\n> two", "> one\n> two\n\nthree"),
        ("> - one", "> - one\n> - two", "> - one\n> - two\n\nthree"),
    ):
        box.fill(begun)
        page.keyboard.press("Enter")
        page.keyboard.type("two")
        expect(box).to_have_value(gone_on)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.keyboard.type("three")
        expect(box).to_have_value(ended)
    box.fill("plain")
    page.keyboard.press("Enter")
    page.keyboard.type("- ")
    expect(box).to_have_value("plain\n- ")
    assert Comment.objects.filter(author=bob).count() == 0


def test_control_enter_sends_comment(visit, comment, bob):
    page = visit(bob)
    open_reply(page, comment)
    page.keyboard.type(NEW)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment", has_text=NEW)).to_be_focused()
    page.goto("/t/new/")
    page.get_by_label("Title").fill("A thread of mine")
    page.get_by_label("Opening post").fill(f"{NEW} And then?")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="A thread of mine")).to_be_visible()


@pytest.mark.parametrize("sizes_itself", [True, False])
def test_text_box_grows_with_text_up_to_most_of_screen(visit, comment, bob, sizes_itself):
    page = visit(bob, **PHONE)
    if not sizes_itself:
        page.add_init_script(
            "const supports = CSS.supports;"
            "CSS.supports = (name, ...rest) => name !== 'field-sizing' && supports(name, ...rest);"
        )
    box = open_reply(page, comment)
    if not sizes_itself:
        box.evaluate("box => { box.style.fieldSizing = 'fixed'; }")
    height = box.bounding_box()["height"]
    box.fill("line\n" * 15)
    grown = box.bounding_box()["height"]
    assert grown > height
    assert box.evaluate("box => box.scrollHeight <= box.clientHeight + 1")
    box.fill("line\n" * 200)
    assert grown < box.bounding_box()["height"] <= 0.8 * 740 + 1


def test_character_count_appears_near_limit_and_equals_count_of_server(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    count = page.locator(".letters")
    box.fill("x" * 17_000)
    box.press("End")
    expect(count).to_be_hidden()
    # a surrogate pair counts as one character, and so does a letter with a combining mark
    box.fill("🙂" * 18_000 + "e\u0301")
    expect(count).to_have_text("Characters left: 1,999")
    box.fill("x" * 20_003 + "\n ")
    expect(count).to_contain_text("Too long by this many characters: 3.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".error-summary")).to_contain_text("This has 20003 characters")
    box_of(page).fill("x" * 17_999)
    expect(count).to_be_hidden()


# The preview


def test_preview_follows_text_and_equals_published_comment(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    button, preview = page.get_by_role("button", name="Preview"), page.get_by_role("region", name="Preview")
    expect(preview).to_be_hidden()
    button.click()
    expect(preview).to_contain_text("There is nothing to show yet.")
    expect(button).to_have_attribute("aria-expanded", "true")
    box.fill("Somebody **remained**:\n> although\n\n- once\n- twice <b>x</b>")
    expect(preview.locator("strong")).to_have_text("remained")
    shown = preview.locator(".words").inner_html()
    button.click()
    expect(preview).to_be_hidden()
    page.get_by_role("button", name="Send reply").click()
    made = page.locator(".comment", has_text="remained")
    expect(made).to_be_focused()
    assert made.locator(".words").inner_html() == shown
    assert "<ul>" in shown


def test_earlier_preview_does_not_replace_later_one_and_lost_connection_is_reported(visit, comment, bob):
    page = visit(bob)
    box = open_reply(page, comment)
    first = []
    page.route("**/preview/", lambda route: first.append(route) if not first else route.continue_())
    box.fill("The first words.")
    page.get_by_role("button", name="Preview").click()
    with page.expect_event("requestfailed"):
        box.fill("The second words.")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("The second words.")
    page.unroute("**/preview/")
    page.route("**/preview/", lambda route: route.abort())
    visit.expected = "Failed to load resource"
    box.fill("The third words.")
    expect(preview).to_contain_text("cannot be shown at the moment")
    expect(box).to_have_value("The third words.")


def test_preview_without_scripts_is_page_with_text(visit, comment, bob):
    page = visit(bob, java_script_enabled=False)
    page.goto(f"/c/{comment.pk}/reply/")
    page.get_by_label("Your text").fill("Somebody **stayed** with me.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("stayed")
    assert Comment.objects.filter(author=bob).count() == 0
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".comment strong")).to_have_text("stayed")


# Names and quotes


def test_names_on_page_are_suggested_after_at_sign(visit, thread, comment, alice, bob):
    reply(comment, person("Alba Longa"))
    reply(comment, bob)
    page = visit(bob)
    box = open_reply(page, comment)
    names = page.get_by_role("listbox", name="Names in this conversation")
    page.keyboard.type("Dear @a")
    expect(names.get_by_role("option")).to_have_text(["Alice", "Alba Longa"])
    expect(box).to_have_attribute("aria-activedescendant", names.get_by_role("option").first.get_attribute("id"))
    page.keyboard.press("ArrowDown")
    expect(names.get_by_role("option", name="Alba Longa")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Dear @Alba Longa ")
    expect(names).to_be_hidden()
    # by the second word of the name, by key, by touch; Escape closes the list and not the form
    page.keyboard.type("and @lon")
    expect(names.get_by_role("option")).to_have_text(["Alba Longa"])
    page.keyboard.press("Escape")
    expect(names).to_be_hidden()
    expect(box).to_be_focused()
    page.keyboard.type("g")
    page.keyboard.press("Tab")
    expect(box).to_have_value("Dear @Alba Longa and @Alba Longa ")
    page.keyboard.type("@al")
    names.get_by_role("option", name="Alice").click()
    expect(box).to_have_value("Dear @Alba Longa and @Alba Longa @Alice ")
    expect(box).to_be_focused()
    for text in ("@bo", "x@ali", "@1", "@nobody"):
        box.fill("")
        page.keyboard.type(text)
        expect(names).to_be_hidden()


def test_reply_page_suggests_name_of_author_above(visit, comment, bob):
    page = visit(bob)
    page.goto(f"/c/{comment.pk}/reply/")
    box_of(page).focus()
    page.keyboard.type("@al")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your text")).to_have_value("@Alice ")


def select_words(page, selector):
    page.locator(selector).evaluate("words => getSelection().selectAllChildren(words)")


def test_selected_words_are_quoted_in_reply(visit, thread, comment, alice, bob):
    other = reply(thread.opening, alice, source="Another *voice* altogether.\n\nIn two parts.")
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    select_words(page, f"#c{comment.pk} .words")
    quote = page.get_by_role("button", name="Quote")
    words, button = page.locator(f"#c{comment.pk} .words").bounding_box(), quote.bounding_box()
    assert button["y"] >= words["y"] + words["height"] - 8
    quote.click()
    box = box_of(page)
    expect(box).to_have_value(f"Alice wrote:\n\n> {WORDS}\n\n")
    page.keyboard.type("Yes.")
    # the form that is open takes what is quoted from elsewhere, at the caret; the key does it, too
    page.locator(f"#c{other.pk}").focus()
    page.locator(f"#c{other.pk} .words p").last.click(click_count=3)
    expect(page.locator(f"#c{other.pk} .quote-button")).to_be_visible()
    page.locator(f"#c{other.pk}").focus()
    select_words(page, f"#c{other.pk} .words")
    page.locator(".quote-button").wait_for()
    page.keyboard.press("q")
    second = "Alice wrote:\n\n> Another *voice* altogether.\n>\n> In two parts.\n\n"
    expect(box).to_have_value(f"Alice wrote:\n\n> {WORDS}\n\nYes.\n\n{second}")
    expect(box).to_be_focused()
    expect(page.locator("form.reply-form")).to_have_count(1)
    expect(page.locator(".quote-button")).to_have_count(0)


def test_opening_post_is_quoted_on_page_of_form(visit, thread, bob):
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    select_words(page, ".opening .words")
    page.get_by_role("button", name="Quote").click()
    expect(page.get_by_role("heading", name="Write a comment")).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_value(f"The blogger wrote:\n\n> {WORDS}\n\n")


@SCRIPTS
def test_comment_at_top_of_branch_page_is_replied_to_and_quoted_on_page_of_form(visit, comment, bob, scripts):
    page = visit(bob, java_script_enabled=scripts)
    page.goto(f"/c/{comment.pk}/branch/")
    page.locator(f"#c{comment.pk} .acts").get_by_role("link", name="Reply").click()
    expect(page.get_by_role("heading", name="Reply to Alice")).to_be_visible()
    page.goto(f"/c/{comment.pk}/branch/")
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.get_by_role("link", name="Quote").click()
    expect(page.get_by_role("heading", name="Reply to Alice")).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_value(f"Alice wrote:\n\n> {WORDS}\n\n")


def test_quoted_signs_of_markdown_stay_as_they_were_shown(visit, thread, bob, alice):
    source = "1986\\. It was \\*so\\* bad \\[a](b) snake_case 5*3 `` a`b ``"
    comment = reply(thread.opening, alice, source=source)
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.get_by_role("link", name="Quote").click()
    quoted = "1986\\. It was \\*so\\* bad \\[a\\](b) snake_case 5*3 `` a`b ``"
    expect(box_of(page)).to_have_value(f"Alice wrote:\n\n> {quoted}\n\n")


SAID = "> Carol said so\n\nI say:\n\n3. three *things*\n4. and a [link](https://example.org/)\n   - inside"


@SCRIPTS
def test_whole_comment_is_quoted_with_name_nested_quotes_and_numbers(visit, thread, bob, scripts):
    comment = reply(thread.opening, person("Anna *B*"), source=SAID)
    page = visit(bob, java_script_enabled=scripts)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.get_by_role("link", name="Quote").click()
    box = page.get_by_label("Your text")
    lines = [f"> {line}".rstrip() for line in SAID.split("\n")]
    expect(box).to_have_value("\n".join(["Anna \\*B\\* wrote:", "", *lines, "", ""]))


def test_selection_in_list_is_quoted_with_its_numbers(visit, thread, bob, alice):
    comment = reply(thread.opening, alice, source="1. one\n2. two\n3. three")
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk} ol").evaluate(
        "list => getSelection().setBaseAndExtent(list.children[1].firstChild, 0, list.children[2].firstChild, 3)"
    )
    page.get_by_role("button", name="Quote").click()
    expect(box_of(page)).to_have_value("Alice wrote:\n\n> 2. two\n> 3. thr\n\n")


def test_abandoned_quote_leaves_no_draft(visit, thread, comment, bob):
    page = visit(bob)
    page.goto(thread.get_absolute_url())
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.get_by_role("link", name="Quote").click()
    expect(box_of(page)).to_have_value(re.compile("Alice wrote"))
    page.goto("/drafts/")
    expect(page.get_by_text("Alice wrote")).to_have_count(0)
    page.goto(thread.get_absolute_url())
    expect(page.get_by_text("You have an unfinished reply")).to_have_count(0)
    page.locator(f"#c{comment.pk} .acts").get_by_role("link", name="Reply").click()
    expect(box_of(page)).to_have_value("")
    assert not Draft.objects.exists()
    # with a word of one's own it is kept
    page.locator(f"#c{comment.pk} .menu summary").click()
    page.get_by_role("link", name="Quote").click()
    expect(box_of(page)).to_have_value(re.compile("Alice wrote"))
    with page.expect_response("**/drafts/"):
        page.keyboard.type("Mine.")
    page.reload()
    page.get_by_role("link", name="Continue writing").click()
    expect(page.get_by_label("Your text")).to_have_value(re.compile("Alice wrote.*Mine", re.S))


def test_quote_is_not_offered_in_locked_thread(visit, thread, comment, bob):
    thread.locked_at = thread.created_at
    thread.version += 1
    thread.save()
    page = visit(bob, fresh=True)
    page.goto(thread.get_absolute_url())
    page.clock.install()
    select_words(page, f"#c{comment.pk} .words")
    # the script is loaded and has had time to run
    page.evaluate("() => import('/static/js/quote.js').then(() => 0)")
    page.clock.run_for(1_000)
    expect(page.locator(".quote-button")).to_have_count(0)


# Accessibility and size


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_open_editor_has_no_accessibility_violations(visit, comment, bob, width, scheme):
    page = visit(bob, viewport={"width": width, "height": 800}, color_scheme=scheme)
    box = open_reply(page, comment)
    page.get_by_role("button", name="Preview").click()
    box.fill("**x** " + "word " * 3_700)
    expect(page.locator(".letters")).to_be_visible()
    expect(page.get_by_role("region", name="Preview").locator("strong").first).to_be_visible()
    box.press("Control+End")
    with kept(page, "@a"):
        page.keyboard.type("\n@a")
    expect(page.get_by_role("option", name="Alice")).to_be_visible()
    assert violations(page) == []
    page.goto(f"/c/{comment.pk}/reply/")
    page.get_by_text("This is your draft").wait_for()
    assert violations(page) == []
    page.goto("/drafts/")
    assert violations(page) == []
    page.goto(comment.thread.get_absolute_url())
    page.locator(".unfinished").wait_for()
    select_words(page, f"#c{comment.pk} .words")
    page.locator(".quote-button").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 360])
def test_editor_fits_screen_and_its_buttons_are_large_enough(visit, comment, bob, width):
    page = visit(bob, viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    box = open_reply(page, comment)
    box.fill("unbroken" * 2_300)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("region", name="Preview").get_by_text("unbroken").wait_for()
    box.press("Control+End")
    with kept(page, "@a"):
        page.keyboard.type(" @a")
    page.locator(".names li").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for target in (*page.get_by_role("toolbar").get_by_role("button").all(), page.locator(".names li").first):
        assert target.bounding_box()["height"] >= 44
    page.reload()
    select_words(page, f"#c{comment.pk} .words")
    button = page.get_by_role("button", name="Quote").bounding_box()
    assert button["height"] >= 44
    assert button["x"] + button["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/drafts/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reader_does_not_load_editor(visit, thread, comment, bob):
    page = visit(bob)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(thread.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith(("editor.js", "drafts.js", "quote.js", "marks.js", "mention.js"))]
    assert len([url for url in asked if not url.startswith("data:")]) <= 8
