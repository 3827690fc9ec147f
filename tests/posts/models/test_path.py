"""Paths sort in reading order and name the comments above."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.models import path as models_path


@given(st.integers(0, models_path.LARGEST_ID), st.integers(0, models_path.LARGEST_ID))
def test_path_segments_sort_like_their_numbers(one, other):
    assert (models_path.segment(one).encode() < models_path.segment(other).encode()) == (one < other)
    assert (models_path.segment(one) == models_path.segment(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, models_path.LARGEST_ID + 1])
def test_number_too_large_for_path_is_refused(number):
    with pytest.raises(ValueError, match="does not fit"):
        models_path.segment(number)


def test_path_gives_depth_and_ancestors():
    above = models_path.child_path(models_path.child_path("", 7), 70)
    path = models_path.child_path(above, 700)
    assert models_path.depth_of(path) == 2
    assert path.startswith(above)


@given(st.lists(st.integers(0, models_path.LARGEST_ID), min_size=1, max_size=6))
def test_path_gives_ids_of_its_comments(ids):
    assert models_path.ids_of("".join(map(models_path.segment, ids))) == ids
