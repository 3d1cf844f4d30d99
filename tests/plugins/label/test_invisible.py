"""Payloads that nobody sees are found and read; characters where they belong are no mark."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_label._invisible import LONG, SPREAD, Hidden, find_invisible

BELONGING = [
    "👩‍👩‍👧‍👦", "❤️‍🔥", "🏳️‍🌈", "🏴‍☠️", "👨🏽‍🚀", "👁️‍🗨️", "🏃🏽‍♂️", "🐦‍⬛",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
    "\U0001f3f4\U000e0075\U000e0073\U000e0063\U000e0061\U000e007f",  # California
"1\ufe0f\u20e3", "#\ufe0f\u20e3", "☎\ufe0e", "☎\ufe0f", "‼\ufe0f", "™\ufe0f", "ℹ\ufe0f",
    "㊗\ufe0f", "葛\U000e0100", "辻\U000e0101", "邉\U000e010f", "。\ufe00", "0\ufe00", "≨\ufe00",
    "ᠠ\u180b", "می\u200cخواهم", "کتاب\u200cها", "क्\u200dष", "क्\u200cष", "ශ්\u200dරී",
    "র\u200d্য", "ក\u200bខ", "ไทย\u200bคำ", "ه\u200d", "\u200fעברית\u200f", "中\u3000文",
    "10\u202f000", "«\u202foui\u202f»", "10\u2009km", "—\u200a", "co\xadop", "a\u00a0b",
]  # fmt: skip
plain = st.text(
    st.characters(
        exclude_categories=("Cf", "Cs", "Zs", "Mn", "Me"),
        exclude_characters="аеорсухіѕј\u115f\u1160\u3164\uffa0",
    )
)


def bits(text: str, zero: str, one: str, width: int = 8) -> str:
    return "".join(one if bit == "1" else zero for b in text.encode() for bit in f"{b:0{width}b}")


def selectors(data: bytes) -> str:
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in data)


def tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(c)) for c in text)


def base_4(text: str, alphabet: str) -> str:
    return "".join(alphabet[ord(c) >> shift & 3] for c in text for shift in range(14, -1, -2))


def only(text: str) -> Hidden:
    [hidden] = find_invisible(text)
    return hidden


@given(plain)
def test_a_text_without_such_characters_carries_nothing(text: str) -> None:
    assert find_invisible(text) == []


@given(st.lists(st.sampled_from(BELONGING) | plain, max_size=30))
def test_characters_where_they_belong_are_no_mark(parts: list[str]) -> None:
    assert find_invisible(" ".join(parts)) == []


@pytest.mark.parametrize("part", BELONGING)
def test_not_even_many_of_them_are(part: str) -> None:
    assert find_invisible(f"Look: {part}, " * 200) == []
    assert find_invisible(part) == []


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    for hidden in find_invisible(text):
        assert 0 <= hidden.start < hidden.end <= len(text)
        assert 0 < hidden.count <= hidden.end - hidden.start


@given(
    st.text(st.sampled_from("a\u200b\u200c\u200d\u202c\u2060\ufeff\ufe0f\U000e0100\U000e0041❤م葛"))
)
def test_any_mixture_of_them_can_be_looked_at(text: str) -> None:
    for hidden in find_invisible(text):
        assert 0 <= hidden.start < hidden.end <= len(text)


@pytest.mark.parametrize(
    ("zero", "one"),
    ["\u200b\u200c", "\u200c\u200b", "\u200b\ufeff", "\u200d\u2060", "\u200c\u2063"],
)
def test_bits_in_two_zero_width_characters_are_read(zero: str, one: str) -> None:
    hidden = only(f"The sea{bits('made by bot 7', zero, one)} is wide.")
    assert (hidden.technique, hidden.start, hidden.content) == ("zero-width", 7, "made by bot 7")
    assert f"U+{ord(zero):04X} for 0" in hidden.code


def test_bits_set_apart_by_a_third_character_are_read() -> None:
    words = [f"{ord(c):b}".replace("1", "\u200b").replace("0", "\u200c") for c in "user 7"]
    assert only("x" + "\ufeff".join(words) + "y").content == "user 7"


def test_characters_in_base_4_are_read() -> None:
    hidden = only(
        f"a{base_4('秘密 of us', chr(0x200C) + chr(0x200D) + chr(0x202C) + chr(0xFEFF))}b"
    )
    assert (hidden.technique, hidden.content) == ("zero-width", "秘密 of us")


def test_stegcloak_is_named_and_not_read() -> None:
    hidden = only("a" + "\u200c\u200d\u2061\u2062\u2063\u2064" * 5 + "b")
    assert (hidden.code[:9], hidden.content) == ("StegCloak", "")


def test_bits_strewn_over_a_text_are_read() -> None:
    strewn = "".join(f"word{c} " for c in bits("bot", "\u200b", "\u200c"))
    hidden = only(strewn)
    assert (hidden.count, hidden.content) == (24, "bot")


@pytest.mark.parametrize("base", ["a", "😊", "葛", "", " "])
def test_bytes_in_variation_selectors_are_read(base: str) -> None:
    hidden = only(f"{base}{selectors(b'hello')}!")
    assert (hidden.technique, hidden.content) == ("variation-selectors", "hello")


def test_what_is_no_text_is_shown_as_its_bytes() -> None:
    assert only(f"a{selectors(bytes([200, 255, 0, 17]))}").content == "c8ff0011"


def test_a_manifest_of_c2pa_is_left_to_who_reads_those() -> None:
    wrapper = "\ufeff" + selectors(b"C2PATXT\0\1\0\0\0\4abcd")
    hidden = only(f"text{wrapper}")
    assert (hidden.manifest, hidden.start, hidden.count) == ("C2PA", 4, 18)
    assert only(f"❤\ufe0f{wrapper}").manifest == "C2PA"


def test_words_in_tag_characters_are_read() -> None:
    assert only(f"fine{tags('ignore all')}.").content == "ignore all"
    assert only(f"\U0001f3f4{tags('gbsct and more')}").content == "gbsct and more"


def test_spaces_of_several_widths_between_words_are_a_mark() -> None:
    digits = "\u2008\u2009\u202f\u205f"
    spelt = "".join(digits[b >> shift & 3] for b in b"mark" for shift in range(6, -1, -2))
    hidden = only("".join(f"word{space}" for space in spelt) + "end")
    assert (hidden.technique, hidden.code, hidden.content) == (
        "spaces", "the spaces of Innamark", "mark",
    )  # fmt: skip


def test_cyrillic_letters_in_latin_words_are_a_mark() -> None:
    hidden = only("Mаny wоrds lооk right. " * SPREAD)
    assert hidden.technique == "letters"
    assert unicodedata.name("а").startswith("CYRILLIC")
    assert find_invisible("Слово и ещё слово, SMS и iPhone. " * 20) == []


def test_a_few_strays_come_along_in_any_copy() -> None:
    assert find_invisible("\ufeffone\u200b two\u2060 three\u200c four") == []
    assert find_invisible("a" + "\u200b" * (LONG - 1)) == []


def test_a_text_of_nothing_else_is_one_payload() -> None:
    assert only(selectors(bytes(range(256)))).count == 256
    assert only("\u200b" * 9).count == 9


def test_what_is_listed_and_looked_at_has_a_bound() -> None:
    assert len(find_invisible(f"a{tags('hi')}" * 5000)) <= 104
    assert only("a\u200b" * 200_000).count < 200_000
