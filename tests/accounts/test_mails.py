"""Mails in the look of the forum: the plain text first, and the same words in HTML."""

import re

import pytest
from django.core import mail

from forum.mail import blocks_of
from tests.accounts.people import member


def parts_of(message):
    """(plain text, HTML) of a mail that has both."""
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return message.body, html


def test_a_sign_in_code_comes_in_both_parts(client, db):
    member()
    client.post("/account/login/code/", {"email": "alice@example.org"})
    text, html = parts_of(mail.outbox[-1])
    code = re.search(r"^ {4}(\S+)$", text, re.M).group(1)
    assert f'<p class="code">{code}</p>' in html
    assert "http://" not in re.sub(r"<a [^>]*>", "", html), "nothing is fetched from anywhere"
    assert "<img" not in html


def test_what_people_wrote_cannot_carry_html_into_a_mail():
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


@pytest.mark.parametrize("text", ["", "\n\n", "one line"])
def test_the_shortest_text_is_one_paragraph(text):
    assert blocks_of(text) == [("", text.strip())]
