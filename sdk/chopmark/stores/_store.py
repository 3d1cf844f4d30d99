"""What keeps something between calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from .._errors import ChopmarkError

Change = Callable[[bytes | None], bytes]
"""From what is kept under a key, None where nothing is, to what is kept from now on."""


class StoreError(ChopmarkError):
    """What is kept between calls could not be read or written; the message says where and why."""


@runtime_checkable
class Store(Protocol):
    """Keeps bytes by key, a string of 32 hexadecimal digits. Shared by threads.

    `blocking` is True where `load` or `update` does I/O: async calls then do both in threads, and
    an update to its end, though the call is cancelled meanwhile. Both may raise; what then
    happens is for the plugin that asked, which follows the policy's `on_error`.
    """

    blocking: bool

    def load(self, key: str) -> bytes | None:
        """Return what is kept under `key`."""
        ...

    def update(self, key: str, change: Change) -> bytes:
        """Keep what `change` makes of what is kept, and return it.

        No other update of `key`, in this process or another one that uses the same store, may
        come between. `change` has no effect of its own and may be called again.
        """
        ...

    def close(self) -> None:
        """Release what is held; a later call may open it again."""
        ...
