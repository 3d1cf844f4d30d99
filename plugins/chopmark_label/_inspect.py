"""Finds every mark that a text or a file carries, and says what each proves and what not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from chopmark import MarkError
from chopmark.hookspecs import Marker

from ._file_label import read_labels
from ._files._errors import FileError
from ._files._ooxml import OOXML, macros_in
from ._inspect_blocks import of_block, of_security
from ._inspect_marks import of_hidden, of_mark
from ._inspect_report import Finding, Report
from ._inspect_text import Text, decode, of_document, to_be_seen, unseen
from ._inspect_together import contradictions
from ._inspect_visible import seen_in_markdown
from ._invisible import find_invisible
from ._read_block import Reading, faults_together
from ._wire import LONGEST as LONGEST_JSON
from ._wire import find_blocks, too_long

MOST_TEXT = 64 * 2**20
"""Bytes of the longest text that is looked into; the metadata of larger files is read."""

_SEEN = ("visible", "watermark", "record")
"""Kinds of marks that are in what readers see; others are in the text as it stands in the file."""
HIDDEN = "hidden characters"
_OWN = "aigc"
"""The marker of blocks in an answer, whose blocks are read here with what they are worth."""


def inspect_text(
    text: str,
    markers: Sequence[Marker],
    pins: Mapping[str, str] | None = None,
    *,
    name: str = "-",
) -> Report:
    """Return what `text` carries.

    Args:
        text: as it was given.
        markers: who looks.
        pins: the names of known keys by their fingerprints.
        name: how the report calls it.
    """
    blocks = find_blocks(text)
    both = Text(whole=text, seen=seen_in_markdown(text))
    found = list(_in_text(both, markers))
    looked = ("AIGC", *(marker.name for marker in markers), HIDDEN)
    notes = [*_empty(text), *_unread(text)]
    return _report(name, "text", blocks, found, pins or {}, notes, looked, both.seen)


def inspect_file(
    path: Path, markers: Sequence[Marker], pins: Mapping[str, str] | None = None, *, name: str = ""
) -> Report:
    """Return what the file at `path` carries: in its metadata, in its text, and in its signature.

    Raises:
        FileError: it cannot be read as what it is, or is of no kind that is known here.
    """
    if path.is_dir():
        raise FileError(path, "is a folder; name the files in it")
    form, found_blocks = read_labels(path)
    if path.stat().st_size == 0:
        raise FileError(path, "is empty, so there is nothing that a mark could be in")
    notes: list[str] = []
    found: list[Finding] = []
    blocks = [(block.where, block.reading) for block in found_blocks]
    text = _text_of(path, form, notes)
    if text is not None:
        if not blocks and text.whole is not None:
            blocks = find_blocks(text.whole)
            notes += _unread(text.whole)
        found += _in_text(text, markers)
        notes += _empty(text.seen)
    if form == OOXML.name and (macros := macros_in(path)):
        notes.append(f"it has macros ({macros}), which are not looked into")
    heard = {marker.name: _in_file(marker, path, notes) for marker in markers}
    found += chain.from_iterable(filter(None, heard.values()))
    if not any(finding.kind == "visible" for finding in found):
        notes += unseen(form)
    if not form and text is None and not found:
        raise FileError(path, "is neither text nor of a format that is known here")
    kind = form or ("text" if text is not None else "unknown")
    looked = ["AIGC"] if form or text is not None else []
    looked += [m.name for m in markers if heard[m.name] is not None or _reads(m, text)]
    looked += [HIDDEN] if text is not None else []
    seen = "" if text is None else text.seen
    return _report(name or str(path), kind, blocks, found, pins or {}, notes, looked, seen)


def _report(
    name: str,
    form: str,
    blocks: Sequence[tuple[str, Reading]],
    found: Sequence[Finding],
    pins: Mapping[str, str],
    notes: Iterable[str],
    looked: Iterable[str],
    seen: str,
) -> Report:
    findings = [f for f in found if f.kind == "visible"]
    for where, reading in blocks:
        findings += [of_block(where, reading), *of_security(where, reading, pins)]
    findings += [f for f in found if f.kind != "visible"]
    together = faults_together([reading for _, reading in blocks])
    return Report(
        name=name,
        format=form,
        findings=tuple(findings),
        faults=(*together, *contradictions(findings)),
        notes=tuple(notes),
        looked=tuple(dict.fromkeys(looked)),
        text=seen,
    )


def _reads(marker: Marker, text: Text | None) -> bool:
    return text is not None and (marker.kind in _SEEN or text.whole is not None)


def _in_text(text: Text, markers: Sequence[Marker]) -> Iterator[Finding]:
    manifests = False  # whether somebody reads those
    for marker in markers:
        given = text.seen if marker.kind in _SEEN else text.whole
        if given is None or marker.name == _OWN:
            continue
        manifests = manifests or marker.kind == "manifest"
        for mark in marker.detect(given):
            yield of_mark(mark)
    for hidden in find_invisible(text.seen):
        if not (hidden.manifest and manifests):
            yield of_hidden(hidden)


def _in_file(marker: Marker, path: Path, notes: list[str]) -> list[Finding] | None:
    """Return what a marker finds in the file itself, None where it does not look into it."""
    look = getattr(marker, "detect_file", None)
    if look is None:
        return None
    try:
        found = look(path)
    except MarkError as error:
        notes.append(f"{marker.name} did not look: {error}")
        return None
    return None if found is None else list(map(of_mark, found))


def _text_of(path: Path, form: str, notes: list[str]) -> Text | None:
    size = path.stat().st_size
    if size > MOST_TEXT:
        notes.append(
            f"its text was not looked into: {size:,} bytes, where {MOST_TEXT:,} are the most"
        )
        return None
    try:
        document = of_document(path, form)
    except MarkError as error:
        notes.append(f"its visible text was not looked into: {error}")
        return None
    if document is not None:
        notes += filter(None, [document.note])
        return document
    if form:
        return None
    whole = decode(path.read_bytes())
    return None if whole is None else Text(whole=whole, seen=whole)


def _unread(text: str) -> list[str]:
    if too_long(text):
        return [
            f"no block was looked for in its JSON, which has more than {LONGEST_JSON:,} characters"
        ]
    return []


def _empty(text: str) -> list[str]:
    if text and not to_be_seen(text):
        return [f"none of its {len(text):,} characters can be seen: it is no text for readers"]
    return []
