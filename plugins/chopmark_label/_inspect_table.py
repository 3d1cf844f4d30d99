"""A report for people: a table with a row for each mark, then what is behind each of them.

Nothing of a file steers the terminal: what it says is shown with its control characters escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from chopmark.terminal import table, visible

from ._files._formats import SOUNDS
from ._inspect_report import Finding, Report

_NAMES: Mapping[str, str] = {
    "label": "visible label",
    "AIGC": "AIGC block",
    "ReservedCode1": "producer's seal",
    "ReservedCode2": "propagator's seal",
    "c2pa": "C2PA",
    "log": "record in a log",
    "variation-selectors": "hidden bytes",
    "tag-characters": "hidden tags",
    "zero-width": "zero-width mark",
    "spaces": "look-alike spaces",
    "letters": "look-alike letters",
}
_AUDIBLE = "audible label"
_BRIEF: Mapping[str, Sequence[str]] = {
    "visible": ("wording",),
    "metadata": ("Label", "ContentProducer", "ProduceID", "ContentPropagator"),
    "signature": ("form", "matched", "key"),
    "manifest": ("source", "signer", "model", "url"),
    "hidden": ("content", "code"),
    "record": ("same", "entries", "record"),
}
_WIDEST = 60
_SAYS: Mapping[str, str] = {
    "is": "is AI-generated",
    "may be": "may be AI-generated",
    "suspected": "is suspected to be AI-generated",
    "is not": "is not AI-generated",
}


def show(report: Report) -> str:
    """Return `report` as it is printed."""
    lines = [f"{visible(report.name)}: {report.format}", ""]
    if report.findings:
        rows = [
            (str(n), _name(f), f.where, _cut(f.state), _SAYS.get(f.says, "-"), _cut(_brief(f)))
            for n, f in enumerate(report.findings, 1)
        ]
        lines += [table(("", "MARK", "WHERE", "STATE", "SAYS THAT IT", "HOLDS"), rows), ""]
        for n, finding in enumerate(report.findings, 1):
            lines += [f"{n}  {line}" if not m else f"   {line}" for m, line in _details(finding)]
    else:
        lines.append("no mark of origin was found; that proves nothing about where it comes from")
    lines += [f"wrong: {visible(fault)}" for fault in report.faults]
    lines += [f"note: {visible(note)}" for note in report.notes]
    if report.findings and not report.labelled:
        lines.append("none of them says that the content is AI-generated")
    if report.looked:
        names = {**_NAMES, "label": _AUDIBLE} if report.format in SOUNDS else _NAMES
        lines.append(f"looked for: {', '.join(names.get(name, name) for name in report.looked)}")
    return "\n".join(lines)


def _details(finding: Finding) -> Iterator[tuple[int, str]]:
    lines = [f"wrong: {visible(fault)}" for fault in finding.faults]
    lines += [f"note: {visible(note)}" for note in finding.notes]
    yield from enumerate((f"proves: {finding.proves}", *lines))


def _name(finding: Finding) -> str:
    if finding.said.get("match") == "rhythm":
        return _AUDIBLE
    return _NAMES.get(finding.technique, finding.technique)


def _brief(finding: Finding) -> str:
    keys: Iterable[str] = _BRIEF.get(finding.kind, finding.said)
    return ", ".join(
        value if finding.kind in ("visible", "hidden") else f"{key} {value}"
        for key in keys
        if (value := finding.said.get(key))
    )


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
