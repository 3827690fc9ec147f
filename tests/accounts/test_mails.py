"""Mails in the look of the forum: the plain text first, and the same words in HTML."""

import re

import pytest
from django.core import mail

from forum.mail import blocks_of, in_our_look
from tests.accounts.people import PASSWORD, member
from tests.outbox import sent


def parts_of(message):
    """(plain text, HTML) of a mail that has both."""
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return message.body, html


def test_sign_in_code_is_in_text_and_html_of_mail(client, db):
    member()
    client.post("/account/login/code/", {"email": "alice@example.org"})
    text, html = parts_of(sent()[-1])
    code = re.search(r"^ {4}(\S+)$", text, re.M).group(1)
    assert f'<p class="code">{code}</p>' in html
    assert "http://" not in re.sub(r"<a [^>]*>", "", html), "nothing is fetched from anywhere"
    assert "<img" not in html


def test_html_in_names_is_escaped_in_mail():
    blocks = blocks_of(
        "Hello <b>Alice</b> & all,\nsee https://forum.example/c/1/?a=1&b=2\n\n    <CODE>\n\n-- \n<i>Us</i>"
    )
    assert blocks == [
        (
            "",
            "Hello &lt;b&gt;Alice&lt;/b&gt; &amp; all, see "
            '<a href="https://forum.example/c/1/?a=1&amp;b=2">https://forum.example/c/1/?a=1&amp;b=2</a>',
        ),
        ("code", "&lt;CODE&gt;"),
        ("sign", "&lt;i&gt;Us&lt;/i&gt;"),
    ]


def test_name_that_looks_like_domain_is_no_link_in_mail():
    assert blocks_of("www.elsewhere.example and elsewhere.com say hello.") == [
        ("", "www.elsewhere.example and elsewhere.com say hello.")
    ]


def test_link_in_mail_ends_before_full_stop():
    assert blocks_of("At https://forum.example/c/1/?a=1.")[0][1].endswith('?a=1">https://forum.example/c/1/?a=1</a>.')


def test_mail_in_development_is_on_console_and_in_file(settings, tmp_path, capsys):
    settings.EMAIL_FILE_PATH = tmp_path
    mail.get_connection("forum.mail.LaptopBackend").send_messages(
        [in_our_look(mail.EmailMessage("Your code", "Here:\n\n    ABCD-EFGH\n", "a@example.org", ["b@example.org"]))]
    )
    shown = capsys.readouterr().out
    assert "\n    ABCD-EFGH\n" in shown
    assert "<p" not in shown
    (kept,) = tmp_path.iterdir()
    assert '<p class="code">ABCD-EFGH</p>' in kept.read_text()


@pytest.mark.parametrize("text", ["", "\n\n", "one line"])
def test_shortest_mail_is_one_paragraph(text):
    assert blocks_of(text) == [("", text.strip())]


@pytest.mark.parametrize("agent", ["http://[x", "http://testserver/", "https://[::1", "\u2100"])
def test_strange_user_agent_does_not_stop_a_change_of_the_password(client, db, agent):
    client.force_login(member(password=PASSWORD))
    fresh = "another walk in the snow"
    data = {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    answer = client.post("/account/password/change/", data, headers={"User-Agent": agent})
    assert answer.status_code == 302
    assert sent()[-1].subject == "Your password was changed"
