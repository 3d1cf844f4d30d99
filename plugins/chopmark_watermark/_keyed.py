"""The options of every watermark that has keys: its ring, its level, and for whom it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chopmark.options import Table

from ._names import ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """The file of the ring, the level of a search, and tenants.

    `tenant` is for whom it marks where a call does not say; a mark is sought for all of `tenants`.
    """

    ring: Path
    alpha: float
    tenant: str
    tenants: tuple[str, ...]


def read_keyed(given: Table) -> Keyed:
    """Return what `given` says; raise `PolicyError` naming the key and the cure."""
    tenant = given.text("tenant", "")
    tenants = given.data.get("tenants", [tenant])
    if not isinstance(tenants, list | tuple) or not all(isinstance(t, str) for t in tenants):
        raise given.wrong("tenants", "write a list of texts")  # one of them may be empty
    probability = "write a probability, for example 1e-5"
    return Keyed(
        ring=given.path("ring", cure="name the file of `chopmark watermark keys new FILE`"),
        alpha=given.number("alpha", ALPHA, over=0, under=1, cure=probability),
        tenant=tenant,
        tenants=tuple(tenants),
    )
