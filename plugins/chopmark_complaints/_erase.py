"""Erases the texts of a complaint or an incident; the log keeps its steps, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ._complaint import EXPORTED
from ._errors import ComplaintError
from ._register import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many texts were erased of `id`, and which exports, by their SHA-256, still have some."""

    id: str
    texts: int
    exports: tuple[str, ...] = ()


def erase(register: Register, id: str, basis: str, actor: str) -> Erased:
    """Erase the texts of `id` and their salts, so that nobody can open what the log commits to.

    Raises:
        ComplaintError: there is no basis, or nothing is left to erase.
    """
    if not basis.strip():
        raise ComplaintError("say why: an article of the law, or what was asked for")
    store = register.store
    what = store.steps(id)[0].kind.partition(".")[0]
    texts = 0

    def erased() -> Mapping[str, str | int | bool]:
        nonlocal texts
        texts = store.erase(id)
        if not texts:
            raise ComplaintError(f"the texts of {what} {id} are erased already")
        return {"texts": texts}

    register.take(
        id, f"{what}.erased", actor=actor, data={"basis": basis.strip()}, meanwhile=erased
    )
    exports = [
        str(step.data["sha256"]) for step in store.steps(EXPORTED) if id in step.about
    ]  # fmt: skip
    return Erased(id=id, texts=texts, exports=tuple(exports))
