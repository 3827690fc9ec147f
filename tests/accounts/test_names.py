"""Names that look alike count as the same, and names of staff and of the forum are reserved."""

import subprocess
import sys
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from accounts.names import skeleton
from accounts.validators import NAME_MAX_LENGTH, clean_up, validate_display_name

ALIKE = [
    ("Anna", "аnnа"),
    ("Anna", "ANNA"),
    ("Anna", "A n n a"),
    ("Anna", "Ánna"),
    ("Anna", "Ａｎｎａ"),
    ("Anna", "An\u200dna"),
    ("Anna", "𝐀𝓷𝖓𝚊"),
    ("Anna", "A.n-n_a"),
    ("paypal", "pаypaI"),
    ("Oliver", "0liver"),
    ("Barney", "Bamey"),
    ("Wanda", "VVanda"),
    ("Marina", "Мarina"),
    ("Helen", "ΗELEN"),
    ("Oskar", "Øskar"),
    ("Strauß", "STRAUSS"),
    ("Вася", "ВАСЯ"),
    ("Αννα", "ΑΝΝΑ"),
    ("moderator", "МОDЕRАТОR"),
    ("moderator", "ᴍᴏᴅᴇʀᴀᴛᴏʀ"),
    ("moderator", "ⓜⓞⓓⓔⓡⓐⓣⓞⓡ"),
    ("moderator", "ᵐᵒᵈᵉʳᵃᵗᵒʳ"),
    ("moderator", "ɱøđɛɽαŧøɍ"),
    ("Greg", "ɡʀᴇɢ"),
    ("moderator", "mɵderatɵr"),
    ("Kate", "ƙaƭe"),
    ("نازنین‌زهرا", "نازنینزهرا"),
]
APART = [
    ("Mary", "Marr"),
    ("Hanna", "Nanna"),
    ("Anna", "Anne"),
    ("राम", "रमा"),
    ("Lily", "Lila"),
    ("山田", "田中"),
    ("Вася", "Вова"),
]
GOOD = """Anna B.|J.R.R. Tolkien|Mary-Jane O’Neill|Modesta|Adminah|Modi|Stafford|Rootless|Ada Minter|Elihu Root|
Christopher Guest|Owen|Theo|Simone|Commodore|Mohammed|Sara 77|Dr. Anna|Иванов|Anna Иванова|山田太郎|नीरज|محمد علي|
Đặng Thị|Nguyễn|שָׁלוֹם|ทักษิณ|Αννα|김철수|
نازنین‌زهرا|क्‍ष|Madmin|Anon Y. Mouse|Systema|Deletia|Therapia|Vera Verity""".replace("\n", "").split("|")
BAD = {
    "staff": "ᴍᴏᴅᴇʀᴀᴛᴏʀ|ᴀᴅᴍɪɴ|ƒorum ʂtaff|"
    "admin|Adm1n|adrnin|4dmin|Admin123|Admin_Anna|TheModAnna|m0derator|MODERATOR|Supermoderator|Forum Staff|"
    "The Editors|The Mods|M o d|m.o.d.|5taff|0fficial|administrat0r|Root|system|Support Team|Site Owner|The Forum|"
    "Two-Way Street",
    "calling": "Verified Clinician|Psychologist US-MD|Anna, Therapist|psychiatr1st|Verified",
    "nobody": "deleted|Deleted user|REMOVED|anonymous|Guest|Guest 12|The Guest",
    "address": "anna@example.org|example.com|http://x|www.anna",
    "alphabets": "pаypal|MОDERATOR|Аnna",
    "characters": "✓ Anna|An\u200dna|An\u200cna|نا\u200c|\u200cنا|نا \u200cنا|\u3164ab|"
    "\u202eannA|A\u0301\u0302\u0303nna|\ue000ab| Anna|An  na|𝓐𝓷𝓷𝓪|ㅤㅤ|An\nna|<b>|\u0301ab",
    "length": "A|" + "x" * (NAME_MAX_LENGTH + 1),
    "letters": "12345|. .",
}


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_share_a_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_look_different_have_different_skeletons(one, other):
    assert skeleton(one) != skeleton(other)


@given(st.text())
def test_skeleton_of_skeleton_is_unchanged(text):
    assert skeleton(skeleton(text)) == skeleton(text)


@given(st.text(min_size=1))
def test_case_does_not_change_skeleton(text):
    assert skeleton(text) == skeleton(text.swapcase().swapcase()) or not text.isascii()
    for char in text:
        assert skeleton(char.lower()) == skeleton(char.upper()) == skeleton(char)


@given(st.text(min_size=0, max_size=60))
def test_any_name_is_checked_without_error_and_fits_database(text):
    with suppress(ValidationError):
        validate_display_name(clean_up(text))
        assert 0 < len(skeleton(text)) <= NAME_MAX_LENGTH * 4
        assert "\x00" not in text


@pytest.mark.parametrize("name", GOOD)
def test_ordinary_names_are_accepted(name):
    validate_display_name(clean_up(name))


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in BAD.items() for name in names.split("|")])
def test_other_names_are_refused_with_the_right_reason(code, name):
    with pytest.raises(ValidationError) as refusal:
        validate_display_name(name)
    assert refusal.value.code == code


def test_name_of_site_is_reserved(settings):
    settings.SITE_NAME = "Quiet Corner"
    with pytest.raises(ValidationError):
        validate_display_name("The Quiet Corner")


def test_table_of_lookalikes_is_not_loaded_at_import():
    script = "import sys, accounts.names; sys.exit('confusable_homoglyphs.confusables' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
