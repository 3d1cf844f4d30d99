"""Judges one text in progress, and lets go of what no detector can still be waiting on.

The text that goes out, and the verdicts that are kept, are a function of the whole text alone:
a denied span ends the text at its first character, and that is decided only when every detector
has settled the text up to and including that character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ._checked import VerdictError, checked
from ._glance import calm_for, skip
from ._replacing import clusters, order, past
from ._values import Context, Direction, Failure, Kind, Outcome, Verdict
from ._waiting import PatientScanner, Waiting, patient
from ._watch import Feed, Watch, feeds, opened
from .hookspecs import Detector
from .policy import Handling


class Screen:
    """Feeds one text to its scanners and releases it as they settle it.

    `decide` gives a verdict its outcome. `modifies` is False where replacing text would break
    the answer (a tool call): such verdicts then warn. `stopped` turns True when a denied span is
    certain; nothing from that span on is ever released.

    While all is calm the text goes by the scanners, which glance at it: `calm.feed` then does what
    `feed` does, and returns None where it does not. So does `waiting.feed` while all that is held
    waits for a clause, or the whole text; `waiting` is None where no scanner does.
    """

    __slots__ = (
        "_decide", "_direction", "_escape", "_feeds", "_held", "_kept", "_kind", "_modifies",
        "_on_error", "_part", "_plan", "_released", "_watches", "_worst", "calm", "failures",
        "stopped", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        watches: Sequence[Watch],
        decide: Callable[[Verdict], Outcome],
        on_error: Handling,
        *,
        modifies: bool = True,
        escape: Callable[[str], str] | None = None,
    ) -> None:
        self._watches = watches
        self._decide = decide
        self._on_error = on_error
        self._modifies = modifies
        self._escape = escape
        self.calm = calm_for([watch.scanner for watch in watches])
        self._feeds: list[Feed] = []
        self.waiting: Waiting | None = None
        if not self.calm.on:
            self.look_closely()
        self._held = ""  # this and the next are of no meaning while all is calm
        self._released = 0
        self._plan: list[Verdict] = []  # decided verdicts that still bear on held text
        self._kept: list[Verdict] = []
        self._direction: Direction = "output"
        self._kind: Kind = "answer"
        self._part = 0
        self.failures: list[Failure] = []
        self.stopped = False
        self._worst = 0

    def place(self, context: Context, part: int) -> None:
        """Say where the text stands; every verdict carries it."""
        self._direction, self._kind, self._part = context.direction, context.kind, part

    def look_closely(self) -> None:
        """Feed the scanners from now on: a glance at the text is not enough."""
        self._open()
        self.calm.give_up()
        self.calm.on = False
        self._feeds = feeds(self._watches)
        scanners = patient(watch.scanner for watch in self._watches)
        self.waiting = Waiting(scanners) if scanners else None

    @property
    def released(self) -> int:
        """How many characters of the text were let go."""
        return self.calm.released if self.calm.on else self._released

    @property
    def worst(self) -> int:
        """The most characters that were held at once."""
        held = len(self._held) + (self.waiting.length if self.waiting is not None else 0)
        return max(self._worst, self.calm.worst, held)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts so far on what was released, by their place in the text."""
        return sorted(self._kept, key=order) if self._kept else []

    def due(self, text: str) -> bool:
        """Return whether feeding `text` will ask a detector that blocks."""
        for watch in self._watches:
            if watch.detector.blocking:
                due = getattr(watch.scanner, "due", None)
                if due is None or due(text):
                    return True
        return False

    @property
    def blocking(self) -> bool:
        """Whether a detector here blocks at all."""
        return any(w.detector.blocking for w in self._watches)

    def feed(self, text: str) -> str:
        """Take the next piece of the text and return what may go out now."""
        if not text:
            return ""
        if self.calm.on and (out := self.calm.feed(text)) is not None:
            return out
        return self.feed_scanners(text)

    def feed_scanners(self, text: str) -> str:
        """Do that where `calm.feed` does not."""
        fed = self._wake() + text if self.calm.on else text
        if self.stopped:
            return ""
        if self.waiting is not None and self.waiting.on:
            if self.waiting.feed(text) is not None:
                return ""
            fed = self._collect() + text
        held = self._held = self._held + text if self._held else text
        frontier = end = self._released + len(held)
        for feed, scanner, watch, has_taken in self._feeds:
            try:
                found = feed(text if has_taken else fed)
                settled = scanner.settled
                if found:
                    self._add(found, watch)
                if settled < frontier:
                    frontier = settled
            except Exception as error:  # noqa: BLE001  the plugin border: it becomes a Failure
                self._broke(watch, error)
        if self._plan:
            out = self._release_planned(frontier, last=False)
        elif frontier == end:  # nobody waits for anything
            out, self._held = held, ""
            self._released = end
        else:
            out = self._take(frontier)
        if len(self._held) > self._worst:
            self._worst = len(self._held)
        self._resume(end)
        return out

    def finish(self) -> str:
        """End the text and return the rest of it."""
        calm = self.calm
        if self.stopped or (calm.on and not calm.held):
            return ""
        if calm.on and calm.is_over():
            out, calm.held = calm.held, ""
            return out
        rest = self._wake() if calm.on else self._collect()
        for watch in self._watches:
            has_taken = not rest or isinstance(watch.scanner, PatientScanner)
            try:
                if not has_taken:
                    self._add(watch.scanner.feed(rest), watch)
                found = watch.scanner.finish()
                if found:
                    self._add(found, watch)
            except Exception as error:  # noqa: BLE001  the plugin border
                self._broke(watch, error)
        end = self._released + len(self._held)
        return self._release_planned(end, last=True) if self._plan else self._take(end)

    def _open(self) -> None:
        """Open the scanners of which there is only the sight."""
        if any(watch.unopened for watch in self._watches):
            self._watches = [opened(watch) for watch in self._watches]
            self.calm.followed([watch.scanner for watch in self._watches])

    def _wake(self) -> str:
        """Have the scanners skip what went by and was let go; return the rest, to be fed."""
        self._open()
        self._held, self._released = self.calm.held, self.calm.released
        self._feeds = self._feeds or feeds(self._watches)
        gone, rest = self.calm.wake()
        if gone:
            for watch in self._watches:
                try:
                    skip(watch.scanner, gone)
                except Exception as error:  # noqa: BLE001  the plugin border
                    self._broke(watch, error)
        return rest

    def _resume(self, end: int) -> None:
        """Feed no longer than there is a need; `end` characters were."""
        if self.waiting is not None:
            self.waiting.on = not self.stopped and self.waiting.is_awaited(self._released)
        elif not self._plan and not self.stopped:
            self.calm.resume(self._held, end)

    def _collect(self) -> str:
        """Hold what waited like all the rest, and return it, to be fed."""
        collected = self.waiting.take() if self.waiting is not None else ""
        self._held += collected
        self._worst = max(self._worst, len(self._held))
        return collected

    def _broke(self, watch: Watch, error: Exception) -> None:
        """Part with what broke and keep the failure; by policy deny what is not settled."""
        self._watches = [one for one in self._watches if one is not watch]
        self._feeds = feeds(self._watches)
        self.calm.give_up()
        if self.waiting is not None:
            self.waiting.part_with(watch.scanner)
        handled = self._on_error
        name = watch.detector.name
        self.failures.append(
            Failure(role="detector", name=name, error=type(error).__name__, handled=handled)
        )
        if handled == "allow":
            return
        end = self._released + len(self._held)
        # A wrong verdict may have stood for any text that its scanner has just settled.
        settled = 0 if isinstance(error, VerdictError) else watch.scanner.settled
        at = min(max(settled, self._released), end)
        broken = Verdict(category="error.detector", start=at, end=max(end, at))
        self._plan.append(self._placed(broken, watch.detector))
        self._plan.sort(key=order)

    def _placed(self, verdict: Verdict, detector: Detector) -> Verdict:
        return replace(
            verdict,
            detector=verdict.detector or detector.name,
            version=verdict.version or detector.version,
            direction=self._direction,
            kind=self._kind,
            part=self._part,
        )

    def _add(self, found: Sequence[Verdict], watch: Watch) -> None:
        end = self._released + len(self._held)
        for verdict in checked(found, end, self._released):
            judged = self._placed(verdict, watch.detector)
            outcome = self._decide(judged)
            if outcome == "modify" and not self._modifies:
                outcome = "warn"
            self._plan.append(replace(judged, outcome=outcome))
        self._plan.sort(key=order)

    def _release_planned(self, frontier: int, *, last: bool) -> str:
        stop = min((v.start for v in self._plan if v.outcome in _STOPS), default=None)
        certain = stop is not None and (last or frontier > stop)
        limit = frontier if stop is None else min(frontier, stop)
        out: list[str] = []
        for start, end, text in clusters(self._plan):
            if end <= self._released:
                continue
            if start >= limit:
                break
            if end > limit:  # others may still join it, or it runs into what is denied
                limit = start
                break
            out.append(self._take(start))
            out.append(self._escape(text) if self._escape else text)
            self._drop(end)
        out.append(self._take(limit))
        if certain and stop is not None:
            self.stopped = True
            self._held = ""
            self._kept += [v for v in self._plan if v.start <= stop]
            self._plan = []
        else:
            done = self._released
            self._kept += [v for v in self._plan if last or past(v, done)]
            self._plan = [] if last else [v for v in self._plan if not past(v, done)]
        return "".join(out)

    def _take(self, until: int) -> str:
        cut = until - self._released
        if cut <= 0:
            return ""
        out, self._held = self._held[:cut], self._held[cut:]
        self._released = until
        return out

    def _drop(self, until: int) -> None:
        self._held = self._held[until - self._released :]
        self._released = until


_STOPS = ("deny", "escalate")
