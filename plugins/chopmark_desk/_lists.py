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
    Trial,
    WordList,
    diff,
    digest_of,
    problems,
    read_bundled,
    read_bytes,
    read_file,
    read_options,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: its file as it was read, None in `words` where it is refused, and the findings.

    `data` are the bytes of a file of the operator's own, None of a list that comes with the plugin
    or cannot be read.
    """

    source: str
    words: WordList | None
    findings: tuple[Finding, ...]
    data: bytes | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the file, by which one tells whether it is the one that was shown."""
        return digest_of(self.data) if self.data is not None else ""

    @property
    def is_bundled(self) -> bool:
        """Whether it comes with the plugin, so that nobody changes it here."""
        return self.source.startswith("bundled:")

    @property
    def is_open(self) -> bool:
        """Whether it may be changed: a file of the operator's own, with which nothing is wrong."""
        return self.data is not None and self.words is not None

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
        self._holdback = policy.holdback
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

    def named(self, source: str, today: date) -> tuple[int, Listed] | None:
        """Return the list of that source with its number, None where the policy has none."""
        found = self.all(today)
        return next(((n, one) for n, one in enumerate(found, 1) if one.source == source), None)

    def trial(self, today: date, instead: WordList | None = None) -> Trial:
        """Return all lists together, `instead` in the place of the one of its source.

        Raises:
            PolicyError: they do not go together: a service would not take them.
        """
        lists = [one.words for one in self.all(today) if one.words is not None]
        if instead is not None:
            lists = [instead if one.source == instead.source else one for one in lists]
        options = self.options
        return Trial(lists, today, self._holdback, options.foldings, options.request_foldings)

    def findings(self, words: WordList, today: date) -> list[Finding]:
        """Return what is to be said about a list that could be read."""
        return problems(words, today, self.options.foldings)

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
        try:
            data = Path(source).read_bytes()
        except OSError:
            return self._listed(read_file(Path(source)), today)  # which says why
        return self._listed(read_bytes(source, data), today, data)

    def _listed(self, reading: Reading, today: date, data: bytes | None = None) -> Listed:
        found = [
            Finding(grade="error", source=reading.source, where=fault.where, what=fault.what)
            for fault in reading.faults
        ]
        if reading.words is not None:
            found += self.findings(reading.words, today)
        return Listed(reading.source, reading.words, tuple(found), data)


def _stamp(source: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(source)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
