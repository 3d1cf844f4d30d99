"""The complaints and the incidents of a policy, in one store and one log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from chopmark import Chopmark, Policy
from chopmark.hookspecs import Log
from chopmark.reading import open_log

from ._complaints import Complaints
from ._export import Export, export
from ._incidents import Incidents
from ._options import read_options
from ._register import Register, now
from ._store import Store
from ._verify import Comparison, verify


class Office:
    """Opens the store and the log that `policy` names; close it, or use it as a context manager.

    Shared by threads; a child of a fork opens its own.

    Args:
        policy: of the service; its `[settings.complaints]` has the options.
        plugins: that bring the log, where the policy's do not.
        clock: milliseconds since 1970.
        log: that is open already; it stays open.

    Raises:
        PolicyError: an option is missing or wrong.
        LogError: the policy keeps no log, or one that takes no events.
        ComplaintError: the store cannot be used.
    """

    def __init__(
        self,
        policy: Policy,
        plugins: Iterable[object] = (),
        clock: Callable[[], int] = now,
        log: Log | None = None,
    ) -> None:
        self._policy, self._plugins = policy, list(plugins)
        self._closes_log = log is None
        options = read_options(policy)
        log = open_log(policy, self._plugins) if log is None else log
        store = Store(options.path)
        try:
            self._register = Register(store, log, clock)
        except BaseException:
            store.close()
            raise
        self.complaints = Complaints(self._register, options)
        self.incidents = Incidents(self._register)

    @property
    def clock(self) -> Callable[[], int]:
        """What tells the time, in milliseconds since 1970."""
        return self._register.clock

    def export(self, path: Path, *, actor: str) -> Export:
        """Write the examples of all corrections to a new file for retraining, our marks off."""
        chop = Chopmark(self._policy, plugins=self._plugins, log=self._register.log)
        return export(self._register, path, chop.strip, actor=actor)

    def verify(self) -> Comparison:
        """Compare what is kept with what the log has."""
        return verify(self._register)

    def close(self) -> None:
        """Close the store, and the log where it was opened here."""
        self._register.store.close()
        if self._closes_log:
            self._register.log.close()

    def __enter__(self) -> Office:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
