"""Finds the terms of a matcher in one text in progress, and holds back no more than it must.

An occurrence is a term in the folded text with a word end on either side where the term begins or
ends in a letter or a number of a spaced script. Every occurrence of every entry is reported,
overlapping ones too, but for those that lie wholly inside an occurrence of an exception (level
`allow`). Verdicts come sorted by start, the longer first, then in the order of the lists.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from chopmark import Verdict

from ._glance import ends
from ._matcher import Matcher
from ._scripts import joint


class KeywordSight:
    """What a text is glanced at with, until it has to be scanned. Immutable, shared by threads."""

    __slots__ = ("_matcher", "glance", "spelled", "wary")

    def __init__(self, matcher: Matcher) -> None:
        assert matcher.glance is not None
        self.glance, self.wary, self.spelled = matcher.glance, matcher.wary, matcher.spelled
        self._matcher = matcher

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`, with which the whole text ends."""
        return ends(self.glance, text)

    def open(self) -> KeywordScanner:
        """Return a scanner of the text, for the same lists."""
        return KeywordScanner(self._matcher)


class KeywordScanner:
    """One text in progress; not shared by threads.

    `settled` is where the longest end of the text starts that may still become an occurrence:
    all that was fed, while none is pending. A verdict is returned when `settled` passes its start.
    """

    __slots__ = (
        "_before", "_cover", "_matcher", "_moved", "_queue", "_seen", "_tail", "glance", "settled",
        "spelled", "wary",
    )  # fmt: skip

    def __init__(self, matcher: Matcher) -> None:
        self.settled = 0
        self._matcher = matcher
        self.glance = matcher.glance
        self.wary, self.spelled = matcher.wary, matcher.spelled
        self._seen = 0
        self._before = ""  # folded text, of which the last character stands before the tail
        self._tail = ""  # the pending end of the text, folded
        self._moved: list[int] | None = None  # its offsets, where they are not `settled` and on
        self._queue: list[tuple[int, int, bool, int]] = []
        self._cover = 0  # where the exceptions end that start before `settled`

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        glance = self.glance
        if glance is not None and text and self._moved is None:
            joined = self._tail + text if self._tail else text
            waiting = glance(joined)
            if waiting >= 0:  # which is so for most text
                self._seen = seen = self.settled + len(joined)
                if not waiting:
                    self._before, self._tail, self.settled = joined, "", seen
                else:
                    self._before = joined[:-waiting] or self._before
                    self._tail = joined[-waiting:].lower()
                    self.settled = seen - waiting
                return self._ready() if self._queue else ()
        self.advance(text)
        return self._ready() if self._queue else ()

    @property
    def calm(self) -> bool:
        """Whether nothing was found that is not settled, nor folded to another length."""
        return not self._queue and self._moved is None and self._cover <= self.settled

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`, with which the whole text ends."""
        return self.glance is not None and ends(self.glance, text)

    def skip(self, text: str) -> None:
        """Settle what was fed, and `text` behind it, in which there is nothing."""
        self._before = (text or self._tail or self._before)[-1:]
        self._tail = ""
        self._seen += len(text)
        self.settled = self._seen

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is pending becomes an occurrence, or nothing."""
        self.end()
        return self._ready()

    def drain(self) -> Sequence[tuple[int, int, bool, int]]:
        """Return what was found since the last time, for one who puts it in order himself.

        These are start, minus end, whether it is reported, and the rank of the entry.
        """
        queue, self._queue = self._queue, []
        return queue

    def advance(self, text: str) -> None:
        """Take the next piece, and keep what is found."""
        matcher = self._matcher
        if self._moved is not None:
            self._advance_moved(text)
            return
        if matcher.same(text) is None:
            folded = text
        elif matcher.plain(text) is None:
            folded = text.casefold()
        else:
            self._advance_moved(text)
            return
        tail = self._tail
        if tail:
            folded = tail + folded
        self._seen = seen = self._seen + len(text)
        found = matcher.find(folded, True)
        if found:
            self._take(found, folded, range(self.settled, seen), len(tail))
        length = matcher.pending(folded, self._before) if folded[-1:] in matcher.ends else 0
        if length:
            cut = len(folded) - length
            if cut:
                self._before = folded[:cut]
            self._tail = folded[cut:]
            self.settled = seen - length
        else:
            if folded:
                self._before = folded
            self._tail = ""
            self.settled = seen

    def _advance_moved(self, text: str) -> None:
        """Take the next piece where folded characters may not stand where their sources do."""
        matcher = self._matcher
        since, old = self._seen, len(self._tail)
        self._seen = since + len(text)
        folded, moved = matcher.fold(text)
        if moved is None:
            offsets = [*range(since, self._seen)]
        else:
            offsets = [since + n for n in moved] if since else moved
        if old:
            held = range(self.settled, since) if self._moved is None else self._moved
            offsets = [*held, *offsets]
        folded = self._tail + folded
        self._take(matcher.find(folded, True), folded, offsets, old)
        oldest = bisect_right(offsets, self._seen - matcher.reach)
        cut = len(folded) - matcher.pending(folded, self._before, oldest)
        if cut:
            self._before = folded[:cut]
        self._tail = folded[cut:]
        self.settled = offsets[cut] if self._tail else self._seen
        left = offsets[cut:]
        self._moved = None if left == [*range(self.settled, self._seen)] else left

    def end(self) -> None:
        """End the text, and keep what is found."""
        tail = self._tail
        found = self._matcher.find(tail, True)
        offsets = range(self.settled, self._seen) if self._moved is None else self._moved
        self._take(found, tail, offsets, len(tail), last=True)
        self._tail = ""
        self._moved = None
        self.settled = self._seen

    def _take(
        self,
        found: Iterable[tuple[int, int, int]],
        folded: str,
        offsets: Sequence[int],
        old: int,
        *,
        last: bool = False,
    ) -> None:
        """Queue the matches that are occurrences, and that no earlier call has queued."""
        matcher = self._matcher
        for pattern, at, to in found:
            right = matcher.right[pattern]
            if to < old or (to == old and not right):
                continue
            left = matcher.left[pattern]
            if left and joint(folded[at - 1] if at else self._before[-1:] or " ") == left:
                continue
            start, end = offsets[at], offsets[to - 1] + 1
            beyond = start + matcher.reach  # what stands from here on bears on nothing
            if end > beyond:
                continue
            if right and to < len(folded):
                if joint(folded[to]) == right and offsets[to] < beyond:
                    continue
            elif right and not last and self._seen < beyond:
                continue  # pending: what follows decides
            for rank in matcher.entries[pattern]:
                reported = matcher.hits[rank].outcome != "allow"
                self._queue.append((start, -end, reported, rank))

    def _ready(self) -> Sequence[Verdict]:
        """Return the verdicts that start before `settled`, and keep the others."""
        queue, settled = self._queue, self.settled
        queue.sort()
        found: list[Verdict] = []
        done = 0
        previous = None
        for item in queue:
            start, end, reported, rank = item[0], -item[1], item[2], item[3]
            if start >= settled:
                break
            done += 1
            if not reported:
                self._cover = max(self._cover, end)
            elif end > self._cover and item != previous:
                hit = self._matcher.hits[rank]
                found.append(hit.verdict(start, end, hit.detail))
            previous = item
        del queue[:done]
        return found
