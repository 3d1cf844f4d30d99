"""What the hooks of a plugin that keeps something share: its options, and its store."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from ..options import Table
from ..policy import Policy
from ._keeping import Keeping
from ._per_policy import PerPolicy
from ._store import Store

O = TypeVar("O")  # noqa: E741  # of options
T = TypeVar("T")
Clock = Callable[[], float]
"""Returns seconds since 1970."""


class Keeper(Generic[O, T]):
    """Makes what the detector and the wrapper of `plugin` share under a policy.

    Args:
        plugin: its name, and that of its settings.
        options: reads them; raises `PolicyError`.
        store: opens the store that is named among the options, which were read (`open_store`).
        make: makes of the options, of what is kept, and of a clock what the hooks share.
    """

    def __init__(
        self,
        plugin: str,
        options: Callable[[Table], O],
        store: Callable[[Table, O], Store],
        make: Callable[[O, Keeping, Clock], T],
    ) -> None:
        self._plugin, self._options, self._store, self._make = plugin, options, store, make
        self._shared = PerPolicy(self.open)

    def of(self, policy: Policy) -> T:
        """Return what the hooks share under the settings of `policy`, the same for each of them.

        Raises:
            PolicyError: a setting is wrong.
        """
        return self._shared.of(policy)

    def open(self, policy: Policy) -> T:
        """Return it as `of` does, but made anew, as for a command."""
        given = Table(self._plugin, policy.options(self._plugin), Path(policy.folder))
        return self._from(given, time.time)(policy)

    def given(
        self, store: Store | str, options: Mapping[str, object], clock: Clock
    ) -> Callable[[Policy], T]:
        """Return what makes it for a plugin as an object, which has one store for all policies.

        Args:
            store: what keeps it, or as the setting of that name.
            options: as in the settings; relative paths start from this folder.
            clock: what tells the time.

        Raises:
            PolicyError: an option is wrong.
        """
        return self._from(Table(self._plugin, {**options, "store": store}), clock)

    def _from(self, given: Table, clock: Clock) -> Callable[[Policy], T]:
        options = self._options(given)
        store = self._store(given, options)

        def made(policy: Policy) -> T:
            keeping = Keeping(self._plugin, store, policy.on_error.detector)
            return self._make(options, keeping, clock)

        return made
