"""How much time each call has left: one budget for all its messages and its whole answer."""

from __future__ import annotations

import threading
from collections import OrderedDict

from chopmark import Context
from chopmark.forking import WHOLE

from ._progress import Budget, Progress

KEPT = 4096
"""How many calls are told apart, those that were asked about last; an older one begins anew."""


class Calls:
    """The budgets of the calls in progress. Shared by threads.

    A call is known by the id that the SDK gives its request before the first wrapper, and this
    plugin brings one. Of a call nothing is kept but that id and a number. A text outside a call
    (`Chopmark.screen`), or of a request that a wrapper made without that id, has a budget of its
    own.
    """

    def __init__(self, milliseconds: float | None) -> None:
        self._milliseconds = milliseconds
        self._lock = threading.Lock()
        self._budgets: OrderedDict[str, Budget] = OrderedDict()

    def begin(self, context: Context) -> Progress:
        """Return the progress of a new text, within the time that its call has left."""
        call = context.request.id if context.request is not None else ""
        if self._milliseconds is None or not call:
            return Progress(self._milliseconds)
        with WHOLE.lock, self._lock:
            budget = self._budgets.get(call)
            if budget is None:
                budget = self._budgets[call] = Budget(self._milliseconds)
                if len(self._budgets) > KEPT:
                    self._budgets.popitem(last=False)
            else:
                self._budgets.move_to_end(call)
        return Progress(self._milliseconds, budget)

    def __len__(self) -> int:
        return len(self._budgets)
