"""Rules for the source of templates. `make check` formats them with djade."""

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
FILES = [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file()]
FRAGMENTS = [path for path in FILES if path.parent.name == "fragments" and path.suffix == ".html"]


def named(path):
    """The path of a template as `include` names it."""
    return str(path.relative_to(TEMPLATES))


def test_no_line_is_longer_than_120_characters():
    long = [
        f"{named(path)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > 120
    ]
    assert long == []


@pytest.mark.parametrize("path", FRAGMENTS, ids=named)
def test_fragment_names_its_inputs_at_its_top(path):
    top = path.read_text()[:400]
    assert top.startswith(("{#", "{% comment %}"))
    assert "Inputs:" in top or "No inputs" in top, top
