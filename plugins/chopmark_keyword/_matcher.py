"""The active entries of some word lists, compiled for matching; immutable, shared by threads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ahocorasick_rs import AhoCorasick, MatchKind

from chopmark import Outcome, Verdict

from ._exact import is_joined
from ._fold import Folder
from ._glance import make_glance
from ._lanes import Disguised, make_lanes
from ._lists import FOLDINGS, Entry, Folding, WordList, next_expiry
from ._scripts import Joint, joint

SLACK = 64
"""The most characters by which an occurrence may be longer than the longest term, which it is
where invisible characters are strewn in; so what is held back stays bounded."""

_RULES = "3"  # changes with what counts as an occurrence, so that `version` does


@dataclass(frozen=True, slots=True)
class Hit:
    """What an occurrence of one entry becomes; the outcome `allow` makes it an exception."""

    category: str
    outcome: Outcome
    score: float
    detail: str

    def verdict(self, start: int, end: int, detail: str) -> Verdict:
        """Return the verdict of an occurrence from `start` to `end`."""
        return Verdict(
            category=self.category,
            start=start,
            end=end,
            score=self.score,
            outcome=self.outcome,
            detail=detail,
        )


class Matcher:
    """Finds terms, and tells which end of a text may still become one.

    `find(folded, True)` returns (pattern, start, end) of every occurrence of every pattern in a
    folded text, word ends not yet looked at. `entries[pattern]` are the ranks of its entries in
    `hits`; `left[pattern]` and `right[pattern]` are what a neighbour must not join with, empty
    where any may stand there. `ends` are the characters in which a pending text can end.
    `glance` tells what needs no closer look, where that can be told (`_glance`), `wary` and
    `spelled` what needs no glance. `reach` is the most characters of a text that an occurrence may
    span; it exceeds `most` only where the longest term does. `until` is the last day on which the
    same entries are active, None where that is for ever. `lanes` are further ways to compare, for
    the entries that ask for them; `needs` is the most characters that an occurrence may span in any
    of them. `request_lanes` are those for what goes in: a request is there from the beginning, so
    they hold back nothing; `unlettered_lanes` are those of them that see something in a text
    without Latin letters and figures. `coded` are the details of the entries that are looked for in
    what the codes of a request say.
    """

    __slots__ = (
        "_heads", "_lengths", "_singles", "_twos", "coded", "digest", "ends", "entries", "find",
        "fold", "glance", "hits", "lanes", "left", "longest", "needs", "plain", "reach",
        "request_lanes", "right", "same", "spelled",
        "unlettered_lanes", "until", "wary",
    )  # fmt: skip

    def __init__(
        self,
        lists: Sequence[WordList],
        today: date,
        most: int = 1 << 30,
        foldings: Mapping[str, Folding] = MappingProxyType({}),
        request_foldings: Mapping[str, Folding] = MappingProxyType({}),
    ) -> None:
        entries: dict[str, list[int]] = {}
        exact: dict[str, list[int]] = {}
        joined: dict[str, list[int]] = {}
        disguised = Disguised()
        in_requests = Disguised()
        hits: list[Hit] = []
        facts: list[object] = [_RULES]
        for words in lists:
            for entry in words.active(today):
                detail = f"{words.name}#{entry.number}"
                folded, outcome = entry.folded, entry.outcome
                folding = folding_of(entry, foldings)
                told: tuple[object, ...] = (
                    detail,
                    entry.term,
                    entry.category,
                    outcome,
                    entry.score,
                    folding,
                )
                if folding == "none":
                    exact.setdefault(entry.term, []).append(len(hits))
                elif is_joined(folded):
                    joined.setdefault(entry.term, []).append(len(hits))
                else:
                    entries.setdefault(folded, []).append(len(hits))
                    further = further_of(entry, folding, request_foldings)
                    disguised.add(entry, len(hits), folding)
                    in_requests.add(entry, len(hits), further)
                    told = told if further == folding else (*told, further)
                hits.append(Hit(entry.category, outcome, entry.score, detail))
                facts.append(told)
        terms = list(entries)
        self.hits = tuple(hits)
        self.entries = tuple(map(tuple, entries.values()))
        self.left: tuple[Joint, ...] = tuple(joint(term[0]) for term in terms)
        self.right: tuple[Joint, ...] = tuple(joint(term[-1]) for term in terms)
        self.longest = max(map(len, (*terms, *exact, *joined)), default=0)
        self.reach = max(self.longest + 1, min(self.longest + SLACK, most))
        self.lanes = tuple(make_lanes(exact, joined, disguised, self.reach, most))
        for lane in self.lanes:
            lane.prepare()
        self.request_lanes = self.lanes
        if in_requests != disguised or in_requests.coded:
            self.request_lanes = tuple(
                make_lanes(exact, joined, in_requests, self.reach, most, whole=True)
            )
        self.unlettered_lanes = tuple(x for x in self.request_lanes if not x.sight.lettered)
        coded = {rank for ranks in in_requests.coded.values() for rank in ranks}
        self.coded = frozenset(hits[rank].detail for rank in coded)
        self.needs = max((lane.reach for lane in self.lanes), default=self.reach)
        self.until = next_expiry(lists, today)
        text = json.dumps(facts, ensure_ascii=True)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        folder = Folder(set().union(*terms))
        self.fold = folder.fold
        self.plain = folder.plain
        self.same = folder.same
        # Overlapping matches: a rejected occurrence must not hide another one beneath it.
        automaton = AhoCorasick(terms, matchkind=MatchKind.Standard, store_patterns=False)
        self.find = automaton.find_matches_as_indexes
        self._heads = _heads(terms)
        self._singles = {head: joint(head) for head in self._heads if len(head) == 1}
        self._twos = frozenset(head for head in self._heads if len(head) == 2)
        self._lengths = _lengths(self._heads)
        self.ends = frozenset(head[-1] for head in self._heads)
        alone = {c for c, bound in self._singles.items() if not bound}.difference(terms)
        seen = make_glance(terms, folder.changed, self._heads, alone)
        self.glance = None if seen is None else seen.glance
        self.wary = None if seen is None else seen.wary
        self.spelled = None if seen is None else seen.spelled

    def pending(self, folded: str, before: str, oldest: int = 0) -> int:
        """Return the length of the longest end of `folded` that may still become an occurrence.

        The last character of `before` stands before `folded`; an end that starts before the
        index `oldest` does not count. A term whose last letter is there, but not yet what follows
        it, is pending.
        """
        lengths = self._lengths.get(folded[-3:], ())
        if folded[-2:] in self._twos:
            lengths = (*lengths, 2)
        if folded[-1:] in self._singles:
            lengths = (*lengths, 1)
        for length in lengths:
            at = len(folded) - length
            if at < oldest or (length > 3 and folded[at:] not in self._heads):
                continue
            bound = self._singles[folded[at]]
            neighbour = folded[at - 1] if at else before[-1:]
            if not (bound and neighbour and joint(neighbour) == bound):
                return length
        return 0


def folding_of(entry: Entry, foldings: Mapping[str, Folding]) -> Folding:
    """Return how far to see for `entry`: as it says, else as `foldings` say for its category.

    There the longest category counts that is the entry's own or above it; `*` is for the rest.
    """
    if entry.folding is not None:
        return entry.folding
    category = entry.category
    while category and category not in foldings:
        category = category.rpartition(".")[0]
    return foldings.get(category or "*", "plain")


def further_of(entry: Entry, folding: Folding, foldings: Mapping[str, Folding]) -> Folding:
    """Return how far to see for `entry` in a request: as `foldings` say, `folding` at the least."""
    if not foldings or entry.folding is not None:
        return folding
    return max(folding, folding_of(entry, foldings), key=FOLDINGS.index)


def _heads(terms: Iterable[str]) -> frozenset[str]:
    """Return what a text can end in while a term is pending."""
    heads: set[str] = set()
    for term in terms:
        last = len(term) if joint(term[-1]) else len(term) - 1
        heads.update(term[:n] for n in range(1, last + 1))
    return frozenset(heads)


def _lengths(heads: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
    """Return the lengths of `heads`, 3 and more, by their last three characters, longest first.

    Three, because few ends of an ordinary text then look like those of a head.
    """
    found: dict[str, set[int]] = {}
    for head in heads:
        if len(head) < 3:
            continue
        found.setdefault(head[-3:], set()).add(len(head))
    return {key: tuple(sorted(lengths, reverse=True)) for key, lengths in found.items()}
