"""Finds complaints and incidents by their number, and says what may be written in a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from chopmark import Event
from chopmark.options import did_you_mean

from ._errors import ComplaintError, UnsaidError
from ._store import Store

T = TypeVar("T", bound=str)
_LEAST = 6


def steps_of(store: Store, id: str, kind: str) -> list[Event]:
    """Return the steps of the subject that begins with `kind`, by its id, or by the end of it.

    Raises:
        ComplaintError: there is none, or more than one.
    """
    what = kind.partition(".")[0]
    found = store.subjects(id.strip().lower(), kind) if len(id.strip()) >= _LEAST else []
    if len(found) != 1:
        cure = (
            f"give more of it, there are {len(found)}" if found
            else f"`chopmark {what}s list --all` shows all; the last {_LEAST} characters are enough"
        )  # fmt: skip
        raise ComplaintError(f"there is no one {what} {id!r}: {cure}")
    return store.steps(found[0])


def named(actor: str) -> None:
    """Raise `UnsaidError` where `actor` names nobody."""
    if not actor.strip():
        raise UnsaidError(
            "say who acts, as the operator names its people", "actor=...", "--by NAME"
        )


def one_of(name: str, value: str, known: Sequence[T]) -> T:
    """Return the one of `known` that `value` is; raise `ComplaintError`."""
    for one in known:
        if value == one:
            return one
    raise ComplaintError(
        f"{name} {value!r}: write one of {', '.join(known)}{did_you_mean(value, known)}"
    )
