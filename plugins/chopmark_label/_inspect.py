"""Finds every mark that a text or a file carries, and says what each proves and what not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chopmark import Chopmark, Mark

from ._file_label import FoundBlock, read_labels

_MOST_TEXT = 64 * 1024 * 1024
_PROVES: Mapping[str, str] = {
    "visible": "says that it is AI-generated; anybody can write it, or take it away",
    "metadata": "names a producer and a number; anybody can write it where it is not signed",
    "watermark": "was put in by who has the key, with the error rate that is stated",
    "manifest": "was signed by the key in it, where that is trusted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mark that was found. `faults` say what is wrong with it; `said` is what it says."""

    technique: str
    kind: str
    where: str
    said: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    proves: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the reading side says of a text or a file."""

    name: str
    format: str
    findings: tuple[Finding, ...]
    faults: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether anything says that the content is AI-generated, or may be."""
        return bool(self.findings)

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
        }


def inspect_text(text: str, chop: Chopmark, name: str = "-") -> Report:
    """Return what the markers of a policy find in `text`."""
    found = [_finding(mark) for marker in chop.markers for mark in marker.detect(text)]
    return Report(name=name, format="text", findings=tuple(found))


def inspect_file(path: Path, chop: Chopmark) -> Report:
    """Return what is found in the file at `path`: blocks, and marks in the text of text files.

    Raises:
        FileError: the file cannot be read as what it is.
    """
    form, blocks = read_labels(path)
    findings = [_block(block) for block in blocks]
    text = _text(path)
    if text is not None:
        findings += inspect_text(text, chop).findings
    return Report(
        name=str(path),
        format=form or ("text" if text is not None else "unknown"),
        findings=tuple(findings),
        faults=tuple(_together(blocks)),
    )


def _text(path: Path) -> str | None:
    if path.stat().st_size > _MOST_TEXT:
        return None
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _finding(mark: Mark) -> Finding:
    return Finding(
        technique=mark.marker,
        kind=mark.kind,
        where=mark.where,
        said=dict(mark.data),
        proves=_PROVES.get(mark.kind, ""),
    )


def _block(block: FoundBlock) -> Finding:
    reading = block.reading
    faults = tuple(str(defect) for defect in reading.defects if defect.breaks)
    return Finding(
        technique="AIGC",
        kind="metadata",
        where=block.where,
        said={**reading.fields, **reading.others},
        faults=faults if reading.found else ("is no block that can be read", *faults),
        proves=_PROVES["metadata"],
    )


def _together(blocks: Sequence[FoundBlock]) -> list[str]:
    """Return what is wrong with the blocks of a file together (GB 45438-2025, 6.1 c)."""
    if len(blocks) < 2:
        return []
    faults = [f"has {len(blocks)} blocks, where exactly one may stand (GB 45438-2025, 6.1 c)"]
    labels = Counter(block.reading.fields.get("Label") for block in blocks)
    numbers = {block.reading.fields.get("ProduceID") for block in blocks}
    if len(labels) > 1 or len(numbers) > 1:
        faults.append("its blocks contradict each other")
    return faults
