"""The marker that rewrites an answer while it is streamed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chopmark import Mark, MarkError, Policy, PolicyError, Request
from chopmark.options import Table

from ._keyed import read_keyed
from ._names import NAME, SYNONYMS
from ._ring import KeyName
from ._ring_file import read_ring
from ._synonyms import Marking, SynonymMark

TENANT = "tenant"


class SynonymMarker:
    """Picks between synonyms in the prose of answers. Immutable, shared by threads."""

    name = SYNONYMS
    version = "1"
    kind = "watermark"

    def __init__(self, mark: SynonymMark, tenant: str = "", tenants: Sequence[str] = ("",)) -> None:
        self.mark, self.tenant, self.tenants = mark, tenant, tuple(tenants)

    def open(self, request: Request) -> SynonymMarking:
        """Return the marking of one answer.

        Raises:
            MarkError: the request's tenant is no text.
        """
        tenant = request.metadata.get(TENANT, self.tenant)
        if not isinstance(tenant, str):
            raise MarkError(f"metadata {TENANT!r} is {tenant!r}; write the tenant's name as text")
        keys = len(self.mark.ring.finding(self.tenants, self.mark.clock()))
        return SynonymMarking(*self.mark.open(tenant), self.mark.needed(keys))

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the mark that `text` carries, with `verdict`, `band` and `key`."""
        found = self.mark.detect(text, tenants=self.tenants)
        if found.verdict != "marked":
            return ()
        data = {"scheme": SYNONYMS, "verdict": found.verdict, "band": found.band}
        return (_mark({**data, "key": str(found.key)}),)


class SynonymMarking:
    """One answer being rewritten, a word or two behind what comes."""

    def __init__(self, key: KeyName, marking: Marking, needed: int) -> None:
        self._key, self._marking, self._needed = key, marking, needed

    def feed(self, text: str) -> str:
        """Take the next piece of the answer, and return what goes out for it."""
        return self._marking.feed(text)

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return what was held back, and whether there are places enough to find the mark by."""
        tail = self._marking.feed("", end=True)
        places = self._marking.places
        data = {
            "scheme": SYNONYMS,
            "key": str(self._key),
            "places": str(places),
            "original": self._marking.original,
        }
        short = places < self._needed
        reason = f"{places} places have a choice of words, {self._needed} would be needed"
        return tail, [_mark(data, reason if short else "")]


def read_synonym_marker(policy: Policy) -> SynonymMarker | None:
    """Return the marker that `synonyms` in `policy` asks for, None where it does not.

    Raises:
        PolicyError: naming the key and the cure.
    """
    given = Table(NAME, policy.options(NAME), Path(policy.folder))
    if not given.switch(SYNONYMS, False):
        return None
    keyed = read_keyed(given)
    try:
        mark = SynonymMark(ring=read_ring(keyed.ring), alpha=keyed.alpha)
    except MarkError as error:
        raise PolicyError(f"plugin {NAME!r}: {error}") from error
    return SynonymMarker(mark, keyed.tenant, keyed.tenants)


def _mark(data: dict[str, str], reason: str = "") -> Mark:
    return Mark(
        marker=SYNONYMS,
        kind="watermark",
        where="words",
        placed=not reason,
        reason=reason,
        data=data,
    )
