"""A mark in the choice between synonyms, for models of which nothing but the text can be had.

Of each pair of words that can stand for each other (`synonyms.txt`) the key picks one, by the pair
and the word before. It is opt-in, for it changes what a model wrote: some words of a hundred. It
survives copying, retyping and every format, and dies of a rewording.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chopmark import MarkError

from ._detection import Detection
from ._names import ALPHA, SYNONYMS
from ._prose import Prose
from ._ring import KeyName, Ring, this_epoch
from ._synonym_list import Pair
from ._tails import log10_binomial_tail

_WORDS = "synonyms/1"
"""What stands in the place of a tokenizer, when a key is derived."""
_BIT = math.log10(2)
_PERSON = b"chopmark/syn/1"


class Marking:
    """One text being rewritten under one key, and the places where a word was chosen."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._prose = Prose(self._choose)
        self._original = hmac.new(key, digestmod=hashlib.sha256)
        self._places: set[tuple[str, str]] = set()

    @property
    def places(self) -> int:
        """How many different places were found, a pair behind a word."""
        return len(self._places)

    @property
    def original(self) -> str:
        """HMAC-SHA256, under the key, of the text as it was: to who has the key it proves that."""
        return self._original.hexdigest()

    def feed(self, text: str, *, end: bool = False) -> str:
        """Take the next piece, and return what goes out for it."""
        self._original.update(text.encode("utf-8", "surrogatepass"))
        return self._prose.feed(text, end=end)

    def _choose(self, pair: Pair, which: int, before: str) -> int:
        self._places.add((pair.name, before))
        return chosen(self._key, pair.name, before)


def chosen(key: bytes, pair: str, before: str) -> int:
    """Return which word of `pair`, 0 or 1, stands behind the word `before` under `key`."""
    said = f"{pair}\x1f{before}".encode()
    return hashlib.blake2b(said, key=key, person=_PERSON, digest_size=1).digest()[0] & 1


def read_places(text: str) -> tuple[dict[tuple[str, str], int], int]:
    """Return which word stands at each different place of `text`, the first of each, and how many
    places are repetitions.
    """
    found: dict[tuple[str, str], int] = {}
    repeated = 0

    def look(pair: Pair, which: int, before: str) -> int:
        nonlocal repeated
        if (pair.name, before) in found:
            repeated += 1
        found.setdefault((pair.name, before), which)
        return which

    Prose(look).feed(text, end=True)
    return found, repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymMark:
    """What an operator marks with. Immutable, shared by threads.

    Args:
        ring: the keys.
        alpha: the level of a search: so seldom a text without a mark is called marked.
        clock: what says which epoch it is, YYYY-MM.
    """

    ring: Ring
    alpha: float = ALPHA
    clock: Callable[[], str] = this_epoch

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise MarkError(f"alpha is {self.alpha!r}; write a probability, for example 1e-5")

    def open(self, tenant: str = "") -> tuple[KeyName, Marking]:
        """Return what rewrites one text for `tenant`, and the name of its key.

        Raises:
            RingError: no key is active.
        """
        name, key = self.ring.marking(SYNONYMS, tenant, _WORDS, self.clock())
        return name, Marking(key)

    def mark(self, text: str, tenant: str = "") -> str:
        """Return `text` with the words that the key of today picks."""
        return self.open(tenant)[1].feed(text, end=True)

    def needed(self, keys: int = 1) -> int:
        """Return how many places make a text that was marked and not changed be found."""
        return math.ceil((math.log10(max(1, keys)) - math.log10(self.alpha)) / _BIT - 1e-9)

    def detect(
        self, text: str, *, tenants: Sequence[str] = ("",), epochs: Iterable[str] | None = None
    ) -> Detection:
        """Return whether the words of `text` were picked with a key of the ring.

        The test is exact: of the different places of a text without this mark each agrees with a
        key by a fair coin.

        Raises:
            MarkError: no key can be looked for.
        """
        names = self.ring.finding(tenants, self.clock(), epochs)
        if not names:
            raise MarkError("no key to look for: the ring has none, or they are revoked")
        places, repeated = read_places(text)
        best, best_key = 0.0, names[0]
        for name in names:
            key = self.ring.derive(name, SYNONYMS, _WORDS)
            hits = sum(chosen(key, *place) == which for place, which in places.items())
            tail = log10_binomial_tail(len(places), hits, 0.5)
            if tail < best:
                best, best_key = tail, name
        return self._conclude(best, best_key, len(names), len(places), repeated)

    def _conclude(
        self, log10_p: float, key: KeyName, keys: int, places: int, repeated: int
    ) -> Detection:
        adjusted = min(0.0, log10_p + math.log10(keys))
        marked = adjusted <= math.log10(self.alpha) + 1e-9
        needed = self.needed(keys)
        note = f"{places} places have a choice of words, {needed} would be needed"
        return Detection(
            verdict="marked" if marked else "inconclusive" if places < needed else "no_evidence",
            scheme=SYNONYMS,
            key=key if marked else None,
            log10_p=log10_p,
            log10_p_adjusted=adjusted,
            tests=keys,
            scored=places,
            duplicates=repeated,
            enough={1.0: needed},
            notes=() if marked or places >= needed else (note,),
        )
