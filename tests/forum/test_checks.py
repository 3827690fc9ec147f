"""The system checks of templates report broken templates."""

import pytest

from forum import checks

BROKEN = [
    ("{% if %}", "forum.E002"),
    ('{% url "nowhere" %}', "forum.E003"),
    ("<script>alert(1)</script>", "forum.E001"),
    ('<p style="color: red">', "forum.E001"),
    ('<a onclick="go()">', "forum.E001"),
    ("<style>p {}</style>", "forum.E001"),
    ('<a href="javascript:go()">', "forum.E001"),
]


@pytest.fixture
def folder(tmp_path, settings):
    """A project whose templates are elsewhere."""
    (tmp_path / "templates").mkdir()
    settings.BASE_DIR = tmp_path
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path / "templates"]}]
    return tmp_path / "templates"


@pytest.mark.parametrize(("source", "problem"), BROKEN)
def test_broken_template_is_reported(folder, source, problem):
    (folder / "page.html").write_text(source)
    assert [error.id for error in checks.check_templates(None)] == [problem]


def test_correct_template_is_not_reported(folder):
    (folder / "page.html").write_text(
        '<script src="/static/a.js"></script><script type="application/json">{}</script>{% url "front" %}'
    )
    assert checks.check_templates(None) == []


def test_our_templates_have_no_errors():
    assert checks.check_templates(None) == []
