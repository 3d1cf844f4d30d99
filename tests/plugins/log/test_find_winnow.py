"""Fingerprints of texts: what two texts share has one, under the key alone, however it is set."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_log import _winnow
from chopmark_log._winnow import (
    GRAM,
    WINDOW,
    Fingerprinter,
    codes_of,
    cut,
    grams_in,
    places_in,
    plain,
    weights_of,
)

KEY = bytes(range(32))
MADE = Fingerprinter(KEY)
CHINESE = "春眠不觉晓处闻啼鸟夜来风雨声花落知多少白日依山尽黄河入海流欲穷千里目更上一层楼"
some = st.text(st.sampled_from(CHINESE + "abcdefgh123"), max_size=120)
longer = st.text(st.sampled_from(CHINESE + "abcdefgh123"), min_size=60, max_size=90)
anything = st.text(st.characters(codec=None), max_size=60)  # lone surrogates, too


def weight(text: str) -> int:
    return int(weights_of(codes_of(text)).sum())


def sought(text: str, made: Fingerprinter = MADE) -> set[int]:
    """Return the fingerprints of every gram, as who looks for a text has them."""
    codes = codes_of(text)
    return set(made.words(cut(codes, *grams_in(codes))).tolist())


def chosen_naively(text: str, window: int) -> set[tuple[int, int]]:
    """Return where grams are that winnowing chooses, by its definition."""
    base = int.from_bytes(hmac.digest(KEY, b"order", "sha256")[:8], "big") | 1
    at = [0]
    for one in text:
        at.append(at[-1] + weight(one))

    def mix(word: int) -> int:
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            word = (word ^ (word >> 33)) * factor % 2**64
        return word ^ (word >> 33)

    grams = []
    for start in range(len(text)):
        ends = [n for n in range(start, len(text) + 1) if at[n] - at[start] >= GRAM]
        if ends:
            codes = [ord(one) for one in text[start : ends[0]]]
            total = sum(mix(code * base % 2**64) * base**n for n, code in enumerate(codes))
            order = mix(total % 2**64) & ~((1 << 22) - 1)
            grams.append((order, start, ends[0]))
    found = set()
    for n, (_, start, _) in enumerate(grams):
        rivals = [one for one in grams[n:] if at[one[1]] < at[start] + window]
        if n == 0 or at[start] + window <= at[grams[-1][1] + 1]:
            found.add(min(rivals)[1:])
    return found


@given(some)
@settings(max_examples=scaled(60))
def test_what_is_chosen_is_what_winnowing_defines(text: str) -> None:
    window = min(max(weight(text) // 24, 8), WINDOW)
    parts = MADE.parts([text])
    found = zip(parts.start.tolist(), parts.end.tolist(), strict=True)
    assert sorted(found) == sorted(chosen_naively(text, window))


@given(some)
def test_a_fingerprint_is_a_keyed_hash_of_its_part_alone(text: str) -> None:
    for word, _, start, end in zip(*MADE.parts([text]), strict=True):
        data = text[start:end].encode("utf-32-le")
        digest = hashlib.blake2b(data, digest_size=5, key=KEY, person=b"chopmark/part").digest()
        assert int(word) == int.from_bytes(digest, "little")


@given(some, some, longer, some, some)
def test_a_run_of_gram_and_window_is_found_wherever_it_stands(
    before: str, behind: str, run: str, left: str, right: str
) -> None:
    kept = MADE.parts([before + run + behind])
    assert set(kept.words.tolist()) & sought(left + run + right)


@given(some)
def test_every_part_that_is_kept_is_among_those_that_are_sought(text: str) -> None:
    codes = codes_of(text)
    every = set(zip(*(one.tolist() for one in grams_in(codes)), strict=True))
    for start, end in every:
        assert weight(text[start:end]) >= GRAM > weight(text[start : end - 1])
    kept = MADE.parts([text])
    assert set(zip(kept.start.tolist(), kept.end.tolist(), strict=True)) <= every


@given(st.lists(some, max_size=6))
def test_texts_side_by_side_have_the_fingerprints_that_each_has_alone(texts: list[str]) -> None:
    together = MADE.parts(texts)
    for number, text in enumerate(texts):
        mine = together.text == number
        alone = MADE.parts([text])
        assert together.words[mine].tolist() == alone.words.tolist()
        assert together.start[mine].tolist() == alone.start.tolist()
    assert [one.tolist() for one in MADE.places(texts)] == [one.tolist() for one in together[1:]]


def test_where_a_long_text_is_cut_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    text = plain(CHINESE * 7 + "The quick brown fox jumps over the lazy dog. " * 9 + CHINESE)

    def found() -> set[Any]:
        parts = MADE.parts([text, text[:100]])
        return set(zip(*(one.tolist() for one in parts), strict=True))

    whole = found()
    monkeypatch.setattr(_winnow, "_BLOCK", 100)
    assert found() == whole


def test_with_another_key_nothing_is_the_same() -> None:
    other = Fingerprinter(bytes(32))
    assert not sought(CHINESE) & sought(CHINESE, other)
    assert MADE.wholes([CHINESE]).tolist() != other.wholes([CHINESE]).tolist()


def test_fingerprints_of_this_version_stay_what_they_are() -> None:
    parts = MADE.parts([plain(CHINESE)])
    digest = hashlib.sha256(np.stack(parts).astype("<u8").tobytes()).hexdigest()
    assert (len(parts.words), digest[:16]) == (12, "23b96d28d6910bd9")
    assert MADE.wholes([plain("A.")]).tolist() == [1038377951966]


@pytest.mark.parametrize(
    "text",
    [
        "**Hello**, `World`!", "ＨＥＬＬＯ　ＷＯＲＬＤ", "hel\u200blo\u00adworld", "# hello_world",
        "He\u0301llo Wo\u0308rld", "> hello,\n> world", "𝐡𝐞𝐥𝐥𝐨 𝓌ₒᵣₗ𝖽",
    ],
)  # fmt: skip
def test_how_a_text_is_set_makes_no_difference(text: str) -> None:
    assert plain(text) == "helloworld"


@given(anything)
def test_each_character_of_the_plain_form_is_traced_to_where_it_stood(text: str) -> None:
    places = places_in(text)
    mine = plain(text)
    assert (len(places), places[-1]) == (len(mine) + 1, len(text))
    for n, one in enumerate(mine):
        assert one in plain(text[places[n]])
    assert plain(mine) == mine
