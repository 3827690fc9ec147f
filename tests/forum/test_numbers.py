"""Numbers in addresses and forms are read in one way."""

import subprocess

import pytest
from django.conf import settings

from forum.numbers import number_in, numbers_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1_000", None),
        (" 1", None),
        ("²", None),
        ("٣", None),
        ("1\x00", None),
    ],
)
def test_only_digits_are_a_number(text, number):
    assert number_in(text) == number


def test_numbers_are_found_among_other_texts():
    assert numbers_in(["1", "x", "", "22", "٣"]) == [1, 22]


def test_no_other_module_reads_numbers_of_addresses():
    found = subprocess.run(
        ["grep", "-rlE", "isdigit|isdecimal|isnumeric", "--include=*.py", "forum", "accounts", "posts"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    # env.py reads the environment, not addresses
    assert set(found.stdout.split()) == {"forum/numbers.py", "forum/env.py"}
