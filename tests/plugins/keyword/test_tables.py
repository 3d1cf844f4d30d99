"""The tables hold what the level `disguise` counts on, and say whose they are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from chopmark_keyword import _tables as tables

ROOT = Path(__file__).parents[3]
NAMES = sorted(f.name for f in (files("chopmark_keyword") / "tables").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_table_names_its_source_and_notice_names_the_table(name: str) -> None:
    text = (files("chopmark_keyword") / "tables" / name).read_text("utf-8")
    head = " ".join(line for line in text.splitlines() if line.startswith("#"))
    assert any(word in head for word in ("MIT", "Apache-2.0", "CC BY 3.0", "Unicode License"))
    assert name in (ROOT / "NOTICE").read_text("utf-8")


def test_common_characters_have_a_sound_and_a_weight() -> None:
    for high in range(0xB0, 0xD7):
        for char in bytes(b for low in range(0xA1, 0xFF) for b in (high, low)).decode("gb2312"):
            assert tables.sounds().usual(char) in tables.sounds().syllables
            assert 5 <= tables.weights().get(char, tables.RARE) <= tables.RARE


def test_a_simplified_form_is_final() -> None:
    simple = tables.simplified()
    assert [simple[char] for char in "槍國髮発"] == list("枪国发发")
    assert len(simple) > 3_000
    assert not set(simple.values()) & set(simple)


def test_syllables_are_a_share_of_text_together() -> None:
    sounds = tables.sounds()
    total = sum(2.0 ** -sounds.bits(syllable) for syllable in sounds.syllables)
    assert 0.9 < total < 1.6  # weights are whole bits
    assert (sounds.bits("xyz", 4.7), sounds.usual("a"), sounds.several("a")) == (4.7, "", [])


def test_a_character_has_one_usual_sound_and_may_have_others() -> None:
    sounds = tables.sounds()
    assert sounds.several("行")[:2] == ["xing", "hang"]
    rows = (files("chopmark_keyword") / "tables" / "sounds.tsv").read_text("utf-8").splitlines()
    usual = [c for row in rows if row[0] != "#" for c in row.split("\t")[1]]
    assert len(usual) == len(set(usual)) > 20_000
    for row in rows:
        if row[0] != "#":
            syllable, chars, others = row.split("\t")
            assert all(sounds.usual(char) == sounds.several(char)[0] == syllable for char in chars)
            assert all(syllable in sounds.several(char)[1:] for char in others)


def test_look_alikes_are_of_one_letter_each_and_no_letter_themselves() -> None:
    assert all(len(char) == len(letter) == 1 for char, letter in tables.lookalikes().items())
    assert not any(char.isascii() for char in tables.lookalikes())


def test_splits_have_parts_and_forms_lead_to_no_other_form() -> None:
    parts = tables.parts("枪强")
    assert (parts.splits["枪"], parts.splits["强"]) == ("木仓", "弓虽")
    assert set(parts.splits) == {"枪", "强"}
    assert set(parts.bits) == {"枪", "强", *parts.forms, *parts.longer}
    rows = (files("chopmark_keyword") / "tables" / "parts.tsv").read_text("utf-8").splitlines()
    kept = [row.split("\t") for row in rows if row[0] != "#"]
    assert all(len(split) > 1 and len(char) == 1 for bits, char, split in kept if int(bits) > 1)
    assert all((len(bits) == 1) == (int(bits) < 2) for bits, _, _ in kept)  # as `parts` counts on
    assert not set(parts.forms.values()) & set(parts.forms)
    assert not any(set(split) & set(parts.longer) for split in parts.longer.values())
