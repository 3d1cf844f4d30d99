"""Takes steps: each is kept with its texts first, and then goes into the log, in order.

So that no step is lost where the log fails or the process ends in between: what the log does not
have yet goes in with the next step. One that was cut short may stand there twice, with one id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from chopmark import Event, LogError
from chopmark.hookspecs import Log
from chopmark.reading import new_event, takes_events

from ._errors import ComplaintError, UnloggedError
from ._store import Kept, Store
from ._subjects import named

MOST_CHARACTERS = 1_000_000
"""Of a text; a longer one is refused."""


MOST_NAMED = 200
"""Characters of what a step says by itself."""
V = TypeVar("V", bound=str | int | bool)


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Register:
    """Complaints and incidents of a service: their steps, in `store` and in `log`.

    Shared by threads. `clock` returns milliseconds since 1970.

    Raises:
        LogError: the log takes no events.
    """

    def __init__(self, store: Store, log: Log, clock: Callable[[], int] = now) -> None:
        self.store, self.log, self.clock = store, log, clock
        self._events = takes_events(log)

    def begin(
        self,
        kind: str,
        *,
        about: Iterable[str],
        actor: str,
        data: Mapping[str, str | int | bool],
        texts: Mapping[str, str],
    ) -> str:
        """Take the step with which something new begins, and return its id.

        Raises:
            ComplaintError: a text is too long.
            UnloggedError: it is kept, and the log could not take it yet.
        """
        event, kept = self._made(kind, about, actor, data, texts)
        with self.store.transaction():
            self.store.add(event.id, event, kept)
        self._log(event)
        return event.id

    def take(
        self,
        subject: str,
        kind: str,
        *,
        actor: str,
        data: Mapping[str, str | int | bool] | None = None,
        texts: Mapping[str, str] | None = None,
        about: Iterable[str] | None = None,
        meanwhile: Callable[[], Mapping[str, str | int | bool]] = dict,
    ) -> Event:
        """Take a step of `subject`; `meanwhile` runs while no other process can take one.

        It may refuse, do what is part of the step, and returns more `data`.

        Raises:
            ComplaintError: nobody is named, a text is too long, or `meanwhile` refuses.
            UnloggedError: it is kept, and the log could not take it yet.
        """
        named(actor)
        about = (subject,) if about is None else about
        event, kept = self._made(kind, about, actor, data or {}, texts or {})
        with self.store.transaction():
            event = replace(event, data={**event.data, **meanwhile()})
            self.store.add(subject, event, kept)
        self._log(event)
        return event

    def flush(self) -> None:
        """Take into the log what it does not have yet.

        Raises:
            LogError: the log failed.
        """
        while True:
            with self.store.transaction():  # of two processes one does, so that none is there twice
                event = next(iter(self.store.unlogged()), None)
                if event is None:
                    return
                self._events.append_event(event)
                self.store.logged(event.id)

    def _made(
        self,
        kind: str,
        about: Iterable[str],
        actor: str,
        data: Mapping[str, str | int | bool],
        texts: Mapping[str, str],
    ) -> tuple[Event, dict[str, Kept]]:
        kept = {name: Kept.new(_checked(name, text)) for name, text in texts.items() if text}
        whole = {key: _short(key, value) for key, value in data.items()}
        for name, one in kept.items():
            whole |= one.commitment(name)
        event = new_event(kind, about=about, actor=_short("actor", actor.strip()), data=whole)
        return replace(event, time=self.clock()), kept

    def _log(self, event: Event) -> None:
        try:
            self.flush()
        except LogError as error:
            raise UnloggedError(
                f"{event.kind} is kept as {event.id}, do not repeat it; the log could not take it, "
                f"and gets it with the next step: {error}",
                event,
            ) from error


def _checked(name: str, text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ComplaintError(
            f"the {name} has {len(text):,} characters; write {MOST_CHARACTERS:,} at the most"
        )
    return text


def _short(name: str, value: V) -> V:
    if isinstance(value, str) and len(value) > MOST_NAMED:
        raise ComplaintError(
            f"{name} {value[:20]!r}… goes into the log, which is for names and not for texts; "
            f"write {MOST_NAMED} characters at the most"
        )
    return value
