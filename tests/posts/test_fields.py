"""Fields for texts never cut what was pasted; they say how long it is."""

import pytest
from django import forms

from accounts.forms import DisplayNameField, ProfileForm
from posts.forms.fields import TextField, VisibleCharField
from posts.moderation.admin.forms import CheckForm
from posts.moderation.forms import AppealForm, ClinicianForm, FlagForm
from posts.writing.forms import ThreadForm


@pytest.mark.parametrize("form", [ClinicianForm, CheckForm, AppealForm, FlagForm, ThreadForm, ProfileForm])
def test_browser_does_not_cut_pasted_text(form):
    for name, field in form.base_fields.items():
        if isinstance(field, VisibleCharField | DisplayNameField):
            assert "maxlength" not in str(form()[name]), name


def test_text_that_is_too_long_is_counted():
    field = VisibleCharField(max_length=12)
    with pytest.raises(forms.ValidationError, match="has 13"):
        field.clean("Massachusetts")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("    a code line\n    another", "    a code line\n    another"),
        ("\n \n  - a\n  - b\n\n", "  - a\n  - b"),
        ("  \n\t\n", ""),
        ("\u3164" * 30, ""),
        ("> > > >", ""),
        ("| | |\n|-|-|\n| | |", ""),
        ("\u00a0words", "\u00a0words"),
    ],
)
def test_indent_of_first_line_is_kept_and_empty_text_is_refused(typed, kept):
    assert TextField(max_length=100, rows=2, required=False, min_length=None).clean(typed) == kept


def test_spaces_do_not_count_for_the_least_length():
    with pytest.raises(forms.ValidationError, match="1 character;"):
        TextField(max_length=100, rows=2, min_length=20).clean(" " * 19 + "x")
