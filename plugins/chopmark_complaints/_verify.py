"""Compares what is kept of complaints and incidents with what the log has of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chopmark import Event
from chopmark.reading import readable

from ._register import Register
from ._store import DIGEST

_OURS = ("complaint.", "incident.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many steps and texts were compared, and what is wrong with which.

    `only_in_log` are steps of which nothing is kept here: of another store, or of one that is gone.
    """

    steps: int
    texts: int
    faults: tuple[str, ...]
    only_in_log: int


def verify(register: Register) -> Comparison:
    """Compare each step with the log's, and each text with what its step commits to.

    Raises:
        LogError: the log cannot be read.
    """
    register.log.close()  # some take in what was appended a second later, or then
    logged = {
        entry["id"]: entry
        for entry in readable(register.log).read()
        if entry["k"] == "event" and entry["kind"].startswith(_OURS)
    }
    faults: list[str] = []
    steps = texts = 0
    for subject, events in register.store.all_steps().items():
        for event in events:
            steps += 1
            entry = logged.pop(event.id, None)
            if entry is None:
                faults.append(f"{event.kind} {event.id} is not in the log")
            elif _plain(event) != {key: entry[key] for key in _plain(event)}:
                faults.append(f"{event.kind} {event.id} is another one in the log")
        kept = register.store.texts(subject)
        erased = any(event.kind.endswith(".erased") for event in events)
        for event in events:
            found = kept.get(event.id, {})
            texts += len(found)
            gone = set() if erased else _committed(event) - found.keys()
            faults += [f"the {name} of {event.id} is missing" for name in sorted(gone)]
            for name, text in found.items():
                if not text.commitment(name).items() <= event.data.items():
                    faults.append(f"the {name} of {event.id} is not what the log commits to")
    return Comparison(steps=steps, texts=texts, faults=tuple(faults), only_in_log=len(logged))


def _committed(event: Event) -> set[str]:
    return {key.removesuffix(DIGEST) for key in event.data if key.endswith(DIGEST)}


def _plain(event: Event) -> Mapping[str, Any]:
    return {
        "kind": event.kind, "time": event.time, "about": list(event.about),
        "actor": event.actor, "data": dict(event.data),
    }  # fmt: skip
