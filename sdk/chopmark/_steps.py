"""What the flow asks its drivers for, step by step; the answers are theirs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, cast

from ._kept import Content, Record
from ._values import Receipt, Request, Response
from .hookspecs import ContentLog, Log

R = TypeVar("R")


@dataclass(slots=True)
class Ask:
    """Let the framework call its model, and give its pieces, within what wrappers put around it."""

    request: Request
    within: Sequence[AbstractContextManager[object]] = ()


class Relaying(Protocol):
    """What makes of each piece of a stream what the caller gets."""

    @property
    def quick(self) -> Callable[[Any], str | None] | None:
        """What returns the text that goes out for a piece, which may be none; None for a piece that
        is yet to be given to `each`, after which this may be another, or None.
        """
        ...

    @property
    def each(self) -> Callable[[Any], Any]:
        """What returns another piece, or `Pieces`, or `LEFT`."""
        ...


@dataclass(slots=True)
class Relay:
    """Pull pieces and give the caller what `by` makes of each, until that is `LEFT`: answer with
    the piece for which it was, or with `END` after the last.
    """

    by: Relaying


class Pieces(tuple[Any, ...]):
    """Not one piece, but none or several."""

    __slots__ = ()


@dataclass(slots=True)
class Push(Generic[R]):
    """Give a piece to the caller."""

    raw: R


@dataclass(slots=True)
class Work:
    """Run something that takes long; the async driver does it in a thread."""

    run: Callable[[], Any]


@dataclass(slots=True)
class Effect:
    """Run something that takes long and has an effect: not to be cut short by a cancellation."""

    run: Callable[[], Any]


@dataclass(slots=True)
class Append:
    """Store a record, with its content where the log takes that; must not be cut short by a
    cancellation.
    """

    record: Record
    content: Content | None = None

    def to(self, log: Log) -> Receipt:
        """Have `log` store it."""
        if self.content is None:
            return log.append(self.record)
        return cast(ContentLog, log).append_with(self.record, self.content)


class Abandoned(Exception):  # noqa: N818  an ending, not an error
    """Thrown into the flow: the caller stopped reading, or its task was cancelled."""

    def __init__(self, ending: Literal["abandoned", "cancelled"] = "abandoned") -> None:
        self.ending: Literal["abandoned", "cancelled"] = ending
        super().__init__(ending)


END: Any = object()
LEFT: Any = object()
Flow = Generator[Any, Any, Response]
