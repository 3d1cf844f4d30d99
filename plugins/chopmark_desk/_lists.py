"""The word lists of a policy, as a page shows them: read again where a file changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from chopmark import Policy
from chopmark_keyword import (
    Change,
    Finding,
    Options,
    Reading,
    WordList,
    diff,
    problems,
    read_bundled,
    read_bytes,
    read_file,
    read_options,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: its file as it was read, None in `words` where it is refused, and the findings."""

    source: str
    words: WordList | None
    findings: tuple[Finding, ...]

    @property
    def grades(self) -> Mapping[str, int]:
        """How many findings there are of each grade."""
        found = [finding.grade for finding in self.findings]
        return {grade: found.count(grade) for grade in ("error", "problem", "note")}


class Lists:
    """The lists that `policy` names. Shared by threads.

    Raises:
        PolicyError: an option of plugin `keyword` is wrong.
    """

    def __init__(self, policy: Policy) -> None:
        self.options: Options = read_options(policy)
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], Listed] = {}

    def all(self, today: date) -> list[Listed]:
        """Return the operator's lists, then those that come with the plugin, as of `today`."""
        sources = [*map(str, self.options.lists), *(f"bundled:{n}" for n in self.options.bundled)]
        with self._lock:
            kept = {(source, _stamp(source), today): source for source in sources}
            self._kept = {
                key: self._kept.get(key) or self._read(source, today)
                for key, source in kept.items()
            }
            return list(self._kept.values())

    def proposed(
        self, old: WordList, name: str, data: bytes, today: date
    ) -> tuple[Listed, list[Change]]:
        """Return a list that somebody proposes in the place of `old`, and what it would change.

        Args:
            old: the list in force.
            name: of the file that they sent; its suffix says how it is written.
            data: what is in it.
            today: the day as of which it is looked over.
        """
        listed = self._listed(read_bytes(Path(name).name, data), today)
        return listed, diff(old, listed.words) if listed.words else []

    def _read(self, source: str, today: date) -> Listed:
        bundled = source.removeprefix("bundled:")
        if bundled != source:
            words = read_bundled(bundled)
            return self._listed(Reading(source=source, words=words, faults=()), today)
        return self._listed(read_file(Path(source)), today)

    def _listed(self, reading: Reading, today: date) -> Listed:
        found = [
            Finding(grade="error", source=reading.source, where=fault.where, what=fault.what)
            for fault in reading.faults
        ]
        if reading.words is not None:
            found += problems(reading.words, today, self.options.foldings)
        return Listed(reading.source, reading.words, tuple(found))


def _stamp(source: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(source)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
