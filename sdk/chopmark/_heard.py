"""Hears of the guarded calls that some code makes, whatever framework makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ._values import Response


class Heard:
    """What is known of the last guarded call that was begun.

    `labels` is what stands beside its answer, from before its first piece on; `response` is set
    where it has ended.
    """

    def __init__(self) -> None:
        self.labels: Mapping[str, Mapping[str, str]] = {}
        self.response: Response | None = None

    def begun(self, response: Response) -> None:
        """Take what is known of a call before its answer."""
        self.labels, self.response = response.labels, None

    def ended(self, done: Callable[[Response], None] | None) -> Callable[[Response], None]:
        """Return what takes the response at the end, and tells `done` of it."""

        def told(response: Response) -> None:
            self.labels, self.response = response.labels, response
            if done is not None:
                done(response)

        return told


HEARD: ContextVar[Heard | None] = ContextVar("chopmark_heard", default=None)
"""Set around each step into the application's code, never across a yield."""


@contextmanager
def hearing(heard: Heard) -> Iterator[None]:
    """Tell `heard` of the guarded calls that are made in this block."""
    token = HEARD.set(heard)
    try:
        yield
    finally:
        HEARD.reset(token)
