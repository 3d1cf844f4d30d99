"""Makes the lanes of a set of entries: which sights their terms ask for, and how far they reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ._encoded import Encoded, Rotated
from ._exact import Exact, Joined
from ._initials import Initials
from ._lane import Lane, Sight
from ._lists import Entry, Folding
from ._parts import Parts
from ._sounds import Sounds
from ._tones import Tones
from ._words import Words

Terms = Mapping[str, Sequence[int]]
"""Terms, with the ranks of their entries."""


@dataclass(frozen=True, slots=True)
class Disguised:
    """Terms by how far to see for them: `hidden` those of level `disguise` and above, folded;
    `coded` those of level `decode`.
    """

    hidden: dict[str, list[int]] = field(default_factory=dict)
    coded: dict[str, list[int]] = field(default_factory=dict)

    def add(self, entry: Entry, rank: int, folding: Folding) -> None:
        """Add the entry of a rank where it is to be seen further than plainly."""
        if folding in ("disguise", "decode"):
            self.hidden.setdefault(entry.folded, []).append(rank)
        if folding == "decode":
            self.coded.setdefault(entry.term, []).append(rank)


def make_lanes(
    exact: Terms,
    joined: Terms,
    disguised: Disguised,
    reach: int,
    most: int,
    *,
    whole: bool = False,
) -> list[Lane]:
    """Return the lanes that are needed, none where no term needs one.

    Where texts are `whole`, their codes are read instead of being compared with terms in codes.

    `exact` are terms of level `none`, `joined` terms of scripts with joiners. `reach` is how many
    characters a plain occurrence may span; a disguised one may span twice its spelling and as much
    more as a plain one, but not more than `most`.
    """
    return [
        *_lanes(_exact, exact, reach, reach),
        *_lanes(_joined, joined, reach, reach),
        *_lanes(_hidden, disguised.hidden, reach, most),
        *_lanes(_turned if whole else _coded, disguised.coded, reach, most),
    ]


def _exact(terms: Terms) -> Sequence[Sight]:
    return [Exact()]


def _joined(terms: Terms) -> Sequence[Sight]:
    return [Joined()]


def _hidden(terms: Terms) -> Sequence[Sight]:
    # What one of these leaves to another to wait for, both follow equally far.
    return [Words(), Sounds(), Initials(), Parts(terms)]


def _coded(terms: Terms) -> Sequence[Sight]:
    return [Encoded(), Rotated()]


def _turned(terms: Terms) -> Sequence[Sight]:
    return [Rotated()]


def _lanes(
    sights: Callable[[Terms], Sequence[Sight]], terms: Terms, reach: int, most: int
) -> list[Lane]:
    if not terms:
        return []
    lanes = [lane for lane in (Lane(sight, terms) for sight in sights(terms)) if not lane.empty]
    lanes += [lane.seen_by(Tones()) for lane in lanes if isinstance(lane.sight, Sounds)]
    longest = max((lane.longest for lane in lanes), default=0)
    for lane in lanes:
        lane.reach = max(reach, min(reach + 2 * longest, most))
    return lanes
