"""Makes the lanes of a set of entries: which sights their terms ask for, and how far they reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ._encoded import Encoded, Rotated
from ._exact import Exact, Joined
from ._initials import Initials
from ._lane import Lane, Sight, spell
from ._parts import Parts
from ._sounds import Sounds
from ._words import Words

Terms = Mapping[str, Sequence[int]]
"""Terms, with the ranks of their entries."""


def make_lanes(
    exact: Terms, joined: Terms, hidden: Terms, coded: Terms, reach: int, most: int
) -> list[Lane]:
    """Return the lanes that are needed, none where no term needs one.

    `exact` are terms of level `none`, `joined` terms of scripts with joiners, `hidden` those of
    level `disguise` and above, `coded` those of level `decode`. `reach` is how many characters a
    plain occurrence may span; a disguised one may span twice its spelling and as much more as a
    plain one, but not more than `most`.
    """
    return [
        *_lanes((Exact(),), exact, reach, reach),
        *_lanes((Joined(),), joined, reach, reach),
        # What one of these sights leaves to another to wait for, both follow equally far.
        *_lanes((Words(), Sounds(), Initials(), Parts(hidden)), hidden, reach, most),
        *_lanes((Encoded(), Rotated()), coded, reach, most),
    ]


def _lanes(sights: Iterable[Sight], terms: Terms, reach: int, most: int) -> list[Lane]:
    if not terms:
        return []
    spelled = [(sight, spell(sight, terms)) for sight in sights]
    longest = max((len(text) for _, texts in spelled for text in texts), default=0)
    further = max(reach, min(reach + 2 * longest, most))
    return [Lane(sight, texts, further) for sight, texts in spelled if texts]
