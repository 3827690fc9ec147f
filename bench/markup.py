"""What rendering costs: a comment of 100 words, and the costliest texts let through. `python -m bench.markup`"""

import time

from forum import markup

COMMENT = "Somebody *stayed*, although I had been **unkind** the week before, and said so. " * 7
# Shapes that python-markdown reads again and again; without our guards they cost 1 to 20 seconds.
COSTLY = {
    "# ####…x": "# " + "#" * 19_990 + "x",
    "[a]( \\(": "[a](" * 599 + "\\(" * 7_000,
    "[a](b 'c": "[a](b 'c" * 599 + "'" * 9_000,
    "a = a =": "a\n=\n" * 660,
    "![a] **": "![a]" * 599 + "**" * 900,
    "``a``a": "``a" * 490,
    "[a][b": "[a][b" * 299 + "x" * 17_000,
    "[a]: x": "[a]: x\n" * 599,
    "<a<a<a": "<a" * 9_000,
    "http://": "http://" * 2_800,
    "> a > a": "> a\n" * 1_999,
}


def cpu_of(source, runs):
    """Milliseconds of CPU per rendering, the best of `runs`."""
    best = float("inf")
    for _run in range(runs):
        began = time.process_time()
        markup.render(source)
        best = min(best, time.process_time() - began)
    return best * 1_000


def main():
    """Prints a line per text."""
    print(f"{'a comment of 100 words':24} {cpu_of(COMMENT, 50):8.2f} ms CPU")
    for name, source in COSTLY.items():
        print(f"{name:24} {cpu_of(source, 3):8.2f} ms CPU  ({len(source):,} characters)")


if __name__ == "__main__":
    main()
