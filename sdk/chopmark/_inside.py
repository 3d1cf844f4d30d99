"""Knows whether this code runs inside a guarded call, so that a call is screened once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Guarding:
    """One guarded call. What was started inside it and outlives it is not inside any more."""

    __slots__ = ("open", "outer", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.outer = CURRENT.get()
        self.open = True


CURRENT: ContextVar[Guarding | None] = ContextVar("chopmark_inside", default=None)
"""Set around each step into the framework, never across a yield: an async generator may be
resumed by another task, and a sync one shares its caller's context."""


def inside(owner: object) -> bool:
    """Return whether a call guarded by `owner` is in progress around this code."""
    guarding = CURRENT.get()
    while guarding is not None:
        if guarding.owner is owner and guarding.open:
            return True
        guarding = guarding.outer
    return False


def current() -> Guarding | None:
    """Return the guarded call that this code runs in, None where there is none."""
    return CURRENT.get()


@contextmanager
def stepping(guarding: Guarding | None) -> Iterator[None]:
    """Mark one step into the framework as inside `guarding`, or as inside no guarded call."""
    token = CURRENT.set(guarding)
    try:
        yield
    finally:
        CURRENT.reset(token)
