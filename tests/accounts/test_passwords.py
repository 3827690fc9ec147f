"""Passwords that are guessed first are refused, without asking the network."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from accounts.models import User
from accounts.passwords import LOOKED_AT

GUESSED = [
    "P@ssw0rd123!",
    "Liverpool2024!",
    "dragonfly99!",
    "michael1987!",
    "letmein2026",
    "qwertyuiop123",
    "aaaaaaaaaaaa",
    "iloveyou1234",
    "Two-Way Street",
    "twowaystreet1",
    "passwordpasswordpassword",
    "alice.ahlgren1",
    "correcthorsebatterystaple",
    "Correct Horse Battery Staple",
]
GOOD = ["a long walk in the rain", "teapot violin gravel comet", "kettle-orbit-violin", "Xk92mfQp3z7Lw"]
ALICE = User(display_name="Alice Ahlgren", email="alice.ahlgren@example.org")


@pytest.mark.parametrize("password", GUESSED)
def test_password_that_is_guessed_first_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, ALICE)


@pytest.mark.parametrize("password", GOOD)
def test_password_that_is_hard_to_guess_is_taken(password):
    validate_password(password, ALICE)


def test_every_long_leaked_password_is_refused():
    long = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= 10]
    assert len(long) > 1_000
    for password in long[::10]:
        with pytest.raises(ValidationError):
            validate_password(password, ALICE)


def test_only_beginning_of_long_password_is_checked(monkeypatch):
    seen = []
    monkeypatch.setattr("accounts.passwords.zxcvbn", lambda text, user_inputs: seen.append(text) or {"score": 4})
    validate_password("kettle-orbit-violin" * 50, ALICE)
    assert [len(text) for text in seen] == [LOOKED_AT]
