"""Roughening: the ways people hide an insult, and the benign company that one may keep.

Benign rows are roughened as often as abusive ones, so that odd spelling alone says nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tomllib

from .rows import Row

LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
SLICE, LONG = 500, 0.05
SHORT, MARKS = 14, ".!?,~。！？，…"

ALIASES: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "aliases.toml").read_text(encoding="utf-8")
)
ALIAS = re.compile("|".join(sorted(ALIASES, key=len, reverse=True)))


def has_han(text: str) -> bool:
    """Say whether a text has Chinese characters."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def disguise(text: str, dice: random.Random) -> str:
    """Misspell a part of a text in one of the usual ways."""
    if has_han(text):
        return disguise_han(text, dice)
    words = text.split(" ")
    if dice.random() < 0.15 and len(words) > 1:
        at = dice.randrange(len(words) - 1)
        return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])
    everywhere = dice.random() < 0.2
    places = range(len(words)) if everywhere else dice.choices(range(len(words)), k=2)
    way = dice.randrange(5)
    for at in places:
        words[at] = misspell(words[at], way, dice)
    return " ".join(words)


def disguise_han(text: str, dice: random.Random) -> str:
    """Put other spellings for words that have some, or signs between characters."""
    if ALIAS.search(text) and dice.random() < 0.75:
        return ALIAS.sub(
            lambda found: dice.choice(ALIASES[found[0]]) if dice.random() < 0.7 else found[0],
            text,
        )
    if len(text) < 4:
        return text
    start = dice.randrange(len(text) - 2)
    end = start + dice.randint(2, 4)
    return text[:start] + dice.choice(" .*-·").join(text[start:end]) + text[end:]


def misspell(word: str, way: int, dice: random.Random) -> str:
    """Swap, drop, space out, replace or hide letters of a word."""
    if len(word) < 3:
        return word
    at = dice.randrange(1, len(word) - 1)
    match way:
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return " ".join(word)
        case 3:
            return word.lower().translate(LEET)
        case _:
            return word[:at] + "*" + word[at + 1 :]


def rough(rows: Sequence[Row], *, seed: int, share: float = 0.12) -> list[Row]:
    """Give the rows of one epoch: disguised, in benign company, or cut out of a long text."""
    dice = random.Random(seed)
    benign = [row.text for row in rows if row.benign and len(row.text) < 300]
    han = [text for text in benign if has_han(text)]
    latin = [text for text in benign if not has_han(text)]
    out: list[Row] = []
    for row in rows:
        throw, text = dice.random(), row.text
        often = 2 * share if row.source.startswith(("authored", "corpus")) else share
        if throw < often:
            text = disguise(text, dice)
        elif throw < often + share:
            other = dice.choice(han if has_han(text) else latin)
            text = f"{other} {text}" if dice.random() < 0.5 else f"{text} {other}"
        elif len(text) < SHORT and dice.random() < 0.4:
            text = text.rstrip(MARKS) + dice.choice(MARKS)
        elif throw > 1 - LONG and row.benign:
            # A long benign text is many benign ones, and its worst window must stay quiet.
            many = dice.choices(han if has_han(text) else latin, k=dice.randint(3, 8))
            text = " ".join([text, *many])[:SLICE]
        elif len(text) > SLICE and row.benign:
            start = dice.randrange(len(text) - SLICE // 2)
            text = text[start : start + SLICE]
        out.append(row if text is row.text else replace(row, text=text))
    return out
