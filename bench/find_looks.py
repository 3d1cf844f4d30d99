"""What bench/find.py looks for in a log, and how often it is found: processes look side by side."""

from __future__ import annotations

import multiprocessing
import random
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from find_texts import FORMULAS, Source, unrelated

from chopmark.shares import wilson
from chopmark_log._find import find
from chopmark_log._folder import LogFolder
from chopmark_log._mapped import Mapped

AT_ONCE = 8  # looks that a process is given at once


@dataclass(frozen=True)
class Look:
    """A text that is sought: of which source, how it was changed, and which records have it.

    Found is a text that ought not to be, of which `records` is None, where any record is told.
    """

    source: str
    language: str
    kind: str
    text: str
    records: frozenset[str] | None = None


@dataclass(frozen=True)
class Seen:
    """Whether a text was found, and the seconds that took, by the clock and of a core."""

    found: bool
    wall: float
    own: float


@dataclass
class Sought:
    """How often texts were found."""

    found: int = 0
    count: int = 0
    wrong: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        low, high = wilson(self.found, self.count)
        rate = self.found / max(self.count, 1)
        return {
            "found": self.found, "of": self.count, "rate": rate, "low": low, "high": high,
            "wrong": self.wrong,
        }  # fmt: skip

    def __str__(self) -> str:
        low, high = wilson(self.found, self.count)
        return f"{self.found / max(self.count, 1):.3f} [{low:.3f} .. {high:.3f}]"


class Known:
    """The answers of a log, by what is in them."""

    def __init__(self, records: Mapping[str, str]) -> None:
        self._all = "\0".join(records)
        self._ends = list(accumulate(len(text) + 1 for text in records))
        self._ids = list(records.values())

    def having(self, part: str) -> frozenset[str]:
        """Return the records of the answers that have `part`."""
        found, at = set(), self._all.find(part)
        while at >= 0:
            n = bisect_right(self._ends, at)
            found.add(self._ids[n])
            at = self._all.find(part, self._ends[n])
        return frozenset(found)


def looks_for(source: Source, host: Sequence[str], known: Known, ask: Any) -> Iterator[Look]:
    chance = random.Random(ask.seed)

    def look(kind: str, text: str, part: str | None = None) -> Look:
        records = None if part is None else known.having(part)
        return Look(source.name, source.language, kind, text, records)

    for text in chance.sample(source.kept, min(ask.cases, len(source.kept))):
        styled = f"> **{text[:20]}**{text[20:]}".replace("，", ", ").replace(" ", "\u3000").upper()
        yield look("set otherwise", styled, text)
        for percent in ask.edits:
            yield look(f"{percent} % edited", edited(text, percent / 100, chance), text)
        for length in ask.quotes:
            at = chance.randrange(max(1, len(text) - length))
            part = text[at : at + length]
            around = chance.choice(host)[:300]
            yield look(f"{length} characters quoted", around[:150] + part + around[150:], part)
    for text in unrelated(source)[: ask.cases]:
        yield look("unrelated", text)
        formula = chance.choice(FORMULAS[source.language])
        at = chance.randrange(len(text))
        yield look("with a formula", text[:at] + formula + text[at:])
    for text in source.out[: ask.cases]:
        yield look("all that stayed out", text)


def edited(text: str, share: float, chance: random.Random) -> str:
    made: list[str] = []
    for one in text:
        if chance.random() < share:
            other = chance.choice(text)
            made += chance.choice(((), (other,), (one, other)))
        else:
            made.append(one)
    return "".join(made)


def seen(folder: Path, looks: Sequence[Look], processes: int) -> Iterator[Seen]:
    """Yield what was seen at each look, in order."""
    asked = ((folder, one.text, one.records) for one in looks)
    if processes == 1:
        yield from map(look, asked)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        yield from pool.map(look, asked, chunksize=AT_ONCE)


def look(asked: tuple[Path, str, frozenset[str] | None]) -> Seen:
    path, text, records = asked
    folder, mapped = opened(path)
    wall, own = time.perf_counter(), time.process_time()
    told = find(folder, text, mapped=mapped)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    enough = {one.record for one in told.matches if one.worth == "enough"}
    return Seen(bool(enough if records is None else enough & records), wall, own)


@lru_cache(maxsize=1)
def opened(path: Path) -> tuple[LogFolder, Mapped]:
    return LogFolder(path), Mapped()


def counted(looks: Sequence[Look], every: Sequence[Seen]) -> dict[str, dict[str, Sought]]:
    """Return what was found, by sources, by languages, and of all together, and by kinds."""
    found: dict[str, dict[str, Sought]] = defaultdict(lambda: defaultdict(Sought))
    for one, what in zip(looks, every, strict=True):
        for name in (one.source, f"all in {one.language}", "all together"):
            sought = found[name][one.kind]
            sought.count += 1
            sought.found += what.found
        if what.found == (one.records is None):
            found[one.source][one.kind].wrong.append(one.text)
    return found
