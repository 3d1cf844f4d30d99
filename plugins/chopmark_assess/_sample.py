"""Draws the cases that a run asks: at random, and again the same with the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ._bank import Bank, Case


def sample(banks: Iterable[Bank], sizes: Mapping[str, int], seed: str) -> list[Case]:
    """Return `sizes` cases of each kind, all where a kind is not in `sizes`, or has not so many.

    Cases are drawn by the SHA-256 of seed and id: the order of files and lines does not matter, and
    a larger sample with the same seed holds the smaller one.
    """
    by_kind: dict[str, list[Case]] = {}
    for bank in banks:
        for case in bank.cases:
            by_kind.setdefault(case.kind, []).append(case)
    drawn = []
    for kind, cases in by_kind.items():
        cases.sort(key=lambda case: lot(case.id, seed))
        drawn += cases[: sizes.get(kind, len(cases))]
    # Kinds are mixed, so that a run that was broken off says something of all of them.
    return sorted(drawn, key=lambda case: lot(case.id, seed))


def lot(ident: str, seed: str) -> bytes:
    """Return what to sort `ident` by, so that the order is random and the same for a `seed`."""
    return hashlib.sha256(f"{seed}\x1f{ident}".encode("utf-8", "surrogatepass")).digest()
