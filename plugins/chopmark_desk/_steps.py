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


class Numbered(Protocol):
    """A complaint, or an incident."""

    @property
    def id(self) -> str:
        """Its number."""
        ...


class Work(Protocol):
    """The complaints, or the incidents, of a service."""

    def get(self, id: str) -> Numbered:
        """Return one by its number."""
        ...


W = TypeVar("W", bound=Work)


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
    work: Callable[[Visit], W],
    act: Callable[[W, str, str], object],
    said: str,
    folder: str,
    shown: Callable[..., Awaitable[Response]],
) -> Response:
    """Take a step of what the address names, and lead back to where it shows.

    Args:
        visit: whose step it is.
        work: returns the complaints, or the incidents; it may open their file, so a thread asks.
        act: takes the step, given those, the number, and who acts.
        said: the key of what is told then.
        folder: the address above that of the number.
        shown: returns the page of the number, with a status, and `refused`: why it cannot be taken.
    """
    assert visit.user is not None
    actor = visit.user.actor
    one = await found(visit, lambda number: work(visit).get(number))
    try:
        await visit.work(lambda: act(work(visit), one.id, actor))
    except UnloggedError:  # the step is kept, and goes into the log with the next one
        said = "step.unlogged"
    except ComplaintError as error:
        return await shown(visit, 400, refused=str(error))
    return visit.to(f"{folder}/{one.id}", said)
