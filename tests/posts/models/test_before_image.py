"""The state before a decision as the audit log stores it, in every version."""

from datetime import UTC, datetime

import pytest

from posts.models import Comment, Thread
from posts.models import before_image as stored_form
from posts.models.before_image import BeforeImage, Change, Redaction

MORNING, NOON = datetime(2026, 11, 27, 8, tzinfo=UTC), datetime(2026, 11, 27, 12, 0, 0, 7, tzinfo=UTC)
# what each version stored, and what it means; never change a row, add one for each new version
STORED = {
    1: (
        {
            "version": 1,
            "comment": {
                "removed": [None, "2026-11-27T12:00:00.000007+00:00"],
                "held": ["2026-11-27T08:00:00+00:00", None],
            },
            "thread": {"pinned": [None, "2026-11-27T08:00:00+00:00"]},
            "fingerprint": "ab12",
            "redaction": {"revision": 5, "withheld": [2, 3]},
        },
        BeforeImage(
            comment={"removed_at": Change(None, NOON), "held_at": Change(MORNING, None)},
            thread={"pinned_at": Change(None, MORNING)},
            redaction=Redaction(5, (2, 3)),
            fingerprint="ab12",
        ),
    ),
}


@pytest.mark.parametrize("version", range(1, stored_form.VERSION + 1))
def test_entry_of_each_version_can_be_read(version):
    stored, image = STORED[version]
    assert BeforeImage.from_json(stored) == image


def test_stored_form_is_of_last_version():
    stored, image = STORED[stored_form.VERSION]
    assert image.to_json() == stored


def test_image_without_changes_can_be_stored():
    assert BeforeImage.from_json(BeforeImage().to_json()) == BeforeImage()


def test_unknown_version_or_name_is_not_ignored():
    stored = BeforeImage().to_json()
    with pytest.raises(ValueError, match="unknown version"):
        BeforeImage.from_json(stored | {"version": stored_form.VERSION + 1})
    with pytest.raises(KeyError):
        BeforeImage.from_json(stored | {"comment": {"vanished": [None, None]}})


@pytest.mark.parametrize(("model", "names"), [(Comment, stored_form.COMMENT), (Thread, stored_form.THREAD)])
def test_stored_names_mean_existing_timestamps(model, names):
    fields = {model._meta.get_field(attribute).get_internal_type() for attribute in names.values()}
    assert fields == {"DateTimeField"}


@pytest.mark.parametrize(
    ("image", "hid"),
    [
        (BeforeImage(), False),
        (BeforeImage(comment={"locked_at": Change(None, NOON)}), False),
        (BeforeImage(comment={"held_at": Change(MORNING, None)}), False),
        (BeforeImage(comment={"hidden_at": Change(None, NOON)}), True),
        (BeforeImage(redaction=Redaction(1, ())), True),
    ],
)
def test_image_tells_whether_decision_hid_something(image, hid):
    assert image.hid_something is hid
