"""For authors of plugins that show evidence: Markdown, and what a policy does with its finds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from ._errors import ChopmarkError
from ._values import Direction, Outcome
from ._version import __version__
from .deciding import Decider
from .hookspecs import Evidence
from .policy import ACTIONS, Handling, Policy
from .terminal import visible

_ACTION: dict[Outcome, str] = {outcome: action for action, outcome in ACTIONS.items()}
_WAYS: tuple[Direction, ...] = get_args(Direction)
_BROKEN: dict[Handling, str] = {"block": "blocked", "allow": "let through"}
_HEADS: dict[Direction, str] = {"input": "REQUESTS", "output": "ANSWERS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a detector looks for: a category of its verdicts, in words for people.

    `advice` says, in words, what the detector advises: that is done where no rule names it.
    `directions` are those in which it looks; `audiences` those for which it does, all without any.
    """

    category: str
    what: str
    advice: str
    directions: Sequence[Direction] = _WAYS
    audiences: Sequence[str] = ()


def handled(policy: Policy, sought: Iterable[Sought]) -> str:
    """Return a table of Markdown that says what `policy` does with each of `sought`, and to whom.

    Audiences for which nothing differs have no columns. Below it stands how to read it, which
    messages are judged, and what happens where a detector breaks.
    """
    decider, found = Decider(policy), list(sought)
    columns = {
        audience: [[_done(decider, one, audience, way) for one in found] for way in _WAYS]
        for audience in ("", *policy.audiences)
    }
    own = [name for name in columns if not name or columns[name] != columns[""]]
    same = [name for name in columns if name not in own]
    header = [_head(name, way) for name in own for way in _WAYS]
    done = zip(*(column for name in own for column in columns[name]), strict=True)
    rows = [
        (f"`{one.category}`", cell(one.what), *cells)
        for one, cells in zip(found, done, strict=True)
    ]
    alike = f"Nothing differs for: {cell(', '.join(same))}. " if same else ""
    return (
        f"{table(('CATEGORY', 'WHAT IT IS', *header), rows)}\n"
        "What a rule of the policy says stands plainly. *In italics*: no rule names the category, "
        "and what the detector advises is done. A score is from 0 to 1; below every score of a "
        f"rule nothing is done. {alike}"
        f"Of a request the messages of these roles are judged: {', '.join(policy.roles)}. Where a "
        f"detector breaks, the call is: {_BROKEN[policy.on_error.detector]}.\n"
    )


def page(title: str, *parts: str) -> str:
    """Return a page of Markdown; each of `parts` is a paragraph, a table or a list."""
    return "\n".join([f"# {title}\n", *(part.rstrip("\n") + "\n" for part in parts if part)])


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


def figures(name: str, shows: tuple[str, ...]) -> Evidence:
    """Return the page `name` of chopmark's documentation, which says what was measured and how.

    A wheel has it in `chopmark/docs`, a checkout in `docs`.
    """

    def copy(path: Path) -> None:
        here = Path(__file__).parent
        found = next((p for p in (here / "docs" / name, here.parents[1] / "docs" / name)
                      if p.is_file()), None)  # fmt: skip
        if found is None:
            raise ChopmarkError(f"chopmark was installed without docs/{name}; install it whole")
        shutil.copyfile(found, path)

    title = f"What it finds and misses, measured, and how: docs/{name} of chopmark {__version__}"
    return Evidence(path="figures.md", title=title, write=copy, shows=shows)


def writing(make: Callable[[], str]) -> Callable[[Path], object]:
    """Return what writes, as UTF-8, the text that `make` returns then: for `Evidence`."""
    return lambda path: path.write_text(make(), "utf-8")


def _head(audience: str, way: Direction) -> str:
    return f"{_HEADS[way]} ({cell(audience)})" if audience else _HEADS[way]


def _done(decider: Decider, one: Sought, audience: str, way: Direction) -> str:
    if way not in one.directions or (one.audiences and audience not in one.audiences):
        return "not judged"
    steps = decider.steps(one.category, way, audience)
    if steps is None:
        return f"*{cell(one.advice)}*"
    return ", ".join(
        f"{_ACTION[outcome]} from {least:g}" if least else _ACTION[outcome]
        for least, outcome in steps
    )
