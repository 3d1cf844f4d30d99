"""How a contract asks an adapter's model: what the model answers, and the ways to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Script:
    """What the bare model of a test answers: pieces, and an error after them if one is given."""

    pieces: tuple[str, ...]
    error: Exception | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    @classmethod
    def letters(cls, text: str) -> Script:
        """Return a script that answers one character at a time."""
        return cls(tuple(text))


@dataclass(frozen=True, slots=True)
class Path:
    """One way to ask the model: `run(model, prompt)` gives text, or pieces of text.

    `kind` is `call` (returns str), `stream` (iterator of str), `acall` (awaitable of str) or
    `astream` (async iterator of str).
    """

    kind: Literal["call", "stream", "acall", "astream"]
    run: Callable[[Any, str], Any]


def read(path: Path, model: Any, prompt: str) -> tuple[list[str], BaseException | None]:
    """Return the pieces that came on a path that is not awaited, and the error that ended them."""
    pieces: list[str] = []
    try:
        if path.kind == "call":
            pieces.append(path.run(model, prompt))
        else:
            stream: Iterator[str] = path.run(model, prompt)
            for piece in stream:
                pieces.append(piece)  # noqa: PERF402  kept piece by piece: an error may follow
    except Exception as error:  # noqa: BLE001  it is what the test looks at
        return pieces, error
    return pieces, None


async def read_async(path: Path, model: Any, prompt: str) -> tuple[list[str], BaseException | None]:
    """Return the same of a path that is awaited."""
    pieces: list[str] = []
    try:
        if path.kind == "acall":
            answer: Awaitable[str] = path.run(model, prompt)
            pieces.append(await answer)
        else:
            stream: AsyncIterator[str] = path.run(model, prompt)
            async for piece in stream:
                pieces.append(piece)  # noqa: PERF401  kept piece by piece: an error may follow
    except Exception as error:  # noqa: BLE001  it is what the test looks at
        return pieces, error
    return pieces, None


def leave(path: Path, model: Any) -> list[str]:
    """Leave a stream after 25 pieces, and return them."""
    stream = path.run(model, "a question")
    got = [next(stream) for _ in range(25)]
    stream.close()
    return got


async def leave_async(path: Path, model: Any) -> list[str]:
    """Do the same with an async stream."""
    stream = path.run(model, "a question")
    got = [await anext(stream) for _ in range(25)]
    await stream.aclose()
    return got
