"""Paths sort in reading order and name the comments above."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.models import path as models_path


@given(st.integers(0, models_path.LARGEST_ID), st.integers(0, models_path.LARGEST_ID))
def test_segments_sort_as_their_numbers(one, other):
    assert (models_path.segment(one).encode() < models_path.segment(other).encode()) == (one < other)
    assert (models_path.segment(one) == models_path.segment(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, models_path.LARGEST_ID + 1])
def test_a_number_that_does_not_fit_is_refused(number):
    with pytest.raises(ValueError, match="does not fit"):
        models_path.segment(number)


def test_a_path_tells_depth_and_what_is_above():
    above = models_path.child_path(models_path.child_path("", 7), 70)
    path = models_path.child_path(above, 700)
    assert models_path.depth_of(path) == 2
    assert path.startswith(above)


@given(st.lists(st.integers(0, models_path.LARGEST_ID), min_size=1, max_size=6))
def test_a_path_tells_the_ids_it_is_made_of(ids):
    assert models_path.ids_of("".join(map(models_path.segment, ids))) == ids
