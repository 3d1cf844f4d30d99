"""The marks of one call: in its channels, and beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ._engine import Engine
from ._screen import Screen
from ._values import Failure, Kind, Mark, Request
from .hookspecs import Marker, Marking


class MarkFailed(Exception):  # noqa: N818  internal: becomes a MarkError
    """A marker broke, and the policy does not let an unmarked answer out."""


class Lane:
    """One channel of the answer: its screen and, for prose, its markings.

    `active` are the markings that may still change what goes out before the end.
    """

    __slots__ = ("active", "markings", "screen")

    def __init__(self, screen: Screen, markings: list[tuple[Marker, Marking]]) -> None:
        self.screen = screen
        self.markings = markings
        self.active = list(markings)


class Marks:
    """Opens, feeds and ends the markings of a call.

    `made` are the marks in the answer, placed or not, in the order in which they ended; `beside`
    those that stand beside it; `failures` tells of every marker that broke.
    """

    def __init__(self, engine: Engine) -> None:
        self.made: list[Mark] = []
        self.beside: list[Mark] = []
        self.failures: list[Failure] = []
        self._engine = engine
        self._called = False  # whether the answer has a tool call

    @property
    def told(self) -> Sequence[Mark]:
        """What the response says of `made`; of an answer that is tool calls alone, why there are
        none.
        """
        return self._missing("a tool call") if self._called and not self.made else self.made

    def begin(self, request: Request) -> None:
        """Make the marks that stand beside the answer."""
        for marker in self._engine.beside:
            try:
                self.beside += marker.open(request).finish()[1]
            except Exception as error:  # noqa: BLE001  the plugin border
                self.broke(marker, error)

    def open(self, kind: Kind, request: Request) -> list[tuple[Marker, Marking]]:
        """Return the markings of a new channel; only prose has any."""
        markers = self._engine.markers
        if kind == "answer":
            return [(m, m.open(request)) for m in markers]
        if kind == "structured":
            missing = self._missing("a structured answer")
            self.made += [mark for mark in missing if mark not in self.made]  # of a parsed copy
        self._called = self._called or kind == "tool_call"
        return []

    def _missing(self, what: str) -> list[Mark]:
        reason = f"{what} is JSON for a program, and marks stand beside it"
        markers = self._engine.markers
        return [Mark(marker=m.name, kind=m.kind, placed=False, reason=reason) for m in markers]

    def feed(self, lane: Lane, text: str) -> str:
        """Return what goes out for the next text of a channel."""
        for pair in tuple(lane.active):
            marking = pair[1]
            try:
                text = marking.feed(text)
                if getattr(marking, "done", False):
                    lane.active.remove(pair)
            except Exception as error:  # noqa: BLE001  the plugin border
                lane.active.remove(pair)
                lane.markings.remove(pair)
                self.broke(pair[0], error)
        return text

    def end(self, lane: Lane) -> str:
        """Finish the markings in order; what one appends goes through those behind it."""
        tail = ""
        while lane.markings:
            pair = lane.markings.pop(0)
            try:
                tail = pair[1].feed(tail) if tail else tail
                end, marks = pair[1].finish()
            except Exception as error:  # noqa: BLE001  the plugin border
                self.broke(pair[0], error)
                continue
            tail += end
            self.made += marks
        return tail

    def cut(self, lanes: Sequence[Lane], *, said: bool) -> None:
        """End the channels without another delivery: what was to come at their end is missing.

        `said` is whether anything of the answer was delivered.
        """
        made = len(self.made)
        for lane in lanes:
            try:
                self.end(lane)
            except MarkFailed:
                continue
        for n, mark in enumerate(self.made[made:], made):
            if mark.placed and (mark.where == "end" or not said):
                reason = "the answer was cut off before its end"
                self.made[n] = replace(mark, placed=False, reason=reason)

    def unplaced(self) -> list[Mark]:
        """Return the marks beside an answer of which nothing was delivered."""
        reason = "nothing of the answer was delivered, and a refusal is not what a model generated"
        return [replace(mark, placed=False, reason=reason) for mark in self.beside]

    def broke(self, marker: Marker, error: Exception) -> None:
        """Keep that `marker` raised; raise `MarkFailed` where no unmarked answer may go out."""
        handled = self._engine.policy.on_error.marker
        name = marker.name
        self.failures.append(
            Failure(role="marker", name=name, error=type(error).__name__, handled=handled)
        )
        reason = f"the marker broke: {type(error).__name__}"
        self.made.append(Mark(marker=name, kind=marker.kind, placed=False, reason=reason))
        if handled == "block":
            raise MarkFailed from error


def labels_of(beside: Sequence[Mark]) -> dict[str, Mapping[str, str]]:
    """Return the labels that an adapter carries in its framework's metadata, by their place."""
    return {mark.where: mark.data for mark in beside if mark.placed}
