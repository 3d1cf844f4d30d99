"""Text is normalised as it goes by exactly as it would be whole."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_c2pa._nfc import LIMIT, NfcText, nfc

JOINING = st.sampled_from(
    ["e", "ạ̇", "́", "̧", "ṡ", "ཱི", "̈́", "가", "ᄀ", "ᅡ", "ᆨ", "Å", "か", "゙", "<", "̸", "中", "�", "𝅗𝅥", "ো"]
)
TEXTS = st.lists(st.one_of(JOINING, st.text(max_size=4)), max_size=12).map("".join)


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(min(p, len(text)) for p in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def passed(pieces: list[str]) -> tuple[str, bool]:
    whole = NfcText()
    out = "".join(whole.feed(piece) for piece in pieces) + whole.finish()
    return out, whole.refused


@given(TEXTS, st.lists(st.integers(0, 40)))
def test_any_cut_gives_the_nfc_of_the_whole(text: str, places: list[int]) -> None:
    pieces = cut(text, places)
    assert passed(pieces) == passed([text])
    assert passed(list(text)) == passed([text])
    if not passed([text])[1]:
        assert passed([text])[0] == unicodedata.normalize("NFC", text) == nfc(text)


def test_every_character_of_unicode_that_can_change_is_held_back() -> None:
    for code in range(0x80, 0x20000):
        split = unicodedata.normalize("NFD", chr(code))
        if len(split) > 1:
            assert passed(list(split)) == (unicodedata.normalize("NFC", split), False)


@pytest.mark.parametrize("text", ["中文。", "1 + 1 ", "かな".replace("か", "ア一"), "😀"])
def test_text_that_nothing_can_change_does_not_wait(text: str) -> None:
    assert NfcText().feed(text) == text


def test_korean_in_nfd_is_normalised() -> None:
    text = "안녕하세요 반갑습니다" * 20
    assert nfc(unicodedata.normalize("NFD", text)) == text


@given(st.integers(0, 60), st.lists(st.integers(0, 60)))
def test_more_marks_than_the_limit_are_left_as_they_are(count: int, places: list[int]) -> None:
    text = "e\u0301A" + "\u0301" * count + "e\u0301"
    pieces = cut(text, places)
    out, refused = passed(pieces)
    assert refused == (count > LIMIT)
    assert (out, refused) == passed([text])
    assert unicodedata.normalize("NFC", out) == unicodedata.normalize("NFC", text)


def test_long_runs_take_linear_time() -> None:
    text = "a" + "\u0301\u0323" * 500_000
    assert nfc(text) is None
    assert passed(list(text[:100_000]))[0] == text[:100_000]
