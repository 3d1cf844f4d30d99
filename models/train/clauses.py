"""Clauses cut from benign texts: a stream is judged clause by clause, so most texts are short."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .rough import has_han
from .rows import Row

END = re.compile(r"[。！？；：，、,.!?;:\n]+")
# The sets to cut, and how many clauses to take from a text.
CUT = {"kdconv": 1, "self-instruct": 2, "presidio": 1, "cvalues": 1}
LONGEST = 6
# Some P3 prompts quote reviews; a clause of a few words with one of these is not plainly benign.
FOUL = re.compile(
    r"fuck|shit|bitch|asshole|\bass\b|dick|nigg|cunt|slut|whore|crap|stupid|idiot", re.IGNORECASE
)


def pieces(text: str) -> list[str]:
    """Cut a text at its punctuation, with the sign that ends a clause left on it."""
    ends = [found.end() for found in END.finditer(text)]
    return [text[a:b].strip() for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


def short(clause: str, dice: random.Random) -> str:
    """Keep one to six words, or characters where there are no spaces between words."""
    size = dice.randint(1, LONGEST)
    if has_han(clause):
        start = dice.randint(0, max(0, len(clause) - size)) if dice.random() < 0.5 else 0
        return clause[start : start + size].strip()
    words = clause.split()
    start = dice.randint(0, max(0, len(words) - size)) if dice.random() < 0.5 else 0
    return " ".join(words[start : start + size])


def clauses(rows: Iterable[Row]) -> Iterator[Row]:
    """Give the clauses of the benign sets, each on the side of the split that its text is on."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        dice = random.Random(row.text)
        found = [piece for piece in pieces(row.text) if piece and not FOUL.search(piece)]
        for _ in range(min(CUT.get(row.source, 0), len(found))):
            text = short(dice.choice(found), dice)
            # The exam's rows are not looked through for repeats later on.
            if text and (row.part, text) not in seen:
                seen.add((row.part, text))
                yield replace(row, text=text, source=f"{row.source}-clause", weight=0.5)
