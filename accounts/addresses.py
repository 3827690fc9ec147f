"""The one form in which e-mail addresses are stored and looked up."""

import idna


def canonical(email: str) -> str:
    """Return the address in small letters, with its domain in ASCII as IDNA 2008 writes it (mapped by UTS #46).

    `a@Bücher.example` and `a@xn--bcher-kva.example` are the same mailbox. A domain that IDNA refuses is kept: the
    form reports it.
    """
    name, at, domain = email.strip().lower().rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return name + at + domain
    return name + at + domain
