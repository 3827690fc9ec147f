"""People for the tests of accounts, and what they find in their mail."""

import re

from allauth.account.models import EmailAddress

from accounts.models import User

PASSWORD = "a long walk in the rain"


def member(name="Alice Ahlgren", email="alice@example.org", password=None, **fields):
    """Create a member with a confirmed address."""
    person = User.objects.create_user(email, password, display_name=name, **fields)
    EmailAddress.objects.create(user=person, email=email, primary=True, verified=True)
    return person


def code_in(mail):
    """The code that stands on a line of its own in a mail."""
    return re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", mail.body, re.MULTILINE).group(1)


def bare(response, email):
    """The page without what differs from one request to the next: tokens, and the address that was typed."""
    text = response.content.decode().replace(email, "ADDRESS")
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1TOKEN", text)
