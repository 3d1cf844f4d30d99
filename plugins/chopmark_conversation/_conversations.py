"""The risk of the conversations of one policy: read before a turn, built up after it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator

from chopmark import Request, RequestError, Response, Verdict
from chopmark.stores import Keeping

from ._options import Options
from ._risk import State


class Conversations:
    """What detector and wrapper of one policy share. Shared by threads.

    Args:
        options: how risk builds up, and how conversations are told apart.
        keeping: keeps it.
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
        self._clock = clock

    def key(self, request: Request) -> str | None:
        """Return the key of the request's conversation, None where it names none.

        It is a digest of the id together with the user: nobody builds up risk for somebody else.

        Raises:
            RequestError: the id is no string or number, or one is required and missing.
        """
        name = self.options.key
        value = request.metadata.get(name)
        if value is None or value == "":
            if self.options.required:
                raise RequestError(
                    f"this call names no conversation, and the policy requires one: pass "
                    f"metadata={{{name!r}: id}}, for example in `with calling(metadata=...)`"
                )
            return None
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise RequestError(
                f"metadata {name!r} is a {type(value).__name__}; pass the conversation's id as a "
                "string or a number"
            )
        told = f"{request.user}\x1f{value}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(told).hexdigest()[:32]

    def risk(self, key: str) -> float:
        """Return the risk of a conversation now; raise `StoreError`."""
        return self.options.build.decayed(State.unpack(self.keeping.load(key)), self._clock())

    def take(self, key: str, request: Request, response: Response) -> float | None:
        """Add a finished turn, and return the risk after it; None where the store failed.

        Raises:
            StoreError: it did, and the policy does not let calls go on.
        """
        build = self.options.build
        newest = request.newest
        gain = build.gain(_new(response, newest))
        asked = any(m.role == "user" for m in request.messages[newest:])
        answered = asked and response.action not in ("block", "escalate")
        now = self._clock()

        def change(kept: bytes | None) -> bytes:
            return build.after(State.unpack(kept), now, gain, answered=answered).pack()

        state = State.unpack(self.keeping.update(key, change))
        return None if state is None else state.risk


def _new(response: Response, newest: int) -> Iterator[Verdict]:
    """Yield the verdicts on what this turn brought; the others were counted with theirs."""
    for verdict in response.verdicts:
        if verdict.direction == "output" or verdict.part >= newest:
            yield verdict
