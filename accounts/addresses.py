"""The one form in which e-mail addresses are stored and looked up."""

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def canonical(email: str) -> str:
    """Return the address in small letters, with its domain in ASCII as IDNA 2008 writes it (mapped by UTS #46).

    `a@Bücher.example` and `a@xn--bcher-kva.example` are the same mailbox. A domain that IDNA refuses is kept.
    """
    name, at, domain = email.strip().lower().rpartition("@")
    return name + at + (_in_ascii(domain) or domain)


def checked(email: str) -> str:
    """Return the address as `canonical` does; raises ValidationError for a domain that IDNA refuses."""
    if email and _in_ascii(email.rpartition("@")[2].strip().lower()) is None:
        raise ValidationError(_("No mail reaches this address. Please check what is after the @."), code="domain")
    return canonical(email)


def _in_ascii(domain: str) -> str | None:
    """Return the domain as IDNA 2008 writes it in ASCII, or None if it refuses it."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return None
