"""What a command wrote, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chopmark import Mark

from ._block import Aigc


@dataclass(frozen=True, slots=True)
class Written:
    """One label: where it stands now and what it says, or in `note` why it does not."""

    label: Literal["implicit", "explicit"]
    where: str
    what: str
    note: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return this as JSON-able data."""
        return {
            "label": self.label,
            "where": self.where,
            "what": self.what,
            "note": self.note,
            **({"AIGC": dict(self.fields)} if self.fields else {}),
        }


def of_block(block: Aigc, where: str, *notes: str) -> Written:
    """Return that a block was written; `notes` are what else there is to know, or empty."""
    said = f"Label {block.label}, {block.content_producer}, {block.produce_id}"
    note = "; ".join(filter(None, ("sealed" if block.reserved_code1 else "", *notes)))
    return Written("implicit", where, said, note, block.fields())


def of_marks(made: Sequence[Mark], found: Sequence[Mark]) -> list[Written]:
    """Return what became of the visible labels; `found` is what a reader sees of them."""
    seen = {mark.where: mark.data.get("wording", "") for mark in found}
    return [
        Written(
            "explicit",
            mark.where if mark.placed else "",
            seen.get(mark.where, ""),
            "was there already" if mark.data.get("already") else mark.reason,
        )
        for mark in made
    ]
