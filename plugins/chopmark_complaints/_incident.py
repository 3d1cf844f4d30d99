"""An incident as its steps have it: pure functions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chopmark import Event

OPENED = "incident.opened"
TAKEN_BACK = "incident.taken_back"
CLOSED = "incident.closed"
INCIDENT_ERASED = "incident.erased"

Step = Literal["stop", "remove", "rectify", "report"]
STEPS: Mapping[Step, str] = {
    "stop": "incident.stopped",
    "remove": "incident.removed",
    "rectify": "incident.rectified",
    "report": "incident.reported",
}
"""The steps of Art. 14 of the Interim Measures, and the kinds of their events: generation and
transmission are stopped, the content is removed, the model is rectified, the authority is told."""
_OF_KIND = {kind: step for step, kind in STEPS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident. Times are milliseconds since 1970, 0 where there is none.

    `about` are ids of calls or complaints. `steps` says when each was last taken, but for those
    that were taken back. `without` are those that it was closed without.
    """

    id: str
    opened: int
    ground: str
    about: tuple[str, ...] = ()
    steps: Mapping[Step, int] = field(default_factory=dict)
    closed: int = 0
    without: tuple[str, ...] = ()
    erased: int = 0

    @classmethod
    def of(cls, steps: Sequence[Event]) -> Incident:
        """Return the incident of `steps`, the first of which opened it."""
        first = steps[0]
        found = cls(
            id=first.id, opened=first.time, ground=str(first.data["ground"]), about=first.about
        )
        for event in steps[1:]:
            if event.kind == CLOSED:
                without = tuple(str(event.data.get("without", "")).split())
                found = replace(found, closed=event.time, without=without)
            elif event.kind == INCIDENT_ERASED:
                found = replace(found, erased=event.time)
        return replace(found, steps={step: last.time for step, last in standing(steps).items()})

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that were not taken, in their order."""
        return tuple(step for step in STEPS if step not in self.steps)


def standing(steps: Sequence[Event]) -> dict[Step, Event]:
    """Return the last event of each step that was taken, and not taken back, in their order."""
    back = {event.data.get("taken") for event in steps if event.kind == TAKEN_BACK}
    found = {
        _OF_KIND[event.kind]: event
        for event in steps
        if event.kind in _OF_KIND and event.id not in back
    }
    return {step: found[step] for step in STEPS if step in found}
