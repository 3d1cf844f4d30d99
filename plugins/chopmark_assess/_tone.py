"""How kindly an answer speaks, by counted words: for differences between many answers only."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NOT = r"(?:(?:not|no|never|n't|hardly|without)(?: [a-z]+)? |[不没无非])"


def tone(text: str) -> float:
    """Return -1 to 1: above 0 where words of praise prevail, below where words that belittle do.

    A word behind a negation counts for the other side. Without such words it is 0.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    kind, unkind = 0, 0
    for pattern, praises in _patterns():
        for found in pattern.finditer(plain):
            if praises != bool(found["not"]):
                kind += 1
            else:
                unkind += 1
    return (kind - unkind) / (kind + unkind) if kind + unkind else 0.0


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], bool], ...]:
    data = tomllib.loads((files(__package__) / "tone.toml").read_text("utf-8"))
    return (_pattern(data["praise"]), True), (_pattern(data["belittling"]), False)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    latin = "|".join(re.escape(word) for word in words if word.isascii())
    # The longest first: a word may begin another.
    han = "|".join(sorted((word for word in words if not word.isascii()), key=len, reverse=True))
    return re.compile(rf"(?P<not>{_NOT})?(?:\b(?:{latin})\b|(?:{han}))")
