"""A plugin's store under the policy: what fails is told, and `on_error` says what happens then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from ..policy import Handling
from ._store import Change, Store, StoreError

T = TypeVar("T")
_logger = logging.getLogger("chopmark.stores")


class Keeping:
    """What one plugin keeps between the calls of a policy. Shared by threads.

    A detector asks `load`, and a wrapper `update` behind its yield; both say that they block where
    `blocking` is True. Commands and `warm_up` use `read` and `write`, which no policy softens.

    Args:
        plugin: whose it is, for messages.
        store: keeps it.
        on_error: the policy's `on_error.detector`.
    """

    def __init__(self, plugin: str, store: Store, on_error: Handling) -> None:
        self.store = store
        self.blocking = store.blocking
        self._plugin, self._on_error = plugin, on_error

    def load(self, key: str) -> bytes | None:
        """Return what is kept under `key`, before a call.

        Raises:
            StoreError: the store failed. From a detector this is what `on_error` decides on; it is
                told here, since a record names no more than the kind of an error.
        """
        try:
            return self.read(key)
        except StoreError as error:
            refused = self._on_error == "block"
            what = "is refused" if refused else f"goes on without {self._plugin!r}"
            _logger.warning("%s; this call %s: on_error.detector", error, what)
            raise

    def update(self, key: str, change: Change) -> bytes | None:
        """Keep what `change` makes of what is kept, after a call, and return it.

        None says that the store failed, and that the policy lets calls go on.

        Raises:
            StoreError: the store failed, and the policy does not.
        """
        try:
            return self.write(key, change)
        except StoreError as error:
            if self._on_error == "block":
                raise StoreError(
                    f'{error}; mend it, or set on_error.detector = "allow" in the policy'
                ) from error
            _logger.warning("%s; this call is not counted: on_error.detector", error)
            return None

    def read(self, key: str) -> bytes | None:
        """Return what is kept under `key`; raise `StoreError`."""
        return self._asked("read", lambda: self.store.load(key))

    def write(self, key: str, change: Change) -> bytes:
        """Keep what `change` makes of what is kept, and return it; raise `StoreError`."""
        return self._asked("write", lambda: self.store.update(key, change))

    def _asked(self, doing: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            kind = type(self.store).__name__
            told = error if isinstance(error, StoreError) else f"{kind}: {error!r}"
            raise StoreError(
                f"plugin {self._plugin!r} could not {doing} what it keeps: {told}"
            ) from error
