"""Reduce the Content-Type of a request to what the forum uses, before Django reads it."""

import re

# A boundary as RFC 2046 allows it, in quotes or not.
BOUNDARY = re.compile(
    r";\s*boundary=(\"[\w'()+,./:=? -]{1,70}\"|[\w'()+,./:=?-]{1,70})(?=\s*(?:;|$))", re.IGNORECASE | re.ASCII
)
TYPE = re.compile(r"\s*([\w.+-]+/[\w.+-]+)", re.ASCII)


def reduce_content_type(environ: dict) -> None:
    """Keep the type and the boundary of CONTENT_TYPE in the WSGI `environ`, and no other parameter.

    Forms are UTF-8. Django believes a `charset` and decodes with any codec of Python, and its parser of parameters
    raises for some values, so both can make every address fail.
    """
    given = environ.get("CONTENT_TYPE", "")
    if not given:
        return
    found = TYPE.match(given)
    kept = found.group(1) if found else "application/octet-stream"
    boundary = BOUNDARY.search(given)
    environ["CONTENT_TYPE"] = f"{kept}; boundary={boundary.group(1)}" if boundary else kept
