"""Convert the plain text of a blog post to Markdown, and find its closing questions."""

import re

ESCAPED = re.compile(r"([\\`*_\[\]<]|~~)")
BLOCK_MARK = re.compile(r"^(#{1,6}\s|>|[-+]\s|\d+[.)]\s|={3,}|-{3,})")
ASKING = "what|how|who|whom|whose|why|when|where|which|do|does|did|is|are|was|were|have|has|can|could|should|would|will"
QUESTION = re.compile(rf"(?:(?:and|but|or|so)\s+)?((?:{ASKING})\b[^.!?]*\?)", re.I)
SECOND_HALF = re.compile(rf",\s+and\s+(?=(?:{ASKING})\b)", re.I)
CLINICIANS = re.compile(r"\byour (patients?|clients?)\b", re.I)
PATIENTS = re.compile(r"\byour (own )?(therapist|psychiatrist|psychologist|shrink|analyst)s?\b", re.I)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of `text`, which blank lines separate, with white space collapsed."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]


def curled(text: str) -> str:
    """Return `text` with typographic quotes: opening after a space, a bracket or a dash, closing elsewhere."""
    text = re.sub(r"(^|[\s(\[{—–\u2018-])\"", "\\1\u201c", text)
    text = text.replace('"', "\u201d")
    # A year ('70s) and a word without its beginning ('em) get the closing form.
    text = re.sub(r"(^|[\s(\[{—–\u201c-])'(?=\d\ds?\b|(?:em|til|tis|twas|cause)\b)", "\\1\u2019", text)
    text = re.sub(r"(^|[\s(\[{—–\u201c-])'", "\\1\u2018", text)
    return text.replace("'", "\u2019")


def to_markdown(text: str) -> str:
    """Return the plain `text` as Markdown that renders exactly as it was typed, with typographic quotes."""
    return "\n\n".join(
        BLOCK_MARK.sub(lambda mark: "\\" + mark.group(0), ESCAPED.sub(r"\\\1", curled(part)))
        for part in paragraphs(text)
    )


def asks(question: str) -> str:
    """Return the group that a question asks.

    This is "clinicians" (for “your patients”), "patients" (for “your therapist”) or "everybody".
    """
    if CLINICIANS.search(question):
        return "clinicians"
    return "patients" if PATIENTS.search(question) else "everybody"


def closing_questions(text: str) -> list[tuple[str, str]]:
    """Return [(question, group asked)] of the questions in the last paragraph of `text`.

    Two questions joined by ", and" count as two. A sentence that does not begin as a question, such as “Tell me what
    you think?”, is left out.
    """
    parts = paragraphs(text)
    found = []
    for sentence in re.split(r"(?<=[.!?])\s+", curled(parts[-1])) if parts else []:
        if match := QUESTION.fullmatch(sentence):
            for half in SECOND_HALF.split(match.group(1)):
                question = half[0].upper() + half[1:].rstrip("?") + "?"
                found.append((question, asks(question)))
    return found
