"""Turns verdicts into outcomes, and these into one action, by the rules of a policy."""

from __future__ import annotations

from collections.abc import Iterable

from ._errors import RequestError
from ._values import Act, Direction, Outcome, Verdict
from .policy import SEVERITY, Policy, Steps, steps

NAMED_ONLY = frozenset({"sexual_minors"})
"""Categories that no rule for everything softens: what their detectors deny is denied, unless a
policy names them."""


class Decider:
    """Turns verdicts into outcomes by the rules of one policy. Shared by threads."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: dict[tuple[str, Direction, str], Steps | None] = {}

    def check_audience(self, audience: str) -> None:
        """Raise `RequestError` where the policy knows no such audience."""
        if audience and audience not in self._policy.audiences:
            known = ", ".join(sorted(self._policy.audiences)) or "none"
            raise RequestError(
                f"audience {audience!r} is not in policy {self._policy.name!r} (it has: {known}); "
                f"add [audiences.{audience}.rules] to the policy or leave the audience out"
            )

    def outcome(self, verdict: Verdict, audience: str = "") -> Outcome:
        """Return what the rules make of `verdict`; without a rule, what the detector advised."""
        key = (verdict.category, verdict.direction, audience)
        try:
            found = self._known[key]
        except KeyError:
            found = self._known[key] = self.steps(*key)
        if found is None:
            return verdict.outcome
        for least, outcome in found:
            if verdict.score >= least:
                return outcome
        return "allow"

    def steps(self, category: str, direction: Direction, audience: str = "") -> Steps | None:
        """Return the rule that holds for `category`, None where the detector's advice does."""
        sources = [self._policy.rules]
        if audience in self._policy.audiences:
            sources.insert(0, self._policy.audiences[audience])
        for name in _broader(category):
            for rules in sources:
                for mapping in (getattr(rules, direction), rules.both):
                    if name in mapping:
                        return steps(mapping[name])
        return None


def _broader(category: str) -> Iterable[str]:
    parts = category.split(".")
    for n in range(len(parts), 0, -1):
        yield ".".join(parts[:n])
    if parts[0] not in NAMED_ONLY:
        yield "*"


def act(verdicts: Iterable[Verdict]) -> Act:
    """Return the one action that the strictest of `verdicts` asks for."""
    worst = max([SEVERITY[v.outcome] for v in verdicts], default=0)
    if not worst:
        return "allow"
    if worst >= SEVERITY["deny"]:
        return "block"
    if worst >= SEVERITY["escalate"]:
        return "escalate"
    return "modify" if worst >= SEVERITY["modify"] else "allow"
