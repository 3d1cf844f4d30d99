"""Records that the log could not take, kept in memory until it can, with what goes with them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from ._errors import LogError
from ._kept import Content, Record
from ._values import Failure
from .forking import WHOLE
from .policy import Handling

_LIMIT = 10_000
Late = tuple[Record, Content | None]
_logger = logging.getLogger("chopmark")


class Unrecorded:
    """A queue, shared by threads, of records that wait for the log to work again.

    Args:
        warm_up: raises where the log would take no record: for a log that is to be tried first.
    """

    def __init__(self, warm_up: Callable[[], object] | None = None) -> None:
        self.untried = warm_up
        """What tries the log; None as soon as it worked once, also for the children of a fork."""
        self._lock = threading.Lock()
        self._records: deque[Late] = deque()
        WHOLE.rests(self)

    def try_log(self) -> None:
        """Raise `LogError` where the log would not take the record of the call that begins."""
        if (warm_up := self.untried) is None:
            return
        try:
            warm_up()
        except Exception as broke:
            raise LogError(
                f"the model was not asked, for the log could not take the record: {broke}; mend "
                'the log, or set on_error.log = "allow" in the policy'
            ) from broke
        self.untried = None

    def __len__(self) -> int:
        return len(self._records)

    def keep(
        self, record: Record, error: Exception, handled: Handling, content: Content | None = None
    ) -> None:
        """Keep `record`, with the failure written into it."""
        failure = Failure(role="log", name="log", error=type(error).__name__, handled=handled)
        record = replace(record, failures=(*record.failures, failure))
        with WHOLE.lock, self._lock:
            self._records.append((record, content))
            lost = self._records.popleft() if len(self._records) > _LIMIT else None
        _logger.error("the log failed (%s); record %s is kept in memory", error, record.id)
        if lost is not None:
            _logger.critical("too many records wait for the log; record %s is lost", lost[0].id)

    def take(self) -> Late | None:
        """Return the record that has waited longest, with its content where one was kept.

        It is the caller's now, who puts it back unless the log takes it: of several threads one
        tries it.
        """
        with WHOLE.lock, self._lock:
            return self._records.popleft() if self._records else None

    def put_back(self, late: Late) -> None:
        """Keep, before all others, what was taken, and the log did not take."""
        with WHOLE.lock, self._lock:
            self._records.appendleft(late)

    def rest(self) -> None:
        """Do nothing before a fork."""

    def forked(self) -> None:
        """Forget, in a child, what its parent has to record: else it were there twice."""
        self._records.clear()
