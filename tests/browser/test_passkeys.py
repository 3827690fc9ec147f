"""Why a passkey was not used is said on the page."""

import re

from playwright.sync_api import expect

from tests.signing_in import sign_in_just_now


def with_authenticator(page, **options):
    """Give the browser of `page` a passkey device without a screen."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    } | options
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def at_localhost(live_server):
    return live_server.url.replace("127.0.0.1", "localhost")


def test_passkey_at_an_address_of_numbers_is_explained(visit, live_server):
    page = visit(fresh=True)
    page.goto(live_server.url.replace("localhost", "127.0.0.1") + "/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("by its name")


def test_failures_of_a_passkey_are_said_and_it_works_afterwards(visit, live_server, alice):
    page = visit(fresh=True)
    page.goto(at_localhost(live_server) + "/account/login/")
    with_authenticator(page)
    failure = page.locator("#passkey_failure")
    expect(failure).to_be_empty()
    button = page.get_by_role("button", name="Sign in with a passkey")
    button.click()
    expect(failure).to_contain_text("Nothing has changed")
    page.route(re.compile("/webauthn/"), lambda route: route.abort())
    visit.expected = "ERR_FAILED"
    button.click()
    expect(failure).to_contain_text("Check your connection")


def test_key_that_is_added_twice_is_explained(visit, live_server, alice, client):
    page = visit(fresh=True)
    sign_in_just_now(client, alice)
    page.context.add_cookies(
        [{"name": "session", "value": client.cookies["session"].value, "url": at_localhost(live_server)}]
    )
    page.goto(at_localhost(live_server) + "/account/")
    with_authenticator(page)
    for name in ("One", "Two"):
        page.goto(at_localhost(live_server) + "/account/2fa/webauthn/add/")
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Add it").click()
        if name == "One":
            expect(page).not_to_have_url(re.compile("webauthn/add"))
    expect(page.get_by_role("alert")).to_contain_text("already")
