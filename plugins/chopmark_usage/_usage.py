"""The use that the users of one policy make: looked up before a call, counted after it."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from chopmark import ChopmarkError, Request, RequestError, Response
from chopmark.policy import Handling, is_under
from chopmark.stores import Store

from ._options import Options
from ._rules import ALWAYS, State

_logger = logging.getLogger("chopmark.usage")


class UsageStoreError(ChopmarkError):
    """The store could not count a call, and the policy says that the call fails then."""


class Usage:
    """What the hooks and the commands of one policy share. Shared by threads.

    Args:
        options: the limits.
        store: keeps what is known of each user.
        on_error: what happens where the store cannot count a call.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        options: Options,
        store: Store,
        on_error: Handling = "block",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self.store = store
        self.now = clock
        self._on_error = on_error

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
        """Return what is kept of a user. What the store raises is raised."""
        return State.unpack(self.store.load(key))

    def take(self, key: str, request: Request, response: Response, *, reminded: bool) -> State:
        """Count a call that has ended, and return what is then kept of its user."""
        struck, now, limits = self._struck(request, response), self.now(), self.options.limits

        def change(kept: bytes | None) -> bytes:
            state = State.unpack(kept)
            return limits.after(state, now, struck=struck, reminded=reminded).pack()

        try:
            return State.unpack(self.store.update(key, change))
        except Exception as error:
            message = f"{type(self.store).__name__} could not count a call of a user: {error!r}"
            if self._on_error == "block":
                raise UsageStoreError(
                    f'{message}; mend it, or set on_error.detector = "allow" in the policy'
                ) from error
            _logger.warning("%s", message)
            return State()

    def suspend(self, user: str, seconds: float) -> State:
        """Suspend `user` for so many seconds from now, 0 for until it is lifted."""
        until = self.now() + seconds if seconds else ALWAYS
        return self._set(user, until)

    def lift(self, user: str) -> State:
        """Let `user` use the service again; what was counted begins anew."""
        return self._set(user, 0.0)

    def _set(self, user: str, until: float) -> State:
        def change(kept: bytes | None) -> bytes:
            state = State.unpack(kept)
            return replace(state, suspended_until=until, in_a_row=0, today=0).pack()

        return State.unpack(self.store.update(key_of(user), change))

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
