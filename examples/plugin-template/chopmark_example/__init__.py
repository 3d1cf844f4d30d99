"""A chopmark plugin: finds shouting (`HELLO WORLD`) and calms it down (`hello world`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from chopmark import Context, Needs, Policy, Verdict, hookimpl
from chopmark.options import Table

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
    given = Table.of(policy, "example", known=("least",))
    return [ShoutDetector(given.whole("least", 4, least=2, most=LONGEST - 1))]
