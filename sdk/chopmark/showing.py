"""For authors of plugins that show evidence: Markdown, and what a policy does with its finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from ._values import Direction, Outcome
from .policy import ACTIONS, Decider, Policy
from .terminal import visible

_ACTION: dict[Outcome, str] = {outcome: action for action, outcome in ACTIONS.items()}
_WAYS: tuple[Direction, ...] = get_args(Direction)
_HEADS: dict[Direction, str] = {"input": "REQUESTS", "output": "ANSWERS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a detector looks for: a category of its verdicts, in words for people.

    `advice` says, in words, what the detector advises: it holds where no rule names the category.
    `directions` are those in which it looks; `audiences` those for which it does, all without any.
    """

    category: str
    what: str
    advice: str
    directions: Sequence[Direction] = _WAYS
    audiences: Sequence[str] = ()


def handled(policy: Policy, sought: Iterable[Sought]) -> str:
    """Return a table of Markdown that says what `policy` does with each of `sought`, and to whom.

    Below it stands which messages are judged, and what happens where a detector breaks.
    """
    decider = Decider(policy)
    everybody = [("", way) for way in _WAYS]
    others = [(audience, way) for audience in policy.audiences for way in _WAYS]
    header = ["CATEGORY", "WHAT IT IS", *map(_head, everybody), *map(_head, others)]
    rows = [
        [
            f"`{one.category}`",
            cell(one.what),
            *(cell(_done(decider, one, *whose)) for whose in (*everybody, *others)),
        ]
        for one in sought
    ]
    return (
        f"{table(header, rows)}\n"
        f"Of a request the messages of these roles are judged: {', '.join(policy.roles)}. A score "
        "is from 0 to 1; below all scores of a rule nothing is done. Where a detector breaks, the "
        f"policy's answer is: {policy.on_error.detector}.\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown. Its cells are Markdown: `cell` makes them of other text."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Return what stands in a cell of Markdown: nothing of it is markup."""
    escaped = visible(text).replace("\\", "\\\\")
    for character in "|`*_<>[]":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped


def writing(make: Callable[[], str]) -> Callable[[Path], object]:
    """Return what writes, as UTF-8, the text that `make` returns then: for `Evidence`."""
    return lambda path: path.write_text(make(), "utf-8")


def _head(whose: tuple[str, Direction]) -> str:
    audience, way = whose
    return f"{_HEADS[way]} ({cell(audience)})" if audience else _HEADS[way]


def _done(decider: Decider, one: Sought, audience: str, way: Direction) -> str:
    if way not in one.directions or (one.audiences and audience not in one.audiences):
        return "not judged"
    steps = decider.steps(one.category, way, audience)
    if steps is None:
        return f"{one.advice} (no rule: as the detector advises)"
    return ", ".join(
        f"{_ACTION[outcome]} from {least:g}" if least else _ACTION[outcome]
        for least, outcome in steps
    )
