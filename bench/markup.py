"""`python -m bench.markup`: measure the rendering of a comment of 100 words and of the most expensive texts."""

import os
import time

from forum import markup

COMMENT = "Somebody *stayed*, although I had been **unkind** the week before, and said so. " * 7
# The most expensive texts that a search found repeat one of these pieces. With python-markdown's own block parser and
# link patterns, and without limits, some of them take 1 to 20 seconds.
PIECES = [
    "`~~",
    "~~``",
    "~~a~~",
    "http://a.b ",
    "x\nhttp://a.b ",
    "===\nhttps://",
    "&[",
    "[",
    "a`",
    "https://a.b/[a]: b\n",
    "> a`",
    "*a **b ",
    "**a*b_c_ ",
    "|a|b|\n|-|-|\n",
    "- a\n  - b\n",
    "[a](b 'c",
    "<a",
    "# ",
    "> a\n",
    "&",
    "[a](\\(",
]
COSTLY = {piece: (piece * 20_000)[: markup.COMMENT.length] for piece in PIECES}


def cpu_of(source: str, runs: int) -> tuple[float, str]:
    """Return the milliseconds of CPU of the fastest of `runs` renderings, and a description of the result."""
    best = float("inf")
    for _run in range(runs):
        began = time.thread_time()
        try:
            came = f"{len(markup.render(source)):,} characters of HTML"
        except markup.TooComplex as fault:
            came = str(fault)
        best = min(best, time.thread_time() - began)
    return best * 1_000, came


def main() -> None:
    """Print a line for each text."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forum.settings")
    import django

    django.setup()
    print(f"{'a comment of 100 words':28} {cpu_of(COMMENT, 50)[0]:8.2f} ms CPU")
    for piece, source in COSTLY.items():
        cost, came = cpu_of(source, 3)
        print(f"{piece!r:28} {cost:8.2f} ms CPU  {came}")


if __name__ == "__main__":
    main()
