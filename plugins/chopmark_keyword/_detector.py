"""The detector of governed word lists."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone

from chopmark import Context, Needs, Policy, PolicyError, Verdict

from ._deep import DeepScanner
from ._library import Library, log
from ._lists import WordList
from ._matcher import Matcher
from ._options import read_options
from ._read import read_bundled
from ._scanner import KeywordScanner, KeywordSight
from ._whole import WholeScanner, is_clear, open_text


def _today() -> date:
    return datetime.now(timezone.utc).date()


class KeywordDetector:
    """Finds the terms of word lists. A `StreamDetector`, shared by threads.

    `version` is the start of the SHA-256 of the active entries; it, and `needs`, change when a
    list does. `clock` gives seconds that only grow, `today` the day (UTC) for `expires`.
    """

    def __init__(
        self,
        library: Library,
        reload_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = _today,
    ) -> None:
        self.name = "keyword"
        self.categories = ("keyword",)
        self.blocking = False
        self._library = library
        self._every = reload_seconds
        self._clock = clock
        self._today = today
        self._busy: dict[int, threading.Lock] = {}  # by process: no fork waits for a look
        self._due = clock() + reload_seconds
        self._use(library.compile(today()))

    @classmethod
    def from_policy(
        cls,
        policy: Policy,
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = _today,
    ) -> KeywordDetector:
        """Return the detector of the lists in `policy`; raise `PolicyError` for a wrong one."""
        options = read_options(policy)
        fixed = [read_bundled(name) for name in options.bundled]
        library = Library(
            fixed, options.lists, policy.holdback, options.foldings, options.request_foldings
        )
        return cls(library, options.reload_seconds, clock=clock, today=today)

    @property
    def lists(self) -> tuple[WordList, ...]:
        """The lists in force, expired entries included."""
        return self._library.lists

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return the occurrences in `text`; by construction what a scanner returns for it."""
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]

    def clears(self, text: str, context: Context) -> bool:
        """Return whether nothing is to be found in a whole text, by the lists as they are now."""
        if self._clock() >= self._due:
            self.refresh()
        return is_clear(self._matcher, text, context)

    def open(self, context: Context) -> KeywordScanner | DeepScanner | WholeScanner:
        """Return a scanner of one text; it keeps to the lists as they are now."""
        if self._clock() >= self._due:
            self.refresh()
        return open_text(self._matcher, context)

    def sight(self, context: Context) -> KeywordSight | None:
        """Return what an answer is glanced at with; None where it has to be scanned, or is none."""
        if self._clock() >= self._due:
            self.refresh()
        return self._sight if context.direction == "output" else None

    def refresh(self) -> None:
        """Look for changed files and entries that expired; a broken file changes nothing.

        While one thread does so, the others go on with the lists as they were. It takes some 20
        microseconds a term, 200 at level `disguise`, 600 at `decode`: where that must not be a
        call's time, set `reload_seconds = inf` and call this from a thread of your own.
        """
        busy = self._busy.setdefault(os.getpid(), threading.Lock())
        if not busy.acquire(blocking=False):
            return
        try:
            self._due = self._clock() + self._every
            today = self._today()
            until = self._matcher.until
            library = self._library.refreshed()
            if library is not self._library or (until is not None and today > until):
                self._adopt(library, today)
        finally:
            busy.release()

    def _adopt(self, library: Library, today: date) -> None:
        try:
            matcher = library.compile(today)
        except PolicyError as error:
            log.warning("%s; the lists as they were before stay in force", error)
            self._library = library.keeping(self._library)
        else:
            self._library = library
            self._use(matcher)

    def _use(self, matcher: Matcher) -> None:
        self.needs = Needs.window(matcher.needs)
        self.version = matcher.digest
        glances = matcher.glance is not None and not matcher.lanes
        self._sight = KeywordSight(matcher) if glances else None
        self._matcher = matcher  # one assignment: a text sees the old lists or the new ones
