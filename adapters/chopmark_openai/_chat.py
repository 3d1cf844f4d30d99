"""Answers of `/chat/completions` and of the older `/completions`, whole and as a stream."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chopmark import Chunk, Kind, Response, Usage

from ._choices import Found, Lane, choice_of, echo, message_texts
from ._form import Fit
from ._piece import Piece, Place
from ._sse import make_event, with_data
from ._tree import Path, at, dump, items, number, put

_HEAD = ("id", "object", "created", "model", "system_fingerprint", "service_tier")


class ChatAnswer:
    """The choices of a completion. `legacy` choices hold their text themselves.

    Args:
        legacy: the answer is one of `/completions`.
        structured: the content is JSON for a program.
        model: the model that was asked, for a refusal that no model answered.
        count: how many choices were asked for.
    """

    def __init__(self, *, legacy: bool, structured: bool, model: str = "", count: int = 1) -> None:
        self._legacy = legacy
        self._kind: Kind = "structured" if structured else "answer"
        self._model = model
        self._count = count
        self._open: dict[int, dict[Lane, None]] = {}  # by choice
        self._forms: dict[Lane, tuple[Path, Any]] = {}  # where the text stood, in what delta
        self._last: dict[str, Any] = {}
        self._finished: set[int] = set()  # delivered, with a finish reason
        self._changed: set[int] = set()  # delivered, but not as they came

    def locate(self, data: dict[str, Any], *, whole: bool) -> Sequence[Place]:
        """Return the texts in `data`; a finish reason ends all texts of its choice."""
        self._last = data
        choices = items(data, "choices")
        if len(choices) == 1 and not whole:
            text = self._lone_text(choices[0])
            if text is not None:
                return ((_LONE, text),)
        places: list[Place] = []
        for n, choice in enumerate(choices):
            if isinstance(choice, dict):
                places += self._in_choice(n, choice, whole=whole)
        return places

    def _lone_text(self, choice: Any) -> Chunk | None:
        """Return the text of a chunk that only goes on with one, as nearly all chunks do."""
        if self._legacy or type(choice) is not dict or choice.get("finish_reason"):
            return None
        delta = choice.get("delta")
        if type(delta) is not dict or len(delta) != 1:
            return None
        text, index = delta.get("content"), choice.get("index")
        if type(text) is not str or type(index) is not int:
            return None
        lane = (self._kind, index)
        if lane not in self._forms:  # the first of its text is looked at more closely
            return None
        self._open[index][lane] = None
        return Chunk(text, self._kind, index)

    def _in_choice(self, n: int, choice: dict[str, Any], *, whole: bool) -> Iterator[Place]:
        index = number(choice.get("index"), n)
        key: Path = () if self._legacy else ("message",) if whole else ("delta",)
        finishes = whole or bool(choice.get("finish_reason"))
        message = at(choice, key)
        found = list(self._texts(message, index))
        lanes = self._open.setdefault(index, {})
        if not whole:
            yield from self._ended_by(found, lanes)
        ends: dict[Lane, None] = {(self._kind, index): None, **lanes} if finishes else {}
        for path, kind, place, text in found:
            lane = (kind, place)
            if text:
                lanes[lane] = None
                self._forms[lane] = path, message
            ends.pop(lane, None)
            yield ("choices", n, *key, *path), Chunk(text, kind, place, finishes)
        for kind, place in ends:
            yield (), Chunk("", kind, place, last=True)
        if finishes:
            lanes.clear()

    def _texts(self, message: Any, index: int) -> Iterator[Found]:
        if not self._legacy:
            yield from message_texts(message, self._kind, index)
        elif isinstance(message.get("text"), str):
            yield ("text",), self._kind, index, message["text"]

    def _ended_by(self, found: Sequence[Found], lanes: dict[Lane, None]) -> Iterator[Place]:
        """End what the next tool call shows to be over: clients parse its JSON at that point."""
        calls = [(kind, place) for _, kind, place, _ in found if kind == "tool_call"]
        for lane in list(lanes) if calls else ():
            if lane not in calls and lane[0] in ("tool_call", "structured"):
                del lanes[lane]
                yield (), Chunk("", *lane, last=True)

    def is_plain(self, data: dict[str, Any], chunk: Chunk) -> bool:
        """Return whether `data` goes on with the text of `chunk` and does nothing else: a tool
        call ends others.
        """
        if chunk.kind == "tool_call" or self.usage(data) is not None:
            return False
        choices = [choice for choice in items(data, "choices") if isinstance(choice, dict)]
        return all(c.get(key) is None for c in choices for key in ("logprobs", "message"))

    def goes_on(self, fit: Fit) -> None:
        """Take an event like one that was located."""
        self._last = fit.form.data
        if fit.text:
            lane = (fit.form.chunk.kind, fit.form.chunk.index)
            self._open[choice_of(lane)][lane] = None

    def ending(self) -> Sequence[Place]:
        """Return the ends of all open texts."""
        lanes = [lane for lanes in self._open.values() for lane in lanes]
        for opened in self._open.values():
            opened.clear()
        return [((), Chunk("", *lane, last=True)) for lane in lanes]

    def carries(self, data: dict[str, Any]) -> bool:
        """Return whether `data` is a completion or a chunk of one."""
        return isinstance(data.get("choices"), list)

    def usage(self, data: dict[str, Any]) -> Usage | None:
        """Return the token counts in `data`."""
        usage = data.get("usage")
        if not isinstance(usage, dict):
            return None
        return Usage(
            input_tokens=number(usage.get("prompt_tokens")),
            output_tokens=number(usage.get("completion_tokens")),
        )

    def render(self, piece: Piece) -> bytes:
        """Return the bytes that go out for `piece`."""
        if piece.refused is not None:
            return self._refuse(piece.refused, whole=piece.whole)
        if piece.fit is not None and piece.metadata is None and not piece.tails:
            return self._in_place(piece, piece.fit)
        data = piece.data
        if data is None:
            return self._tails(piece.tails) + piece.wire
        if piece.ends:
            self._finish(data)
        if piece.texts is None and piece.metadata is None and not self._changed:
            return piece.wire
        data, homeless = self._written(piece, data)
        data = self._without_leaks(data, whole=piece.whole)
        if piece.metadata is not None:
            data = {**data, **piece.metadata}
        if piece.whole:
            return dump(data)
        wire = piece.wire if data is piece.data else with_data(piece.wire, dump(data))
        return self._tails(homeless) + wire

    def _in_place(self, piece: Piece, fit: Fit) -> bytes:
        """Return the event with what goes out of its one text."""
        if piece.texts is None or piece.texts[0] == fit.text:
            return piece.wire
        self._changed.add(choice_of((fit.form.chunk.kind, fit.form.chunk.index)))
        return fit.saying(piece.texts[0])

    def _finish(self, data: dict[str, Any]) -> None:
        for n, choice in enumerate(items(data, "choices")):
            if isinstance(choice, dict) and choice.get("finish_reason"):
                self._finished.add(number(choice.get("index"), n))

    def _written(
        self, piece: Piece, data: dict[str, Any]
    ) -> tuple[dict[str, Any], Sequence[Chunk]]:
        """Return `data` with what goes out in it, and the tails that have no place there."""
        if piece.texts is None:
            return data, ()
        tails = {(tail.kind, tail.index): tail for tail in piece.tails}
        placed = list(zip(piece.places, piece.texts, strict=True))
        for (path, chunk), text in reversed(placed):
            if not path:
                continue
            lane = (chunk.kind, chunk.index)
            tail = tails.pop(lane, None)
            out = text + tail.text if tail else text
            if out != chunk.text:
                data = put(data, path, out)
                self._changed.add(choice_of(lane))
        return data, list(tails.values())

    def _without_leaks(self, data: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        """Return `data` without what repeats the texts of changed choices.

        These are the tokens in `logprobs`, which some servers give for all that was generated,
        and the running total that Perplexity sends beside each delta.
        """
        for n, choice in enumerate(items(data, "choices")):
            if isinstance(choice, dict) and number(choice.get("index"), n) in self._changed:
                for key in ("logprobs",) if whole or self._legacy else ("logprobs", "message"):
                    if choice.get(key) is not None:
                        data = put(data, ("choices", n, key), None)
        return data

    def _tails(self, tails: Sequence[Chunk]) -> bytes:
        """Return events of our own that carry `tails`."""
        events = b""
        for tail in tails:
            lane = (tail.kind, tail.index)
            path, message = self._forms[lane]
            said = echo(message, path, tail.text)
            self._changed.add(choice_of(lane))
            choice = said if self._legacy else {"delta": said}
            events += self._event([{"index": choice_of(lane), **choice, **_OPEN}])
        return events

    def _event(self, choices: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
        return make_event(dump({**self._head(".chunk"), "choices": choices, **more}))

    def _head(self, form: str) -> dict[str, Any]:
        """Return what stands beside the choices, as the provider said it last."""
        made = {
            "id": "",
            "object": "text_completion" if self._legacy else "chat.completion" + form,
            "created": int(time.time()),
            "model": self._model,
        }
        return {**made, **{key: self._last[key] for key in _HEAD if key in self._last}}

    def _refuse(self, response: Response, *, whole: bool) -> bytes:
        """Return the refusal as a provider's content filter says it."""
        metadata = response.carried()
        counted = range(self._count)
        if whole:
            spent = {"usage": self._last["usage"]} if "usage" in self._last else {}
            choices = [self._refusal(n, response.refusal, whole=True) for n in counted]
            head = {**self._head(""), "id": self._last.get("id") or response.id}
            return dump({**head, "choices": choices, **spent, **metadata})
        self._last = {"id": response.id, **self._last}
        left = [n for n in {**dict.fromkeys(counted), **self._open} if n not in self._finished]
        texts = [self._refusal(n, response.refusal, whole=False) for n in left]
        end: Mapping[str, Any] = {"text": ""} if self._legacy else {"delta": {}}
        ends = [{"index": n, **end, **_OPEN, "finish_reason": "content_filter"} for n in left]
        return self._event(texts) + self._event(ends, **metadata) + make_event(b"[DONE]")

    def _refusal(self, n: int, text: str, *, whole: bool) -> dict[str, Any]:
        choice = {"index": n, **_OPEN}
        if whole:
            choice["finish_reason"] = "content_filter"
        if self._legacy:
            return {**choice, "text": text}
        if whole:
            message = {"role": "assistant", "content": None, "refusal": text}
            return {**choice, "message": message}
        role = {} if n in self._open else {"role": "assistant"}
        return {**choice, "delta": {**role, "refusal": text}}


_LONE: Path = ("choices", 0, "delta", "content")
_OPEN: Mapping[str, Any] = {"finish_reason": None, "logprobs": None}
