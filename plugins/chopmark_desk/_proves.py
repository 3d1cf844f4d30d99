"""Which text of the catalogue says what a finding proves, in the language of the visit.

`chopmark inspect` says the same in English, in words of its own; the pages have theirs by key.
"""

from __future__ import annotations

from typing import Literal, get_args

from chopmark_label import Finding

Proves = Literal[
    "visible", "elements", "pixels", "rhythm", "named", "sealed", "hash", "pinned", "unpinned",
    "unjudged", "manifest", "pointer", "watermark", "hidden", "record",
]  # fmt: skip
"""Keys behind `ours.proves.` in the catalogue."""
KEYS: tuple[Proves, ...] = get_args(Proves)
_MATCHES: dict[str, Proves] = {"elements": "elements", "pixels": "pixels", "rhythm": "rhythm"}
_SEALS: dict[str, Proves] = {
    "hash fits": "hash", "another key": "unpinned", "signed, key not pinned": "unpinned",
}  # fmt: skip
_KINDS: dict[str, Proves] = {
    "visible": "visible", "manifest": "manifest", "watermark": "watermark", "hidden": "hidden",
    "record": "record",
}  # fmt: skip


def proves(finding: Finding) -> Proves:
    """Return the key of what follows from `finding`, and what does not."""
    if finding.kind == "signature":
        if finding.state.startswith("verified"):
            return "pinned"
        return _SEALS.get(finding.state, "unjudged")
    if finding.kind == "metadata":
        return "sealed" if finding.said.get("ReservedCode1") else "named"
    if finding.said.get("state") == "pointer":
        return "pointer"
    match = _MATCHES.get(finding.said.get("match", ""))
    return match or _KINDS.get(finding.kind, "unjudged")
