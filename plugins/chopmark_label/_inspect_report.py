"""What the reading side says: a finding for each mark, and what is wrong with them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

Says = Literal["is", "may be", "suspected", "is not", ""]
"""What a mark says of the content: that it is AI-generated, may be, is suspected to be, or is not;
empty where it says nothing of that, or is not to be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mark that was found.

    `state` is in a word or two what became of looking at it, `said` what it holds. `faults` are
    what is wrong with it, `notes` what else there is to know. `proves` is what follows from it,
    and what does not.
    """

    technique: str
    kind: str
    where: str
    state: str = "found"
    says: Says = ""
    said: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proves: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the reading side says of a text or a file. `looked` names what it looked for.

    `text` is what readers see of it, "" where there is none or it was not looked into; it is not
    part of what is printed.
    """

    name: str
    format: str
    findings: tuple[Finding, ...]
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def labelled(self) -> bool:
        """Whether anything says that the content is AI-generated, or may be."""
        return any(finding.says not in ("", "is not") for finding in self.findings)

    @property
    def sound(self) -> bool:
        """Whether nothing that was found is malformed, doubled or contradictory."""
        return not self.faults and not any(finding.faults for finding in self.findings)

    def to_json(self) -> dict[str, object]:
        """Return this as JSON-able data."""
        return {
            "name": self.name,
            "format": self.format,
            "labelled": self.labelled,
            "sound": self.sound,
            "findings": [asdict(finding) for finding in self.findings],
            "faults": list(self.faults),
            "notes": list(self.notes),
            "looked": list(self.looked),
        }
