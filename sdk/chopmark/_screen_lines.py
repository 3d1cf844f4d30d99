"""Screens a file of JSON Lines: in parallel, in the order of the lines, a bad line told and left.

A line is read, judged and written before the next one has to be there, so that a program may
write a line and wait for the answer.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ._chopmark import Chopmark
from ._scored import Scored, screen_scored
from ._values import Direction, Verdict
from .policy import ACTIONS

MOST_BYTES = 64 * 1024 * 1024
"""The longest line that is read, in bytes."""

SHOWN = 40
"""The longest wrong value that is shown, in characters."""

_AHEAD = 8  # lines that wait for each thread
_BLOCK = 1 << 16
_WORDS = {outcome: action for action, outcome in ACTIONS.items()}


class Source(Protocol):
    """Bytes as they come, without a buffer: `open(path, "rb", buffering=0)`."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end."""
        ...


class Item(NamedTuple):
    """What a line asks: a text, which way it goes, and what to call it."""

    id: str | int
    text: str
    direction: Direction


class BadLineError(ValueError):
    """A line that cannot be screened; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one line came to: a line of JSON, or what is wrong with it.

    `number` counts from 1, `size` is the bytes of the line.
    """

    number: int
    size: int
    output: str = ""
    error: str = ""


def answers(
    chop: Chopmark, source: Source, *, workers: int, direction: Direction, audience: str
) -> Generator[Answer, None, None]:
    """Yield an answer for each line of `source` that is not empty, in their order.

    `direction` is for lines that do not say theirs. Closing the generator drops what was not
    begun; `source` is read by a thread that ends with it or with the process.
    """

    def work(number: int, line: bytes | None, size: int) -> Answer:
        try:
            item = parse(line, direction)
        except BadLineError as error:
            return Answer(number, size, error=str(error))
        found = screen_scored(chop, item.text, item.direction, audience)
        return Answer(number, size, output=written(item.id, found))

    if workers == 1:
        for line in lines(source):
            yield work(*line)
        return
    waiting: queue.Queue[Future[Answer] | None] = queue.Queue(workers * _AHEAD)
    stopped = threading.Event()
    pool = ThreadPoolExecutor(workers, "chopmark-screen")

    def read() -> None:
        try:
            for line in lines(source):
                if stopped.is_set():
                    return
                waiting.put(pool.submit(work, *line))
        except Exception as error:  # noqa: BLE001  raised where the answers are read
            broken: Future[Answer] = Future()
            broken.set_exception(error)
            waiting.put(broken)
        waiting.put(None)

    threading.Thread(target=read, name="chopmark-read", daemon=True).start()
    try:
        while (answer := waiting.get()) is not None:
            yield answer.result()
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        while not waiting.empty():  # the reader may wait for a place in it
            waiting.get()


def lines(source: Source) -> Iterator[tuple[int, bytes | None, int]]:
    """Yield number, bytes and size of each line that is not blank; None for one too long."""
    number, size = 0, 0
    held: list[bytes] = []

    def grow(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        if size > MOST_BYTES:
            held.clear()
        else:
            held.append(piece)

    def take() -> Iterator[tuple[int, bytes | None, int]]:
        nonlocal number, size
        number += 1
        line = b"".join(held)
        if size > MOST_BYTES:
            yield number, None, size
        elif not line.isspace() and line:
            yield number, line, size
        held.clear()
        size = 0

    while block := source.read(_BLOCK):
        *ended, rest = block.split(b"\n")
        for piece in ended:
            grow(piece + b"\n")
            yield from take()
        grow(rest)
    if size:
        yield from take()


def parse(line: bytes | None, direction: Direction) -> Item:
    """Return what `line` asks; raise `BadLineError` saying what is wrong."""
    if line is None:
        raise BadLineError(f"is over {MOST_BYTES // 1024 // 1024} MiB; cut the text")
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadLineError(f"is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise BadLineError('is nested too deep; write {"id": "1", "text": "..."}') from error
    except ValueError as error:
        raise BadLineError(f"is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadLineError('is no JSON object; write {"id": "1", "text": "..."}')
    return Item(_id(data), _text(data), _direction(data, direction))


def _id(data: Mapping[str, Any]) -> str | int:
    value = data.get("id")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise BadLineError(_wrong(data, "id", "a string or a whole number"))
    return value


def _text(data: Mapping[str, Any]) -> str:
    value = data.get("text")
    if not isinstance(value, str):
        raise BadLineError(_wrong(data, "text", "a string"))
    return value


def _direction(data: Mapping[str, Any], default: Direction) -> Direction:
    match data.get("direction", default):
        case "input":
            return "input"
        case "output":
            return "output"
    raise BadLineError(_wrong(data, "direction", '"input" or "output"'))


def _wrong(data: Mapping[str, Any], key: str, wanted: str) -> str:
    if key not in data:
        return f"has no {key!r}; give {wanted}"
    value = data[key]
    short = isinstance(value, str) and len(value) <= SHOWN
    shown = repr(value) if short else f"of type {type(value).__name__}"
    return f"has {key!r} {shown}, which cannot be used; give {wanted}"


def written(name: str | int, found: Scored) -> str:
    """Return the answer as one line of JSON in ASCII."""
    screening = found.screening
    data: dict[str, object] = {
        "id": name,
        "action": screening.action,
        "scores": found.scores,
        "verdicts": [_verdict(verdict) for verdict in screening.verdicts],
    }
    if screening.failures:
        data["failures"] = [
            {"role": f.role, "name": f.name, "error": f.error, "handled": f.handled}
            for f in screening.failures
        ]
    return json.dumps(data)


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "category": verdict.category,
        "score": verdict.score,
        "start": verdict.start,
        "end": verdict.end,
        "detector": verdict.detector,
        "action": _WORDS[verdict.outcome],
    }
