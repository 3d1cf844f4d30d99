"""Keeping what is measured on out of the training rows: equal texts, and near copies of them."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from .rows import Row

GRAM = 5
ALIKE = 0.6
RARE = 40
READ = 300


def plain(text: str) -> str:
    """Fold what does not make a text another one: case, spaces, punctuation, but no emoji.

    A text of signs alone is kept, or all of them would be one.
    """
    kept = [letter for letter in text.lower() if unicodedata.category(letter)[0] not in "PZC"]
    return "".join(kept) or text.strip()


def grams(text: str) -> frozenset[str]:
    """Give the runs of five characters of a folded text's beginning, or the text if shorter."""
    text = text[:READ]
    return frozenset(text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1)))


def without_dev(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Drop repeated rows, and every row for training that is nearly one of the dev set's.

    Candidates are found by the grams that few dev texts share, which is where two near copies
    meet; the share of common grams (Jaccard) then decides.
    """
    dev = [grams(plain(row.text)) for row in rows if row.part == "dev"]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(dev):
        for gram in text:
            holders[gram].append(number)
    kept: list[Row] = []
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: row.part != "dev"):
        folded = plain(row.text)
        if row.part == "dev":
            kept.append(row)
            seen.add(folded)
            continue
        if folded in seen or alike(grams(folded), dev, holders):
            continue
        seen.add(folded)
        kept.append(row)
    return kept, len(rows) - len(kept)


def alike(
    text: frozenset[str], dev: Sequence[frozenset[str]], holders: dict[str, list[int]]
) -> bool:
    """Say whether a text nearly equals one of the dev set's."""
    near = Counter(
        number
        for gram in sorted(text)  # a set has another order in every run
        if len(holders.get(gram, ())) <= RARE
        for number in holders.get(gram, ())
    )
    return any(
        len(text & dev[number]) > ALIKE * len(text | dev[number])
        for number, _ in near.most_common(20)
    )


def into(rows: Sequence[Row], part: str) -> list[Row]:
    """Pick the rows of one part, in an order that depends on the texts alone."""
    return sorted((replace(row) for row in rows if row.part == part), key=lambda row: row.text)
