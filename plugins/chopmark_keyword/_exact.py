"""Sights for terms that plain folding would not do: the very characters, and joined scripts.

In Persian, Arabic and the scripts of India a joiner between two letters makes another word, and
between two emoji another picture. So terms in them are compared with their joiners.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ._evidence import CERTAIN
from ._fold import REPLACEMENT, fold
from ._lane import Match, Plain, Spelling, Table, joints

JOINERS = "\u200c\u200d"

# Scripts of which joiners belong to the spelling, and pictures of which they make other pictures.
_JOINED = (
    (0x0600, 0x08FF),  # Arabic, Syriac, Thaana, N'Ko and their like
    (0x0900, 0x0DFF),  # the scripts of India and Sri Lanka
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFC),
)
_PICTURES = (
    (0x2190, 0x2BFF),
    (0x1F000, 0x1FAFF),
)
_BEARING = re.compile(
    f"[{''.join(f'{chr(low)}-{chr(high)}' for low, high in (*_JOINED, *_PICTURES))}]"
)


def is_joined(term: str) -> bool:
    """Return whether joiners bear on what `term` is."""
    return _BEARING.search(term) is not None


def fold_joined(text: str) -> str:
    """Return `text` folded, but for its joiners."""
    return "".join([char if char in JOINERS else fold(char) for char in text])


class Exact(Plain):
    """The sight of the very characters."""

    name = ""

    def __init__(self) -> None:
        # What cannot be encoded is in no term, so it only must not become another character.
        self.table = Table(lambda char: REPLACEMENT if "\ud800" <= char <= "\udfff" else char)

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return `term` as it stands."""
        yield Spelling(term, ())

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return CERTAIN: it is the term."""
        return CERTAIN


class Joined(Plain):
    """The sight of plain folding that leaves joiners in their place."""

    name = ""

    def __init__(self) -> None:
        self.table = Table(fold_joined)

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return `term` folded."""
        yield Spelling(fold_joined(term).strip(), ())

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return CERTAIN: it is the term."""
        return CERTAIN

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return whether a joiner, or a letter beside a letter, makes it part of something else."""
        if neighbour in JOINERS:
            return joints(edge)[0 if before else 1] != "" or is_joined(edge)
        return super().joins(edge, neighbour, before=before)

    def unseen(self, char: str) -> bool:
        """Return whether nobody sees `char`, and nothing is seen of it either."""
        return char not in JOINERS and super().unseen(char)
