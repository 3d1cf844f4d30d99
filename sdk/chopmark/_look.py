"""One look at a text for all of its scanners, where they said beforehand what they look for.

Most text is of interest to none of them, and one search costs less than a glance of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .hookspecs import Scanner, Spelled, Wary

Search = Callable[[str], "re.Match[str] | None"]
UNSURE = "unsure"
"""Says that the glances are to tell."""

_HOT = ord("0")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Look(NamedTuple):
    """How to look at a text.

    `spelled` returns of ASCII text what is before the characters at its end that are open; None
    says that it must be fed, and `UNSURE` that the glances are to tell. In other text `search`
    finds the first place for which glances are needed: but not where it is the last character and
    one of `alone`, which is then open.
    """

    search: Search
    alone: frozenset[str]
    spelled: Callable[[str], str | None]


def look_for(scanners: Iterable[Scanner]) -> Look:
    """Return how to look at a text for `scanners`."""
    waries: list[Wary | None] = []
    spelled: list[Spelled | None] = []
    for scanner in scanners:
        waries.append(getattr(scanner, "wary", None))
        spelled.append(getattr(scanner, "spelled", None))
    try:
        return _look(tuple(waries), tuple(spelled)) if waries else _GLANCES
    except Exception:  # noqa: BLE001  the plugin border: the glances are as good
        return _GLANCES


@lru_cache(maxsize=64)
def _look(waries: Sequence[Wary | None], spelled: Sequence[Spelled | None]) -> Look:
    search: Search = _everywhere
    alone: frozenset[str] = frozenset()
    if None not in waries:
        search, alone = _joined([wary for wary in waries if wary is not None])
    words: Callable[[str], str | None] = _unsure
    if None not in spelled:
        words = _in_words([one for one in spelled if one is not None])
    return Look(search, alone, words)


def _joined(waries: Sequence[Wary]) -> tuple[Search, frozenset[str]]:
    firsts = [wary.firsts + wary.certain for wary in waries]
    rests = [wary.rest for wary in waries]
    certain = "".join(wary.certain for wary in waries)
    if certain:
        rests.append(f"(?<=[{certain}])")
    try:
        # One set of characters in front of all lets `search` run over the others.
        search = re.compile(f"[{''.join(firsts)}](?:{'|'.join(rests)})").search
        by_each = [re.compile(f"[{one}]").match for one in firsts]
    except re.error:  # the plugin border: the glances are as good
        return _everywhere, frozenset()
    alone: frozenset[str] = frozenset().union(*(wary.alone for wary in waries))
    return search, alone.difference(
        char
        for char in alone
        for wary, begins in zip(waries, by_each, strict=True)
        if char not in wary.alone and begins(char) is not None
    )


def _in_words(spelled: Sequence[Spelled]) -> Callable[[str], str | None]:
    """Return `Look.spelled`: it tells nothing unless what is open for one covers all the others."""
    widest = max(spelled, key=lambda one: one.exact and len(one.run))
    run, most = widest.run, widest.most
    covers = all(set(one.run) <= set(run) and one.most >= most for one in spelled)
    if not (widest.exact and covers):
        return _unsure
    hot = frozenset("".join(one.hot for one in spelled)) - _LETTERS
    run = "".join(char for char in run if char not in hot)  # the fewer the faster
    table = bytes(
        _HOT if chr(code) in hot else code if chr(code) in _LETTERS else 32 for code in range(256)
    ).lower()
    firsts: frozenset[bytes] = frozenset().union(*(one.firsts for one in spelled))
    begins = [one.begins for one in spelled if one.begins is not None]

    def look(text: str) -> str | None:
        data = text.encode().translate(table)
        if _HOT in data:
            return None
        words = data.split(b" ")
        last = words.pop()
        if not firsts.isdisjoint(words):
            for begin in begins:
                if begin(words, last):
                    return UNSURE
        kept = text.rstrip(run)
        return kept if len(text) <= most or len(text) - len(kept) <= most else UNSURE

    return look


_everywhere = re.compile("").search


def _unsure(text: str) -> str:
    return UNSURE


_GLANCES = Look(_everywhere, frozenset(), _unsure)
