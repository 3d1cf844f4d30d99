"""The shape of an answer in LlamaIndex's pieces: screened text wherever a piece repeats it.

A stream does not mark its end, so a guarded one ends with one more piece: its delta is empty, it
holds the whole answer once more, and the metadata. What a detector held back until the end comes
before it in a piece of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chopmark import Chunk, Kind, PolicyBlocked, Response, Usage

from ._blocked import LlamaIndexBlocked
from ._calls import arguments, identity
from ._channel import Channel
from ._pieces import ASIS, KEY, Parts, PieceForm, Shown, block_of
from ._raw import usage


class PieceShape:
    """The shape of one call. `whole` says that one piece is the whole answer."""

    def __init__(self, form: PieceForm, *, whole: bool, structured: bool) -> None:
        self._form = form
        self._whole = whole
        self._answer = Channel("structured" if structured else "answer")
        self._thoughts = Channel("reasoning")
        self._named: dict[str, Channel] = {}  # tool calls and side texts
        self._blocks: dict[str, Any] = {}  # the last form of every tool call in a block
        self._raw: Any = None
        self._parts = Parts(None)
        self._keys: tuple[list[str], list[str]] = ([], [])  # of the calls and sides of a piece
        self._speaks = self._answer  # the text that the delta of a piece belongs to
        self._fed: list[Channel] = []
        self._pending = False
        self._lone = False  # the last piece says one text of the answer and nothing else
        self._clean = True
        self._deltas = self._deltas_of_thought = False

    def text(self, raw: Any) -> str | None:
        """Return what `raw` adds to the answer where it says nothing else, as most pieces do."""
        answer = self._answer
        if self._whole or self._named or answer.kind != "answer":
            return None
        said = self._form.lone(raw)
        if said is None or self._thoughts.seen or self._deltas_of_thought:
            return None
        if usage(raw.additional_kwargs, raw.raw) is not None:
            return None
        delta = raw.delta
        self._raw, self._parts, self._pending, self._lone = raw, Parts(delta), True, True
        self._parts.texts.append(said)
        self._fed, self._speaks = [answer], answer
        self._deltas = self._deltas or delta is not None
        return answer.take(said, delta)

    def read(self, raw: Any) -> Sequence[Chunk]:
        """Return what `raw` adds to each of its texts."""
        parts = self._form.read(raw)
        self._raw, self._parts, self._pending, self._lone = raw, parts, True, False
        thoughts, answer, whole = self._thoughts, self._answer, self._whole
        text, delta = _joined(parts.texts), parts.delta
        thought, thought_delta = _joined(parts.thoughts), parts.thought_delta
        if whole:  # the deltas of a whole answer only repeat it
            text, delta = delta if text is None else text, None
            thought, thought_delta = thought_delta if thought is None else thought, None
        fed = self._fed = []
        if thought is not None or thought_delta is not None or thoughts.seen:
            self._deltas_of_thought = self._deltas_of_thought or thought_delta is not None
            if thoughts.take(thought, thought_delta) or (whole and thought is not None):
                fed.append(thoughts)
        calls: list[Channel] = []
        before = len(fed)
        if parts.calls or parts.sides or self._named:
            calls = self._read_named(parts)
        self._speaks = answer
        if delta is not None:
            self._deltas = True
            if delta and (text is None or text == answer.seen):
                for channel in (thoughts, *calls):
                    if channel.new == delta:  # some put the reasoning, or arguments, in the delta
                        self._speaks, delta = channel, None
                        break
        if answer.take(text, delta) or (whole and text is not None):
            fed.insert(before, answer)
        return [Chunk(channel.new, channel.kind, channel.index, whole) for channel in fed]

    def write(self, raw: Any, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return a copy of `raw` with the texts that may be shown."""
        for channel, text in zip(self._fed, texts, strict=True):
            channel.give(text)
        self._end(tails)
        self._pending = self._clean = False
        return (self._rebuilt(),)

    def deliver(self, piece: Any) -> Any:
        """Return what goes to the caller for a piece that comes out of the flow.

        The flow hands a piece over as it is where its own texts did not change. Earlier ones may
        have: then what the piece repeats of them is not what the caller was given.
        """
        if not self._pending or piece is not self._raw:
            return piece
        self._pending = False
        level = self._answer.settled and self._thoughts.settled
        for channel in self._fed:
            channel.give(channel.new)
            level = level and channel.settled
        if level and all(channel.settled for channel in self._named.values()):
            return piece
        self._clean = False
        return self._rebuilt()

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return a piece with what was held back until the end."""
        self._rest()
        self._end(tails)
        self._clean = False
        return (self._rebuilt(missing=True),)

    def seal(self, held: Sequence[Any], response: Response) -> Sequence[Any]:
        """Return the last piece: the whole answer, and the metadata."""
        if self._whole:
            return self._sealed(held[-1] if held else self._raw, response)
        if self._raw is None:
            return ()
        self._rest()
        return (self._rebuilt(metadata=response.carried(KEY)),)

    def usage(self, raw: Any) -> Usage | None:
        """Return the token counts in `raw`, if it has them."""
        return usage(raw.additional_kwargs, raw.raw)

    def refuse(self, response: Response) -> Sequence[Any]:
        """Return a piece whose delta is the refusal, behind what was delivered."""
        said = response.refusal if self._whole else self._answer.out + response.refusal
        delta = None if self._whole else response.refusal
        return (self._form.refusal(said, delta, response.carried(KEY)),)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error."""
        return LlamaIndexBlocked(response)

    def _take(self, channel: Channel, text: str) -> None:
        if channel.take(text) or self._whole:
            self._fed.append(channel)

    def _read_named(self, parts: Parts) -> list[Channel]:
        """Read tool calls and side texts; return the channels of the calls."""
        for channel in self._named.values():
            channel.take(None)
        blocks: dict[str, str] = {}
        calls: list[str] = []
        for place, call in enumerate(parts.calls):
            inside = place < parts.outside
            text = arguments(call)
            key = identity(call, place if inside else place - parts.outside)
            if not inside and blocks.get(key) == text:
                calls.append(key)  # it repeats the block
                continue
            if not inside:
                key = f"outside {key}"
            while key in calls:
                key += "'"
            calls.append(key)
            if inside:
                blocks[key] = text
                self._blocks[key] = call
            self._take(self._channel(key, "tool_call"), text)
        sides = []
        for name, text in parts.sides:
            key = f"side {name}"
            while key in sides:
                key += "'"
            sides.append(key)
            self._take(self._channel(key, "reasoning"), text)
        self._keys = calls, sides
        return [self._named[key] for key in calls]

    def _channel(self, key: str, kind: Kind) -> Channel:
        channel = self._named.get(key)
        if channel is None:
            taken = sum(1 for other in self._named.values() if other.kind == kind)
            index = taken + (kind == "reasoning")  # 0 is the reasoning itself
            channel = self._named[key] = Channel(kind, index)
        return channel

    def _channels(self) -> list[Channel]:
        return [self._answer, self._thoughts, *self._named.values()]

    def _rest(self) -> None:
        self._pending, self._speaks = False, self._answer
        for channel in self._channels():
            channel.rest()

    def _end(self, tails: Sequence[Chunk]) -> None:
        for tail in tails:
            for channel in self._channels():
                if (channel.kind, channel.index) == (tail.kind, tail.index):
                    channel.give(tail.text)

    def _rebuilt(self, *, missing: bool = False, metadata: dict[str, object] | None = None) -> Any:
        """Return the last piece that was read with what may be shown.

        With `missing`, texts that the piece has no place for are appended to it.
        """
        parts, last = self._parts, metadata is not None
        if self._lone and not (missing or last):
            text = self._answer.show(parts.texts)[0]
            return self._form.retold(self._raw, text, self._delta(parts), raw_stays=self._clean)
        shown = Shown(
            self._answer.show(parts.texts, all_of_it=last),
            self._thoughts.show(parts.thoughts, all_of_it=last),
        )
        if parts.calls or parts.sides:
            calls, sides = self._keys
            named = self._named
            shown.calls = [_shown_call(named[key]) for key in calls]
            shown.sides = [
                named[key].show([text], all_of_it=last)[0]
                for key, (_, text) in zip(sides, parts.sides, strict=True)
            ]
        if missing:
            shown.extra = self._missing()
        shown.delta = self._delta(parts)
        if self._deltas_of_thought or parts.thought_delta is not None:
            shown.thought_delta = self._thoughts.released
        shown.metadata = metadata
        shown.raw = self._whole or self._clean
        return self._form.rebuilt(self._raw, shown)

    def _delta(self, parts: Parts) -> str | None:
        if self._whole:
            return None if parts.delta is None else self._answer.out
        return self._speaks.released if self._deltas else None

    def _missing(self) -> list[Any]:
        extra: list[Any] = [
            block_of(channel.kind, channel.released)
            for channel in (self._thoughts, self._answer)
            if channel.released and channel.form == "absent"
        ]
        for key, call in self._blocks.items():
            channel = self._named[key]
            if channel.released and channel.form == "absent" and channel.level:
                extra.append(call)
        return extra

    def _sealed(self, piece: Any, response: Response) -> Sequence[Any]:
        """Return a whole answer with the metadata.

        The provider's own object stays on it unless the policy took something out of the answer;
        that a mark was put on it is no reason.
        """
        parts = self._form.read(piece)
        shown = Shown(parts.texts, parts.thoughts)
        shown.calls = [ASIS] * len(parts.calls)
        shown.sides = [text for _, text in parts.sides]
        text, thought = _joined(parts.texts), _joined(parts.thoughts)
        if parts.delta is not None:
            shown.delta = parts.delta if text is None else text
        if parts.thought_delta is not None:
            shown.thought_delta = parts.thought_delta if thought is None else thought
        shown.metadata = response.carried(KEY)
        shown.raw = not any(
            v.outcome == "modify" and v.direction == "output" for v in response.verdicts
        )
        return (self._form.rebuilt(piece, shown),)


def _joined(texts: Sequence[str]) -> str | None:
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else "".join(texts)


def _shown_call(channel: Channel) -> Any:
    if channel.level and channel.form != "other":
        return ASIS
    return channel.out if channel.form in ("whole", "behind") else ""
