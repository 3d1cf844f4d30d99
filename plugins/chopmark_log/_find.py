"""Says whether a text, or a part of it, is an answer that the log has: where, and how rare it is.

A fingerprint is a pointer only. Each answer that one points to is opened, compared with what its
record commits to, and laid beside the text; what is told is which characters are the same. What was
erased or is restricted cannot be opened, so it is not found. That nothing is found proves nothing:
a text may have been paraphrased or translated, or its answer not kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from chopmark import LogError

from ._find_index import Index
from ._find_pointers import Pointers
from ._find_spans import Compared, Span
from ._folder import LogFolder
from ._mapped import Mapped
from ._master import own_master
from ._opened import ClosedError, Opener
from ._segments import Segment
from ._side import Side
from ._store import Store
from ._subject import Keys
from ._tree import WIDTH
from ._winnow import Places, places_in, plain
from .verify import open_disclosure

ENOUGH = 40
"""How many characters in common, less half of those that differ between them, are no chance."""
ENOUGH_WHOLE = 16
"""How many are, where they are all of the text and all of an answer."""
_TOLD = 20  # of less than this, nothing is told
_MOST = 2 / 3  # of a text and of an answer: then it is that answer, however common

How = Literal["identical", "but for formatting", "in part"]
Worth = Literal["enough", "common", "short"]
_WORTHS: tuple[Worth, ...] = ("enough", "common", "short")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the text that is in an answer.

    `text` and `answer` are where it is in each, in code points: the first one, and the one behind
    the last. Of its letters and digits `matched` are the same, in `runs` runs. `entries` is in how
    many entries of the log it is, by its fingerprints.
    """

    text: tuple[int, int]
    answer: tuple[int, int]
    matched: int
    runs: int
    entries: int
    worth: Worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An answer that has parts of the text, the best of them first.

    `time` is in milliseconds since 1970. Of the text's letters and digits `matched` are in it.
    `worth` says whether that is enough to call it ours, too common, or too short.
    """

    index: int
    record: str
    time: int
    model: str
    how: How
    matched: int
    worth: Worth
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of a text of so many `characters`, `compared` of which are letters or digits.

    `entries` is how many the log has. The best match comes first.
    """

    characters: int
    compared: int
    entries: int
    matches: tuple[Match, ...]
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is enough of it in an answer to call it ours."""
        return any(match.worth == "enough" for match in self.matches)

    def to_json(self) -> dict[str, object]:
        """Return this as JSON-able data."""
        return {"found": self.found, **asdict(self)}


def find(
    folder: LogFolder,
    text: str,
    *,
    writing: bool = True,
    told: Callable[[int, int], None] = lambda count, missing: None,
    mapped: Mapped | None = None,
) -> Finding:
    """Return which answers of a log have `text`, or parts of it.

    Args:
        folder: that of the log.
        text: as it was given.
        writing: whether what the index lacks may be kept for the next time; else it is made in
            memory.
        told: hears how many entries more were taken into the index, and how many it lacked.
        mapped: what keeps the index open, where somebody looks more than once.

    Raises:
        LogError: the log or its texts cannot be read, it keeps no contents, or the text has nothing
            to compare.
    """
    mine = plain(text)
    if not mine:
        raise LogError("the text has no letters and no digits, so there is nothing to compare")
    store = folder.open()
    try:
        size = store.size
        if not Keys.are_kept(folder):
            raise LogError(
                f"log {str(folder.path)!r} keeps no contents, so no text can be found in it; with "
                "`contents = true` under [settings.log] it keeps those of calls from then on"
            )
        texts = Side.is_kept(folder)
        if texts:
            _check(folder)
        keys = Keys(folder)
        opened = mapped.open if mapped is not None else Segment.open
        index = Index(folder, store, keys, own_master(folder, keys.check), opened)
        try:
            missing = index.missing
            # What cannot be read now is not to be passed over for ever.
            groups = index.open(lambda count: told(count, missing), writing=writing and texts)
            if index.faults and not texts:
                raise LogError(f"the texts cannot be read: {index.faults[0]}")
            pointers = Pointers(groups, mine, size)
        finally:
            index.close()
            keys.close()
        matches, faults = _Beside(text, mine, pointers).matches(folder, store)
    finally:
        store.close()
    notes = [*index.faults, *faults]
    if len(mine) < ENOUGH:
        notes.append(
            f"the text has {len(mine)} letters and digits; {ENOUGH} in common are enough, or "
            f"{ENOUGH_WHOLE} where they are all of an answer"
        )
    return Finding(
        characters=len(text),
        compared=len(mine),
        entries=size,
        matches=tuple(matches),
        notes=tuple(notes),
    )


def _check(folder: LogFolder) -> None:
    side = Side(folder)
    try:
        side.check()
    finally:
        side.close()


class _Beside:
    """Lays answers beside the text."""

    def __init__(self, text: str, mine: str, pointers: Pointers) -> None:
        self._text, self._plain, self._pointers = text, mine, pointers
        self._places, self._compared = places_in(text), Compared(mine)

    def matches(self, folder: LogFolder, store: Store) -> tuple[list[Match], list[str]]:
        """Return the matches, the best first, and what could not be read."""
        answers, faults = [], []
        opener = Opener(folder)
        try:
            for at, data in _leaves(store, self._pointers.entries):
                leaf = json.loads(data)
                try:
                    answer = open_disclosure(opener.open(leaf)["answer"], leaf)[1]
                except ClosedError:
                    continue
                except LogError as error:
                    faults.append(f"entry {at}: {error}")
                    continue
                answers.append((at, leaf, answer))
        finally:
            opener.close()
        self._pointers.compare([plain(answer) for _, _, answer in answers])
        found = [match for one in answers if (match := self._match(*one)) is not None]
        found.sort(key=lambda one: (_WORTHS.index(one.worth), -one.matched, -one.index))
        return found, faults

    def _match(self, at: int, leaf: dict[str, Any], answer: str) -> Match | None:
        other = plain(answer)
        how: How = "identical" if answer == self._text else "but for formatting"
        if other == self._plain:
            parts = [self._whole(answer)]
        else:
            how = "in part"
            spans = [one for one in self._compared.spans(other) if one.score >= _TOLD]
            places = places_in(answer) if spans else self._places
            parts = [self._part(at, span, other, places) for span in spans]
        if not parts:
            return None
        return Match(
            index=at,
            record=leaf["id"],
            time=leaf["t"],
            model=leaf.get("model", ""),
            how=how,
            matched=sum(part.matched for part in parts),
            worth=min((part.worth for part in parts), key=_WORTHS.index),
            parts=tuple(parts),
        )

    def _whole(self, answer: str) -> Part:
        count = len(self._plain)
        return Part(
            text=(0, len(self._text)),
            answer=(0, len(answer)),
            matched=count,
            runs=1,
            entries=self._pointers.times_whole,
            worth="enough" if count >= ENOUGH_WHOLE else "short",
        )

    def _part(self, at: int, span: Span, other: str, places: Places) -> Part:
        entries = self._pointers.like(at, span, other)
        most = span.matched >= _MOST * max(len(self._plain), len(other))
        worth: Worth = "enough"
        if span.score < ENOUGH:
            worth = "short"
        elif entries > self._pointers.is_common and not most:
            worth = "common"
        return Part(
            text=_stretch(self._places, *span.left),
            answer=_stretch(places, *span.right),
            matched=span.matched,
            runs=len(span.runs),
            entries=entries,
            worth=worth,
        )


def _leaves(store: Store, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield each entry's leaf, in order; a bundle that has several of them is read once."""
    for _, group in groupby(sorted(wanted), lambda at: at // WIDTH):
        near = list(group)
        found = {at: leaf for at, leaf in store.entries(near[0], near[-1] + 1) if at in near}
        for at in near:
            yield at, found[at] if at in found else store.entry(at).leaf  # which says why not


def _stretch(places: Places, start: int, end: int) -> tuple[int, int]:
    return int(places[start]), int(places[end - 1]) + 1
