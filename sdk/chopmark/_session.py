"""One call in progress: what was asked, what was delivered, what was found. Does no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from ._engine import Engine, judge
from ._marks import Lane, Marks, labels_of
from ._quick import maker, replaced
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
from .deciding import act
from .policy import language_of

LaneKey = tuple[Kind, int]
_blocking = attrgetter("blocking")
_make_context, _make_response = maker(Context), maker(Response)


def _unjudged(failure: Failure) -> bool:
    return failure.role == "detector" and failure.handled == "block"


class Session:
    """Screens a request, then takes the answer chunk by chunk.

    `stopped` turns True where the policy ends the call; nothing is delivered from then on.
    `threads` says that what blocks is to run in one, and `blocking` that something does.
    """

    def __init__(self, engine: Engine, request: Request, *, threads: bool) -> None:
        self.id = new_id()
        self.request = request
        self.stopped = False
        self.ending: Ending = "completed"
        self.usage: Usage | None = None
        self.blocking = threads and any(map(_blocking, engine.detectors))
        self._engine = engine
        self._lanes: dict[LaneKey, Lane] = {}
        self._closed: list[Screen] = []
        self._verdicts: list[Verdict] = []
        self._failures: list[Failure] = []
        self._marks = Marks(engine)
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
                self._marks.broke(broke.marker, broke.error)
            self.request = request
        if not engine.detectors:
            return request
        messages = list(request.messages)
        changed = False
        for n, message in enumerate(messages):
            if message.role not in engine.policy.roles or not message.text:
                continue
            context = _make_context(
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
        if not self._engine.beside:
            return None
        marks = self._marks
        marks.begin(self.named())
        return replace(
            self.response(),
            marks=(*marks.made, *marks.beside),
            labels=labels_of(marks.beside),
        )

    def due(self, chunk: Chunk) -> bool:
        """Return whether `feed(chunk)` will ask a detector that blocks."""
        return self.lane(chunk.kind, chunk.index).screen.due(chunk.text)

    def due_at_end(self) -> bool:
        """Return whether `finish` will ask a detector that blocks: some judge requests alone."""
        return self.blocking and any(lane.screen.blocking for lane in self._lanes.values())

    def feed(self, chunk: Chunk) -> str:
        """Take the next chunk, and return the text that goes out for it."""
        return self.feed_lane(self.lane(chunk.kind, chunk.index), chunk.text)

    def feed_lane(self, lane: Lane, text: str) -> str:
        """Take the next text of a channel, and return what goes out for it."""
        screen = lane.screen
        text = screen.feed(text)
        if screen.stopped:
            self.stopped = True
        return self._marks.feed(lane, text) if text and lane.active else text

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
            text = self._marks.feed(lane, text) if text else text
            text += self._marks.end(lane)
            if text:
                tails.append(Chunk(text, key[0], key[1]))
        return tails

    def cut_off(self, ending: Ending) -> None:
        """End the call without another delivery: the caller left, or something broke."""
        self.ending = ending
        lanes = list(self._lanes.values())
        self._lanes.clear()
        self._closed += [lane.screen for lane in lanes]
        self._marks.cut(lanes, said=bool(self.said))

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
        verdicts, failures, holdback = (
            [*self._verdicts],
            [*self._failures, *self._marks.failures],
            0,
        )
        for screen in screens:
            verdicts += screen.verdicts
            failures += screen.failures
            holdback = max(holdback, screen.worst)
        action = act(verdicts)
        stops = action in ("block", "escalate")
        if self.stopped:
            action = action if stops else "block"
        elif self.ending in ("mark_error", "wrapper_error"):
            action = "block"
        elif stops:  # the call ended before the denied text was reached
            action = "allow"
        beside = self._marks_beside(screens)
        return _make_response(
            id=self.id,
            text="".join(self.said),
            action=action,
            ending="blocked" if self.stopped and self.ending == "completed" else self.ending,
            judged=not (failures and any(map(_unjudged, failures))),
            refusal=self._refusal or (self._refuse() if self.stopped else ""),
            policy=self._engine.policy_id,
            verdicts=tuple(verdicts),
            marks=(*self._marks.told, *beside),
            failures=tuple(failures),
            usage=self.usage,
            holdback=holdback,
            labels=labels_of(beside),
        )

    def _marks_beside(self, screens: Sequence[Screen]) -> Sequence[Mark]:
        """Return the marks beside the answer; placed only where something of it was delivered."""
        beside = self._marks.beside
        if not beside or (self.ending == "completed" and not self.stopped) or self.said:
            return beside
        if self.request.stream and any(screen.released for screen in screens):
            return beside  # a thought, or a tool call
        return self._marks.unplaced()

    def named(self) -> Request:
        """Return the request with the id of the call."""
        if self.request.id != self.id:
            self.request = replaced(self.request, id=self.id)
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
            context = _make_context(
                direction="output",
                kind=kind,
                audience=request.audience,
                part=index,
                request=request,
            )
            screen = engine.open_screen(context, request.audience)
            screen.place(context, index)
            markings = self._marks.open(kind, self.named()) if engine.markers else []
            lane = self._lanes[kind, index] = Lane(screen, markings)
        return lane
