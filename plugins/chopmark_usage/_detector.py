"""The detector that knows who is suspended, and who has used the service for long."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chopmark import Request, Verdict
from chopmark.detecting import RequestDetector

from ._usage import Usage, key_of

SUSPENDED, REMINDER = "usage.suspended", "usage.reminder"


class UsageDetector(RequestDetector):
    """Gives a request of a suspended user `usage.suspended`, which advises `deny`, and one of a
    user who is to be reminded `usage.reminder`, which advises `allow`: so the record has both.
    """

    def __init__(self, usage: Usage, roles: Sequence[str]) -> None:
        super().__init__(roles)
        self.name = "usage"
        self.categories = ("usage",)
        self.blocking = usage.keeping.blocking
        self.version = hashlib.sha256(repr(usage.options).encode()).hexdigest()[:16]
        self._usage = usage

    def warm_up(self) -> None:
        """Ask the store once, so that one which cannot be reached is known before the first call.

        Raises:
            StoreError: it does not answer.
        """
        self._usage.keeping.read(key_of(""))

    def judge_request(self, request: Request) -> Sequence[Verdict]:
        """Return the verdict on the user of `request`, where there is one."""
        usage = self._usage
        key = usage.key(request)
        if key is None:
            return ()
        state, now, limits = usage.state(key), usage.now(), usage.options.limits
        if limits.suspended(state, now):
            return [Verdict(category=SUSPENDED, start=0, end=0)]
        if limits.due(state, now, usage.options.every(request.audience)):
            minutes = int(limits.used(state, now) // 60)
            detail = f"{minutes} minutes without a pause"
            return [Verdict(category=REMINDER, start=0, end=0, outcome="allow", detail=detail)]
        return ()
