"""The use that the users of one policy make: looked up before a call, counted after it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace

from chopmark import Request, RequestError, Response
from chopmark.policy import is_under
from chopmark.stores import Keeping

from ._options import Options
from ._rules import ALWAYS, State


class Usage:
    """What the hooks and the commands of one policy share. Shared by threads.

    Args:
        options: the limits.
        keeping: keeps what is known of each user.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        options: Options,
        keeping: Keeping,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self.keeping = keeping
        self.now = clock

    def key(self, request: Request) -> str | None:
        """Return the key of the user of `request`, None where it names none.

        Raises:
            RequestError: there is none, and the policy requires one.
        """
        if request.user:
            return key_of(request.user)
        if self.options.required:
            raise RequestError(
                "this call names no user, and the policy requires one: make it in `with "
                'calling(user="..."):`'
            )
        return None

    def state(self, key: str) -> State:
        """Return what is kept of a user, before a call; raise `StoreError`."""
        return State.unpack(self.keeping.load(key))

    def take(
        self, key: str, request: Request, response: Response, *, reminded: bool
    ) -> State | None:
        """Count a call that has ended, and return what is then kept of its user; None where the
        store failed.

        Raises:
            StoreError: it did, and the policy does not let calls go on.
        """
        struck, now, limits = self._struck(request, response), self.now(), self.options.limits

        def change(kept: bytes | None) -> bytes:
            state = State.unpack(kept)
            return limits.after(state, now, struck=struck, reminded=reminded).pack()

        kept = self.keeping.update(key, change)
        return None if kept is None else State.unpack(kept)

    def seen(self, user: str) -> State:
        """Return what is kept of `user`, outside every call; raise `StoreError`."""
        return State.unpack(self.keeping.read(key_of(user)))

    def suspend(self, user: str, seconds: float) -> State:
        """Suspend `user` for so many seconds from now, 0 for until it is lifted."""
        return self._set(user, self.until(seconds))

    def until(self, seconds: float) -> float:
        """Return when so many seconds are over, 0 for never."""
        return self.now() + seconds if seconds else ALWAYS

    def lift(self, user: str) -> State:
        """Let `user` use the service again; what was counted begins anew."""
        return self._set(user, 0.0)

    def _set(self, user: str, until: float) -> State:
        def change(kept: bytes | None) -> bytes:
            state = State.unpack(kept)
            return replace(state, suspended_until=until, in_a_row=0, today=0).pack()

        return State.unpack(self.keeping.write(key_of(user), change))

    def _struck(self, request: Request, response: Response) -> bool | None:
        """Return whether the user asked for what is stopped, None where the user said nothing.

        What stood before the last answer was counted with its own call; what a tool said is
        nothing that the user did.
        """
        newest = request.newest
        said = {n for n, m in enumerate(request.messages) if n >= newest and m.role == "user"}
        if not said:
            return None
        return any(
            verdict.direction == "input"
            and verdict.part in said
            and verdict.outcome in ("deny", "escalate")
            and not is_under(verdict.category, self.options.ignore)
            for verdict in response.verdicts
        )


def key_of(user: str) -> str:
    """Return the key of a user in the store: 32 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(f"usage\x1f{user}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
