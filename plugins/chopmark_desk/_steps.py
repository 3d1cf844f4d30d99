"""The history of a complaint or an incident as a page shows it, and how a step is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import Event
from chopmark_complaints import ComplaintError, UnloggedError

from ._page import Visit

T = TypeVar("T")
_OURS = (".digest", ".characters")  # what a step says of a text, behind the text's name


class Text(Protocol):
    """A text that is kept beside a step."""

    @property
    def value(self) -> str:
        """The text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A step: `what` it was, when, by whom, what it says, and the texts that are kept of it."""

    what: str
    time: int
    actor: str
    said: Mapping[str, str | int | bool]
    texts: Mapping[str, str]


def history(steps: Sequence[Event], texts: Mapping[str, Mapping[str, Text]]) -> list[Shown]:
    """Return the steps with what is left of their texts, oldest first."""
    return [
        Shown(
            what=step.kind.partition(".")[2],
            time=step.time,
            actor=step.actor,
            said={
                key: value for key, value in step.data.items()
                if key != "deadline" and not key.endswith(_OURS)
            },
            texts={name: text.value for name, text in texts.get(step.id, {}).items()},
        )
        for step in steps
    ]  # fmt: skip


async def found(visit: Visit, get: Callable[[str], T]) -> T:
    """Return what the address names by its number.

    Raises:
        HTTPException: there is none of that number.
    """
    try:
        return await visit.work(get, visit.request.path_params["number"])
    except ComplaintError:
        raise HTTPException(404, "missing") from None


async def taken(
    visit: Visit,
    act: Callable[[], object],
    said: str,
    to: str,
    again: Callable[[str], Awaitable[Response]],
) -> Response:
    """Take a step, and lead back to where it shows.

    Args:
        visit: whose step it is.
        act: takes it.
        said: the key of what is told then.
        to: the address to lead to.
        again: given why it cannot be taken, returns the page that says so.
    """
    try:
        await visit.work(act)
    except UnloggedError:  # the step is kept, and goes into the log with the next one
        said = "step.unlogged"
    except ComplaintError as error:
        return await again(str(error))
    return visit.to(to, said)
