"""A connection to Postgres that waits for an answer no longer than it may.

A server that is gone is noticed by the system. One that is stopped, or behind a network that drops
what is sent, keeps its connections and says nothing, and enforces no limit of its own either: so
the limit is on this side.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")


class SilentError(psycopg.OperationalError):
    """The server said nothing for as long as it may; the connection is closed.

    Whether it did what it was asked to, nobody knows; it may still do it.
    """


class Patient(psycopg.Connection[Any]):
    """A connection that is closed when the server has said nothing for `patience` seconds."""

    patience = 60.0

    def wait(self, gen: PQGen[T], *given: Any, **named: Any) -> T:
        """Do as psycopg does, so long.

        Raises:
            SilentError: nothing came.
        """
        try:
            return super().wait(_within(gen, self.patience), *given, **named)
        except SilentError:
            self.close()
            raise


def _within(gen: PQGen[T], seconds: float) -> PQGen[T]:
    """Do what `gen` does, and raise when nothing has moved for `seconds`.

    Who drives it comes back several times a second, also where nothing moved. What is answered at
    once asks for no time.
    """
    silent = 0.0
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                silent = 0.0
            elif not silent:
                silent = time.monotonic()
            elif time.monotonic() - silent >= seconds:
                raise SilentError(f"it said nothing for {seconds:.3g} s: it hangs, or the network")
            wanted = gen.send(ready)
    except StopIteration as done:
        found: T = done.value
        return found
