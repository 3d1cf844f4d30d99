"""One call in progress: what was asked, what was delivered, what was found. Does no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ._engine import Engine, judge
from ._record import new_id
from ._screen import Screen
from ._strip import OwnError, Stripped, strip_request
from ._values import (
    Chunk,
    Context,
    Ending,
    Failure,
    Kind,
    Mark,
    Request,
    Response,
    Usage,
    Verdict,
)
from .hookspecs import Marker, Marking
from .policy import act, language_of

LaneKey = tuple[Kind, int]


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


class Session:
    """Screens a request, then takes the answer chunk by chunk.

    `stopped` turns True where the policy ends the call; nothing is delivered from then on.
    """

    def __init__(self, engine: Engine, request: Request) -> None:
        self.id = new_id()
        self.request = request
        self.stopped = False
        self.ending: Ending = "completed"
        self.usage: Usage | None = None
        self.blocking = any(d.blocking for d in engine.detectors)
        self._engine = engine
        self._lanes: dict[LaneKey, Lane] = {}
        self._closed: list[Screen] = []
        self._verdicts: list[Verdict] = []
        self._failures: list[Failure] = []
        self._marks: list[Mark] = []
        self._beside: list[Mark] = []
        self.said: list[str] = []  # what the caller was given of the answer
        self._refusal = ""

    @property
    def open(self) -> bool:
        """Whether a channel of the answer has begun and not ended."""
        return bool(self._lanes)

    def screen_request(self, request: Request) -> Request:
        """Take our marks off the messages, and judge those that the policy names.

        Return the request as it may be sent.
        """
        engine = self._engine
        stripped: Mapping[int, Stripped] = {}
        if engine.own:
            try:
                request, stripped = strip_request(engine.own, request)
            except OwnError as broke:
                self._mark_broke(broke.marker, broke.error)
            self.request = request
        if not engine.detectors:
            return request
        messages = list(request.messages)
        changed = False
        for n, message in enumerate(messages):
            if message.role not in engine.policy.roles or not message.text:
                continue
            context = Context(
                direction="input",
                role=message.role,
                audience=request.audience,
                part=n,
                request=request,
            )
            judged = judge(engine, message.text, context, request.audience, n)
            verdicts = judged.verdicts
            self._verdicts += map(stripped[n].given, verdicts) if n in stripped else verdicts
            self._failures += judged.failures
            self.stopped = self.stopped or judged.stopped
            if judged.text != message.text:
                messages[n] = replace(message, text=judged.text)
                changed = True
        if self.stopped:
            self.ending = "blocked"
            return request
        if changed:
            request = replace(request, messages=tuple(messages))
        self.request = request  # what markers see: a vault must know its own placeholders
        return request

    def begin(self) -> Response | None:
        """Make the marks that stand beside the answer, which the model is asked for next.

        Return the response so far, None where there are none.
        """
        markers = self._engine.beside
        if not markers:
            return None
        for marker in markers:
            try:
                self._beside += marker.open(self._named()).finish()[1]
            except Exception as error:  # noqa: BLE001  the plugin border
                self._mark_broke(marker, error)
        return replace(
            self.response(), marks=(*self._marks, *self._beside), labels=_labels(self._beside)
        )

    def due(self, chunk: Chunk) -> bool:
        """Return whether `feed(chunk)` will ask a detector that blocks."""
        return self.lane(chunk.kind, chunk.index).screen.due(chunk.text)

    def feed(self, chunk: Chunk) -> str:
        """Take the next chunk, and return the text that goes out for it."""
        return self.feed_lane(self.lane(chunk.kind, chunk.index), chunk.text)

    def feed_lane(self, lane: Lane, text: str) -> str:
        """Take the next text of a channel, and return what goes out for it."""
        screen = lane.screen
        text = screen.feed(text)
        if screen.stopped:
            self.stopped = True
        return self._mark(lane, text) if text and lane.active else text

    def delivered(self, text: str) -> None:
        """Keep what the caller was given of the answer."""
        if text:
            self.said.append(text)

    def finish(self, keys: Sequence[LaneKey] | None = None) -> list[Chunk]:
        """End the given channels, by default all, and return the texts that end them.

        Once the call is stopped these are the ends of marks alone.
        """
        tails = []
        for key in list(self._lanes) if keys is None else keys:
            lane = self._lanes.pop(key, None)
            if lane is None:
                continue
            text = "" if self.stopped else lane.screen.finish()
            if lane.screen.stopped:
                self.stopped = True
            self._closed.append(lane.screen)
            text = self._mark(lane, text) if text else text
            text += self._end_marks(lane)
            if text:
                tails.append(Chunk(text, key[0], key[1]))
        return tails

    def cut_off(self, ending: Ending) -> None:
        """End the call without another delivery: the caller left, or something broke."""
        self.ending = ending
        made = len(self._marks)
        for lane in self._lanes.values():
            self._closed.append(lane.screen)
            try:
                self._end_marks(lane)
            except MarkFailed:
                continue
        self._lanes.clear()
        for n, mark in enumerate(self._marks[made:], made):
            if mark.placed and (mark.where == "end" or not self.said):
                reason = "the answer was cut off before its end"
                self._marks[n] = replace(mark, placed=False, reason=reason)

    def refuse(self, text: str) -> None:
        """End the call on a wrapper's word, before the model was asked."""
        self.stopped = True
        self._refusal = text
        self._verdicts.append(
            Verdict(category="wrapper", start=0, end=0, detector="wrapper", direction="input")
        )

    def broke(self, error: BaseException, *, in_wrapper: bool) -> None:
        """End the call because the model, or a wrapper before it, raised."""
        self.cut_off("wrapper_error" if in_wrapper else "model_error")
        role = "wrapper" if in_wrapper else "model"
        self._failures.append(
            Failure(role=role, name=role, error=type(error).__name__, handled="raise")
        )

    def response(self) -> Response:
        """Return the answer as it stands, without a receipt."""
        screens = [*self._closed, *(lane.screen for lane in self._lanes.values())]
        verdicts = [*self._verdicts, *(v for s in screens for v in s.verdicts)]
        failures = [*self._failures, *(f for s in screens for f in s.failures)]
        action = act(verdicts)
        stops = action in ("block", "escalate")
        if self.stopped:
            action = action if stops else "block"
        elif self.ending in ("mark_error", "wrapper_error"):
            action = "block"
        elif stops:  # the call ended before the denied text was reached
            action = "allow"
        beside = self._marks_beside(screens)
        return Response(
            id=self.id,
            text="".join(self.said),
            action=action,
            ending="blocked" if self.stopped and self.ending == "completed" else self.ending,
            judged=not any(f.role == "detector" and f.handled == "block" for f in failures),
            refusal=self._refusal or (self._refuse() if self.stopped else ""),
            policy=self._engine.policy_id,
            verdicts=tuple(verdicts),
            marks=(*self._marks, *beside),
            failures=tuple(failures),
            usage=self.usage,
            holdback=max((s.worst for s in screens), default=0),
            labels=_labels(beside),
        )

    def _marks_beside(self, screens: Sequence[Screen]) -> Sequence[Mark]:
        """Return the marks beside the answer; placed only where something of it was delivered."""
        if not self._beside or (self.ending == "completed" and not self.stopped) or self.said:
            return self._beside
        if self.request.stream and any(screen.released for screen in screens):
            return self._beside  # a thought, or a tool call
        reason = "nothing of the answer was delivered, and a refusal is not what a model generated"
        return [replace(mark, placed=False, reason=reason) for mark in self._beside]

    def _named(self) -> Request:
        """Return the request with the id of the call."""
        if self.request.id != self.id:
            self.request = replace(self.request, id=self.id)
        return self.request

    def _refuse(self) -> str:
        """Return the policy's refusal in the language of the last question."""
        locale = self.request.locale
        if not locale:
            asked = [m.text for m in self.request.messages if m.role == "user"][-1:]
            locale = language_of("".join(asked))
        return self._engine.policy.refusal(locale)

    def lane(self, kind: Kind, index: int) -> Lane:
        """Return a channel of the answer, opened where it is new."""
        lane = self._lanes.get((kind, index))
        if lane is None:
            engine, request = self._engine, self.request
            context = Context(
                direction="output",
                kind=kind,
                audience=request.audience,
                part=index,
                request=request,
            )
            screen = engine.open_screen(context, request.audience)
            screen.place(context, index)
            lane = self._lanes[kind, index] = Lane(screen, self._open_marks(kind))
        return lane

    def _open_marks(self, kind: Kind) -> list[tuple[Marker, Marking]]:
        markers = self._engine.markers
        if kind == "answer":
            return [(m, m.open(self._named())) for m in markers]
        if kind == "structured":
            reason = "a structured answer is JSON for a program, and marks stand beside it"
            self._marks += [
                Mark(marker=m.name, kind=m.kind, placed=False, reason=reason) for m in markers
            ]
        return []

    def _mark(self, lane: Lane, text: str) -> str:
        for pair in tuple(lane.active):
            marking = pair[1]
            try:
                text = marking.feed(text)
                if getattr(marking, "done", False):
                    lane.active.remove(pair)
            except Exception as error:  # noqa: BLE001  the plugin border
                lane.active.remove(pair)
                lane.markings.remove(pair)
                self._mark_broke(pair[0], error)
        return text

    def _end_marks(self, lane: Lane) -> str:
        """Finish the markings in order; what one appends goes through those behind it."""
        tail = ""
        while lane.markings:
            pair = lane.markings.pop(0)
            try:
                tail = pair[1].feed(tail) if tail else tail
                end, marks = pair[1].finish()
            except Exception as error:  # noqa: BLE001  the plugin border
                self._mark_broke(pair[0], error)
                continue
            tail += end
            self._marks += marks
        return tail

    def _mark_broke(self, marker: Marker, error: Exception) -> None:
        handled = self._engine.policy.on_error.marker
        name = marker.name
        self._failures.append(
            Failure(role="marker", name=name, error=type(error).__name__, handled=handled)
        )
        reason = f"the marker broke: {type(error).__name__}"
        self._marks.append(Mark(marker=name, kind=marker.kind, placed=False, reason=reason))
        if handled == "block":
            raise MarkFailed from error


def _labels(beside: Sequence[Mark]) -> dict[str, Mapping[str, str]]:
    return {mark.where: mark.data for mark in beside if mark.placed}
