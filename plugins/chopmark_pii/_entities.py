"""Finds names, addresses and organisations in one unit of a text (`_units`).

Rules with gazetteers: addresses first, then organisations, then names, since the earlier hold
parts that look like the later (`鲁迅路`, `John Smith Ltd`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ._gazetteers import HanGazetteer, LatinGazetteer
from ._han import Border
from ._han_addresses import HanAddresses
from ._han_bodies import HanBodies
from ._han_names import HanNames
from ._hits import Hit
from ._latin_addresses import LatinAddresses
from ._latin_bodies import LatinBodies
from ._latin_names import LatinNames
from ._units import HAN

TAKEN = "\x00"
"""What stands for characters that something else was found in; no rule matches it."""

_is_han = re.compile(f"[{HAN}]").search
_is_latin = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž][A-Za-zÀ-ɏ.]|[0-9]").search  # a capital, or a house number


class Entities:
    """What to look for in a unit. Immutable, shared by threads."""

    def __init__(self, han: HanGazetteer, latin: LatinGazetteer) -> None:
        border = Border(han)
        self._han = HanAddresses(han, border), HanBodies(han, border), HanNames(han)
        self._latin = LatinAddresses(latin), LatinBodies(latin), LatinNames(latin)

    def __call__(self, text: str, start: int, seen: Collection[str] = ()) -> list[Hit]:
        """Return what is found from `start` on; what stands before is context, at most `LEFT`.

        `seen` are names that were found in the text before: they are names again.
        """
        found: list[Hit] = []
        if _is_han(text, start) is not None:
            addresses, bodies, names = self._han
            text = _take(text, found, addresses(text, start))
            text = _take(text, found, bodies(text, start))
            text = _take(text, found, _again(text, start, seen))
            text = _take(text, found, names(text, start))
        if _is_latin(text, start) is not None:
            places, firms, people = self._latin
            text = _take(text, found, places(text, start))
            text = _take(text, found, firms(text, start))
            text = _take(text, found, people(text, start, seen))
        found.sort(key=lambda hit: hit.start)
        return found


def _again(text: str, start: int, seen: Collection[str]) -> list[Hit]:
    """Return where Chinese names that were found stand again, the longer ones first."""
    found: list[Hit] = []
    for name in sorted(seen, key=len, reverse=True):
        at = text.find(name, start) if len(name) > 1 and _is_han(name) else -1
        while at >= 0:
            if all(at + len(name) <= hit.start or at >= hit.end for hit in found):
                found.append(Hit("name", at, at + len(name), 0.75, "context"))
            at = text.find(name, at + len(name))
    return found


def _take(text: str, found: list[Hit], hits: Iterable[Hit]) -> str:
    """Add `hits` to `found`, and return `text` without them."""
    for hit in [*hits]:
        found.append(hit)
        text = text[: hit.start] + TAKEN * (hit.end - hit.start) + text[hit.end :]
    return text
