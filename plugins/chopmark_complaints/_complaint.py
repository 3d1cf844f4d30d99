"""A complaint as its steps have it: pure functions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chopmark import Event

RECEIVED = "complaint.received"
DECIDED = "complaint.decided"
CORRECTED = "complaint.corrected"
NOTIFIED = "complaint.notified"
ERASED = "complaint.erased"
EXPORTED = "complaint.exported"

Decision = Literal["upheld", "partly", "rejected", "withdrawn"]
DECISIONS: tuple[Decision, ...] = ("upheld", "partly", "rejected", "withdrawn")
Ground = Literal[
    "illegal", "discrimination", "rights", "personal_data", "minors", "inaccurate", "label", "other"
]
GROUNDS: tuple[Ground, ...] = (
    "illegal", "discrimination", "rights", "personal_data", "minors", "inaccurate", "label",
    "other",
)  # fmt: skip
"""What a complaint may be about: the groups of Art. 4 of the Interim Measures, and others."""

State = Literal["open", "overdue", "to tell", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint. Times are milliseconds since 1970, 0 where there is none.

    `record` is the id of the call that it is about, "" where that was not found, and `found` says
    by what it was. `told` are the notices that were sent: `received`, `decided`. `decided` is when
    the first decision was made, `decision` the last one. `erased` is when its texts were.
    """

    id: str
    received: int
    deadline: int
    ground: str = "other"
    language: str = ""
    record: str = ""
    found: str = ""
    decided: int = 0
    decision: str = ""
    corrections: int = 0
    told: tuple[str, ...] = ()
    erased: int = 0

    @classmethod
    def of(cls, steps: Sequence[Event]) -> Complaint:
        """Return the complaint of `steps`, the first of which received it."""
        first = steps[0]
        found = cls(
            id=first.id,
            received=first.time,
            deadline=int(first.data["deadline"]),
            ground=str(first.data["ground"]),
            language=str(first.data["language"]),
            record="".join(first.about),
            found=str(first.data["found"]),
        )
        for step in steps[1:]:
            found = found._after(step)
        return found

    def _after(self, step: Event) -> Complaint:
        match step.kind:
            case "complaint.decided":
                told = tuple(one for one in self.told if one != "decided")  # of the one before
                decided, decision = self.decided or step.time, str(step.data["decision"])
                return replace(self, decided=decided, decision=decision, told=told)
            case "complaint.corrected":
                return replace(self, corrections=self.corrections + 1)
            case "complaint.notified":
                return replace(self, told=(*self.told, str(step.data["notice"])))
            case "complaint.erased":
                return replace(self, erased=step.time)
        return self

    @property
    def late(self) -> bool:
        """Whether it was decided past its deadline."""
        return self.decided > self.deadline

    def state(self, now: int) -> State:
        """Return what is to be done: decide it, in time or no longer so, tell the result, nothing.

        Whom a text was erased of cannot be told; whoever withdrew need not be.
        """
        if not self.decided:
            return "overdue" if now > self.deadline else "open"
        if "decided" in self.told or self.erased or self.decision == "withdrawn":
            return "done"
        return "to tell"
