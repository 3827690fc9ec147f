"""Slots are declared by templates and filled for one reader."""

import pytest
from django.template import Context, Template, engines
from hypothesis import given
from hypothesis import strategies as st

from posts.reading.slot_markers import ENDSLOT, KINDS, SlottedText, slot

TEXTS = st.text(st.characters(exclude_characters="\0"))


@given(before=TEXTS, default=TEXTS, after=TEXTS, filling=TEXTS)
def test_slot_keeps_any_text_around_it(before, default, after, filling):
    html = SlottedText(f"{before}\0new:7\0{default}\0{after}")
    assert html.filled({}) == before + default + after
    assert html.filled({"new:7": filling}) == before + filling + after
    assert html.filled({"new:8": filling}) == before + default + after


def test_text_that_looks_like_a_comment_of_html_is_no_slot():
    assert SlottedText("<!--new:7-->").filled({"new:7": "filled"}) == "<!--new:7-->"


def test_slot_of_a_django_template():
    source = '{% load slots %}a{% slot "help" pk %}<b>{{ word }}</b>{% endslot %}z{% slot "new" 0 %}{% endslot %}'
    html = SlottedText(Template(source).render(Context({"pk": 7, "word": "<"})))
    assert html.filled({}) == "a<b>&lt;</b>z"
    assert html.filled({"help:7": "filled", "new:0": "<i>"}) == "afilledz<i>"


def test_slot_of_a_jinja_template():
    source = 'a{% slot "help", c.pk %}<b>{{ word }}</b>{% endslot %}z{% slot "new", 0 %}{% endslot %}'
    html = SlottedText(engines["fast"].from_string(source).render({"c": {"pk": 7}, "word": "<"}))
    assert html.filled({}) == "a<b>&lt;</b>z"
    assert html.filled({"help:7": "filled", "new:0": "<i>"}) == "afilledz<i>"


def test_unknown_slot_raises_when_it_is_declared():
    with pytest.raises(ValueError, match="“neew”"):
        slot("neew", 7)


@pytest.mark.parametrize(
    ("engine", "tag"), [("django", '{% load slots %}{% slot "neew" 7 %}'), ("fast", '{% slot "neew", 7 %}')]
)
def test_unknown_slot_of_a_template_raises(engine, tag):
    with pytest.raises(ValueError, match="“neew”"):
        engines[engine].from_string(tag + "{% endslot %}").render({})


def test_slot_that_occurs_twice_raises():
    with pytest.raises(ValueError, match="twice"):
        SlottedText(slot("help", 7) + ENDSLOT + "and" + slot("help", 7) + ENDSLOT)


def test_unknown_slot_raises_when_it_is_filled():
    with pytest.raises(ValueError, match="“neew”"):
        SlottedText("text").filled({"neew:7": "filled", "new:7": "filled"})


def test_slot_inside_a_slot_raises():
    with pytest.raises(ValueError, match="inside"):
        SlottedText(slot("help", 7) + slot("new", 7) + ENDSLOT + ENDSLOT)


@pytest.mark.parametrize("html", [slot("help", 7), slot("help", 7) + "text", slot("help", 7) + ENDSLOT + ENDSLOT])
def test_slot_without_an_end_raises(html):
    with pytest.raises(ValueError, match="no end"):
        SlottedText(html)


def test_every_kind_is_declared_by_a_template(settings):
    declared = "".join(
        path.read_text() for path in (settings.BASE_DIR / "templates/posts/reading").rglob("*") if path.is_file()
    )
    assert {kind for kind in KINDS if f'slot "{kind}"' not in declared} == set()
