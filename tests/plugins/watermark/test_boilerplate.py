"""Passages that many texts have in common make no alarm, and a mark beside them is found."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import MarkError
from chopmark_watermark import Boilerplate, FileTokenizer, GumbelDrawer, Ring, Sampling, detect
from chopmark_watermark._detect import conclude, search
from chopmark_watermark._schemes import GUMBEL

from .conftest import WORDS, Logits, answer

LICENCE = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this "
    "software and associated documentation files."
)
words = st.sampled_from(["any", "person", "7", "naïve", "你", "好"])
gaps = st.sampled_from([" ", "\n", ", ", " -- ", "\n * "])


def known_part(text: str, known: Boilerplate) -> str:
    return "".join(sign for sign, inside in zip(text, known.mask(text), strict=True) if inside)


@pytest.mark.parametrize(
    "shown",
    [
        LICENCE,
        LICENCE.replace(" any ", "\n * any "),
        LICENCE.upper(),
        LICENCE.replace(",", "").replace("software", "**software**"),
    ],
)
def test_a_passage_is_known_however_it_is_laid_out(shown: str) -> None:
    known = Boilerplate.of([LICENCE])
    assert known_part(f"My own words stand here. {shown} And here.", known) in shown
    assert len(known_part(f"My own words stand here. {shown} And here.", known)) > len(shown) - 2


def test_a_chinese_passage_is_known_by_its_characters() -> None:
    known = Boilerplate.of(["本协议自双方签字之日"])
    assert known_part("甲乙。本协议自双方\n签字之日生效", known) == "本协议自双方\n签字之日"


@given(st.lists(st.tuples(words, gaps, gaps), min_size=8, max_size=40), st.text(max_size=60))
def test_every_word_of_a_learnt_passage_is_known_whatever_stands_between(
    passage: list[tuple[str, str, str]], other: str
) -> None:
    known = Boilerplate.of([other, "".join(word + gap for word, gap, _ in passage)])
    shown = "".join(word.upper() + gap for word, _, gap in passage)
    inside = known.mask(shown)
    assert inside.shape == (len(shown),)
    assert all(inside[at] for at, sign in enumerate(shown) if sign.isalnum())


@given(st.text(max_size=200))
def test_nothing_is_known_of_other_words(text: str) -> None:
    assert not Boilerplate.of([LICENCE]).mask(text).any()
    assert not Boilerplate.of([]).mask(LICENCE).any()


def written(ring: Ring, tokenizer: FileTokenizer, logits: Logits, n: int) -> str:
    _, key = ring.marking("gumbel", "", tokenizer.digest, "2026-10")
    return " ".join(f"w{n}" for n in answer(GumbelDrawer(key[:16], Sampling()), logits, n))


def test_a_template_that_falls_under_a_key_by_bad_luck_is_no_alarm(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    template = written(ring, tokenizer, logits, 120)
    assert detect(template, ring, tokenizer).verdict == "marked"
    found = detect(template, ring, tokenizer, boilerplate=Boilerplate.of([template]))
    assert (found.verdict, found.scored, found.ignored) == ("inconclusive", 0, 120)
    assert "120 tokens stand in passages that are known" in found.notes[-1]


def test_a_mark_beside_boilerplate_is_found_in_its_place(
    ring: Ring, tokenizer: FileTokenizer, logits: Logits
) -> None:
    people = " ".join(f"w{n}" for n in np.random.default_rng(3).integers(0, WORDS, 400))
    marked = written(ring, tokenizer, logits, 120)
    found = detect(f"{people} {marked}", ring, tokenizer, boilerplate=Boilerplate.of([people]))
    assert (found.verdict, found.ignored) == ("marked", 400)
    assert found.spans[0].start >= len(people)


@pytest.mark.parametrize(
    ("texts", "most"), [(1_000, 21), pytest.param(3_000, 48, marks=pytest.mark.deep)]
)
def test_what_is_left_out_changes_nothing_of_the_error_rate(texts: int, most: int) -> None:
    """Zipf's words, a key for each text, parts left out by what stands there: 1 % by the level.

    Beyond `most` false alarms is a chance of 1 in 1,000.
    """
    rng = np.random.default_rng(12)
    called = 0
    for _ in range(texts):
        ids = (rng.zipf(1.2, 120) % WORDS).astype(np.uint32)
        found = search(ids, [(None, rng.bytes(16))], GUMBEL, ignored=ids % 5 == 0)
        called += conclude(found, GUMBEL, 1, 1e-2).verdict == "marked"
    assert called <= most


def test_boilerplate_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "known"
    Boilerplate.of([LICENCE]).write(path)
    assert known_part(LICENCE, Boilerplate.read(path)) == LICENCE[:-1]
    assert b"granted" not in path.read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_regular_file_is_not_replaced_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "known"
    os.mkfifo(path)
    with pytest.raises(MarkError, match="no file that can be replaced"):
        Boilerplate.of([LICENCE]).write(path)
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"hello", "no boilerplate"),
        (b"chopmark boilerplate 1\n123", "cut short"),
        (b"chopmark boilerplate 1\n" + bytes(16), "do not rise"),
    ],
)
def test_another_file_is_refused_by_name(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "known"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MarkError, match=told) as caught:
        Boilerplate.read(path)
    assert "chopmark watermark boilerplate" in str(caught.value)
