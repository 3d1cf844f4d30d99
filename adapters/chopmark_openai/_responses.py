"""Answers of `/responses`, whole and as a stream of events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chopmark import Chunk, Kind, Response, Usage

from ._form import Fit
from ._items import ENDS, Mention, Name, delta_of, mentions_of, output_texts
from ._piece import Piece, Place
from ._responses_refusal import Output, refusal_body, refusal_events
from ._sse import make_event, with_data
from ._tree import Path, at, dump, number, put

Lane = tuple[Kind, int]
_DELTA: Path = ("delta",)
_SEQUENCE: Path = ("sequence_number",)


class ResponsesAnswer:
    """The output of a response.

    A text is screened as its deltas come. The events that repeat it say what went out of it, so
    it makes no difference which of them a reader takes. Where a provider sends no deltas, the
    first event that says the text in full brings it.
    """

    def __init__(self, *, structured: bool, model: str = "") -> None:
        self._prose: Kind = "structured" if structured else "answer"
        self._lanes: dict[Name, Lane] = {}
        self._names: dict[Lane, Name] = {}
        self._read: dict[Name, list[str]] = {}
        self._ended: set[Name] = set()
        self._body: dict[str, Any] = {}
        # What was delivered:
        self._out: dict[Name, list[str]] = {}
        self._deltas: dict[Name, Piece] = {}  # the last of each
        self._changed: set[Name] = set()
        self._added = 0  # events of our own
        self._output = Output(model)

    # Reading.

    def locate(self, data: dict[str, Any], *, whole: bool) -> Sequence[Place]:
        """Return the texts in a response object, or what an event adds to them."""
        if whole:
            self._body = data
            found = output_texts(data)
            return [
                (path, self._chunk(name, kind, at(data, path), last=True))
                for path, name, kind in found
            ] or [((), Chunk("", last=True))]
        delta = delta_of(data)
        if delta is not None:
            name, kind = delta
            self._read.setdefault(name, []).append(data["delta"])
            return ((_DELTA, self._chunk(name, kind, data["delta"])),)
        event = str(data.get("type"))
        if event not in ENDS and not event.endswith(".done"):
            return ()
        places = []
        for path, name, kind in mentions_of(data):
            if name not in self._ended:
                self._ended.add(name)
                places.append((path, self._rest(name, kind, at(data, path))))
        if event in ENDS:
            places += self.ending()
        return places or ([((), Chunk("", last=True))] if event in ENDS else ())

    def _rest(self, name: Name, kind: Kind, text: str) -> Chunk:
        """Return what the full text says beyond its deltas."""
        read = "".join(self._read.get(name, ()))
        rest = text[len(read) :] if text.startswith(read) else ""
        return self._chunk(name, kind, rest, last=True)

    def _chunk(self, name: Name, kind: Kind, text: str, *, last: bool = False) -> Chunk:
        lane = self._lanes.get(name)
        if lane is None:
            kind = self._prose if kind == "answer" and name[1][-1] != "refusal" else kind
            taken = sum(other[0] == kind for other in self._names)
            lane = self._lanes[name] = (kind, taken)
            self._names[lane] = name
        return Chunk(text, *lane, last)

    def is_plain(self, data: dict[str, Any], chunk: Chunk) -> bool:
        """Return whether `data` is a delta that says its text once."""
        again = ("item", "logprobs", "part", "response", "usage")
        return delta_of(data) is not None and not any(data.get(key) for key in again)

    def goes_on(self, fit: Fit) -> None:
        """Take a delta like one that was located."""
        name = self._names[fit.form.chunk.kind, fit.form.chunk.index]
        self._read.setdefault(name, []).append(fit.text)

    def ending(self) -> Sequence[Place]:
        """Return the ends of all open texts."""
        left = [name for name in self._read if name not in self._ended]
        self._ended.update(left)
        return [((), Chunk("", *self._lanes[name], last=True)) for name in left]

    def carries(self, data: dict[str, Any]) -> bool:
        """Return whether `data` is a response object or an event that holds one."""
        return isinstance(data.get("output"), list) or isinstance(data.get("response"), dict)

    def usage(self, data: dict[str, Any]) -> Usage | None:
        """Return the token counts in `data`."""
        usage = at(data, ("response", "usage")) or data.get("usage")
        if not isinstance(usage, dict):
            return None
        return Usage(
            input_tokens=number(usage.get("input_tokens")),
            output_tokens=number(usage.get("output_tokens")),
        )

    # Writing.

    def render(self, piece: Piece) -> bytes:
        """Return the bytes that go out for `piece`."""
        if piece.refused is not None:
            return self._refuse(piece.refused, whole=piece.whole)
        if piece.fit is not None and piece.metadata is None and not (piece.tails or self._added):
            return self._in_place(piece, piece.fit)
        data = piece.data
        if data is None:
            tails = self._take(piece)
            return b"".join(map(self._delta, tails)) + piece.wire
        tails = self._take(piece)
        if piece.places and piece.places[0][0] == _DELTA:
            data, tails = self._in_delta(data, piece, tails)
        before = b"" if piece.whole else b"".join(map(self._delta, tails))
        data = self._repeated(data, output_texts(data) if piece.whole else mentions_of(data))
        if self._added and "sequence_number" in data:
            data = put(data, ("sequence_number",), number(data["sequence_number"]) + self._added)
        self._output.take(data)
        if piece.metadata is not None:
            base: Path = ("response",) if "response" in data else ()
            for key, value in piece.metadata.items():
                data = put(data, (*base, key), value)
        if data is piece.data:
            return before + piece.wire
        return dump(data) if piece.whole else before + with_data(piece.wire, dump(data))

    def _take(self, piece: Piece) -> Sequence[Chunk]:
        """Keep what goes out with `piece`; return its tails."""
        texts = piece.texts
        if texts is None:
            texts = [chunk.text for chunk in piece.chunks]
        for chunk, text in zip(piece.chunks, texts, strict=True):
            name = self._names.get((chunk.kind, chunk.index))
            if name is None:
                continue
            if text:
                self._out.setdefault(name, []).append(text)
            if text != chunk.text:
                self._changed.add(name)
        for tail in piece.tails:
            name = self._names[tail.kind, tail.index]
            self._out.setdefault(name, []).append(tail.text)
            self._changed.add(name)
        return piece.tails

    def _in_place(self, piece: Piece, fit: Fit) -> bytes:
        """Return a delta event with what goes out in it."""
        name = self._names[fit.form.chunk.kind, fit.form.chunk.index]
        text = fit.text if piece.texts is None else piece.texts[0]
        self._deltas[name] = piece
        self._output.sequence = number(fit.value(_SEQUENCE), self._output.sequence)
        if text:
            self._out.setdefault(name, []).append(text)
        if text == fit.text:
            return piece.wire
        self._changed.add(name)
        return fit.saying(text)

    def _in_delta(
        self, data: dict[str, Any], piece: Piece, tails: Sequence[Chunk]
    ) -> tuple[dict[str, Any], Sequence[Chunk]]:
        """Return a delta event with what goes out in it, and the tails of other texts."""
        lane = (piece.chunks[0].kind, piece.chunks[0].index)
        name = self._names[lane]
        self._deltas[name] = piece
        if piece.texts is not None:
            own = [tail.text for tail in tails if (tail.kind, tail.index) == lane]
            data = {**data, "delta": "".join([*piece.texts, *own])}
            tails = [tail for tail in tails if (tail.kind, tail.index) != lane]
        if name in self._changed and data.get("logprobs"):
            data = {**data, "logprobs": []}
        return data, tails

    def _delta(self, tail: Chunk) -> bytes:
        """Return a delta event of our own; nothing where this text has no deltas."""
        last = self._deltas.get(self._names[tail.kind, tail.index])
        if last is None or last.data is None:
            return b""
        event = {**last.data, "delta": tail.text}
        if "logprobs" in event:
            event["logprobs"] = []
        if "sequence_number" in event:
            event["sequence_number"] = self._output.sequence + 1
            self._added += 1
        self._output.take(event)
        return make_event(dump(event), str(event["type"]))

    def _repeated(self, data: dict[str, Any], mentions: Iterable[Mention]) -> dict[str, Any]:
        """Return `data`, saying in full what went out; without the tokens of changed texts."""
        changed = False
        for path, name, _ in mentions:
            said = "".join(self._out.get(name, ()))
            if said != at(data, path):
                data = put(data, path, said)
                changed = True
            tokens = (*path[:-1], "logprobs")
            if name in self._changed and at(data, tokens):
                data = put(data, tokens, [])
        for base in ((), ("response",)) if changed else ():
            if isinstance(at(data, (*base, "output_text")), str):  # some servers join it all
                data = put(data, (*base, "output_text"), _joined(at(data, base)))
        return data

    def _refuse(self, response: Response, *, whole: bool) -> bytes:
        if whole:
            return dump(refusal_body(self._body, response, self._output.model))
        said = {name: "".join(parts) for name, parts in self._out.items()}
        return refusal_events(self._output, said, response)


def _joined(response: dict[str, Any]) -> str:
    texts = [at(response, path) for path, _, kind in output_texts(response) if kind == "answer"]
    return "".join(texts)
