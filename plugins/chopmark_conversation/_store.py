"""What keeps the risk of conversations; `chopmark_conversation.testing` has its contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ._risk import State

Change = Callable[[State | None], State]
"""From what is kept of a conversation, None where nothing is, to what is kept from now on."""


@runtime_checkable
class Store(Protocol):
    """Keeps states by key, a string of 32 hexadecimal digits. Shared by threads.

    `blocking` is True where `load` does I/O: it is then called in a thread. `update` is called
    where an event loop may run: what takes more than a millisecond there must be handed to a
    thread of the store's own, as long as `load` waits for it. Both may raise; the policy's
    `on_error.detector` says what happens then.
    """

    blocking: bool

    def load(self, key: str) -> State | None:
        """Return what is kept under `key`."""
        ...

    def update(self, key: str, change: Change) -> State:
        """Keep what `change` makes of what is kept, and return it.

        No other update of `key`, in this process or another one that uses the same store, may
        come between. `change` has no effect of its own and may be called again.
        """
        ...

    def close(self) -> None:
        """Release what is held; a later call may open it again."""
        ...
