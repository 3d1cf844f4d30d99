"""For authors of detectors that judge a call as a whole, not a text of it."""

from __future__ import annotations

from collections.abc import Sequence

from ._values import Context, Request, Verdict
from .hookspecs import IdleScanner, Needs, Scanner


class RequestDetector:
    """Judges each request once: subclass it, and give `judge_request`.

    Its verdicts stand at the last message that the policy judges, so that they hold back nothing
    and are given once. `roles` are those of the policy. A `StreamDetector`, shared by threads.
    """

    name: str
    version: str
    blocking: bool = False
    needs = Needs.whole()

    def __init__(self, roles: Sequence[str]) -> None:
        self._roles = frozenset(roles)

    def judge_request(self, request: Request) -> Sequence[Verdict]:
        """Return the verdicts on `request`; they should span nothing: `start=0, end=0`."""
        raise NotImplementedError(f"{type(self).__name__} must give judge_request(request)")

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return the verdicts on the request that `text` ends, none elsewhere."""
        return self.open(context).finish()

    def open(self, context: Context) -> Scanner:
        """Return a scanner of one text; for all but the last message of a request it is idle."""
        request = context.request
        if request is None or context.direction != "input":
            return IdleScanner()
        judged = [n for n, m in enumerate(request.messages) if m.text and m.role in self._roles]
        return _Scanner(self, request) if judged[-1:] == [context.part] else IdleScanner()


class _Scanner:
    """Judges the request at the end of its last text."""

    def __init__(self, detector: RequestDetector, request: Request) -> None:
        self.settled = 0
        self._detector = detector
        self._request = request

    def feed(self, text: str) -> Sequence[Verdict]:
        return ()

    def finish(self) -> Sequence[Verdict]:
        return self._detector.judge_request(self._request)
