"""A chopmark plugin: finds shouting (`HELLO WORLD`) and calms it down (`hello world`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chopmark import Context, Needs, Policy, PolicyError, Verdict, hookimpl

LONGEST = 40


class ShoutDetector:
    """Finds runs of capital letters, at least `least` and at most 40 long."""

    name = "example"
    version = "1"
    blocking = False
    needs = Needs.window(LONGEST)

    def __init__(self, least: int) -> None:
        self._shout = re.compile(f"(?<![A-Z])[A-Z]{{{least},{LONGEST - 1}}}(?![A-Z])")

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return a verdict for every shouted word."""
        return [
            Verdict(
                category="example.shout",
                start=match.start(),
                end=match.end(),
                outcome="modify",
                replacement=match.group().lower(),
            )
            for match in self._shout.finditer(text)
        ]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[ShoutDetector]:
    """Bring the detector, with the options of [settings.example]."""
    least = policy.options("example").get("least", 4)
    if not isinstance(least, int) or not 2 <= least < LONGEST:
        raise PolicyError(f"[settings.example] least = {least!r}: give a number in 2..39")
    return [ShoutDetector(least)]
