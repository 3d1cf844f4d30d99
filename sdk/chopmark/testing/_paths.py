"""How a contract asks an adapter's model: what the model answers, and the ways to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import anyio

Form = Literal["answer", "json", "call"]
"""What is asked for: prose, an answer in JSON, or the arguments of a tool call."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the bare model of a test answers: pieces, and an error after them if one is given.

    Of `form` `json` the pieces are those of an answer in JSON, of `call` those of the arguments
    of one tool call. Both have a `name`, which is a text, and a `count`, which is a whole number.
    With `waits` the model says no more after its pieces, and does not end: it awaits `rest()`.
    """

    pieces: tuple[str, ...]
    error: Exception | None = None
    form: Form = "answer"
    waits: bool = False

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    @classmethod
    def letters(cls, text: str, form: Form = "answer") -> Script:
        """Return a script that answers one character at a time."""
        return cls(tuple(text), form=form)

    async def rest(self) -> None:
        """Wait until the task is cancelled, where the script `waits`."""
        if self.waits:
            await anyio.sleep_forever()


@dataclass(frozen=True, slots=True)
class Path:
    """One way to ask the model: `run(model, prompt)` gives text, or pieces of text.

    `kind` is `call` (returns str), `stream` (iterator of str), `acall` (awaitable of str) or
    `astream` (async iterator of str). `form` is what is asked for that way. Where a piece of the
    framework's carries metadata, the text is a `Said`.
    """

    kind: Literal["call", "stream", "acall", "astream"]
    run: Callable[[Any, str], Any]
    form: Form = "answer"

    @property
    def streams(self) -> bool:
        """Whether the answer comes in pieces."""
        return "stream" in self.kind

    @property
    def awaited(self) -> bool:
        """Whether it is asked from async code."""
        return self.kind.startswith("a")


class Said(str):
    """A text with what stands beside it: the mapping in which the adapter puts its metadata."""

    __slots__ = ("beside",)
    beside: Mapping[str, Any]

    def __new__(cls, text: str | None, beside: Mapping[str, Any] | None = None) -> Said:
        """Return the text, none where there is none, with what stands beside it."""
        said = super().__new__(cls, text or "")
        said.beside = dict(beside or {})
        return said
