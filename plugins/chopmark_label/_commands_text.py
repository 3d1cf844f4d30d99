"""Puts the visible label into the text of a file, in the encoding and with the line ends it has."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chopmark import Mark, MarkError, Message, Request

from ._files._errors import FileError
from ._files._html_encoding import decode_html
from ._files._whole import read_whole
from ._forms import Format
from ._inspect_text import to_be_seen
from ._inspect_visible import body_of
from ._marker import Label

FORMATS: Mapping[str, Format] = {"Markdown": "markdown", "HTML": "html"}
"""How the label looks in files that can carry an implicit one, too."""
PLAIN = (".txt", ".text")
"""Endings of files that are text for readers, and have no place for metadata."""

_CODECS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-8"),
    (b"", "gb18030"),
)
_MANIFESTS = re.compile(
    r"-----BEGIN C2PA MANIFEST-----|<script[^<>]{0,200}\stype=[\"']?application/c2pa"
    "|\U000e0133\U000e0122\U000e0140\U000e0131\U000e0144\U000e0148\U000e0144\ufe00",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its visible labels, and what became of each of them."""

    text: str
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file, and what turns a text into the bytes of such a file."""

    text: str
    encode: Callable[[str], bytes]


def read_source(path: Path, form: Format) -> Source:
    """Return the text of a file.

    Raises:
        FileError: it is none, or in an encoding that is not known here.
    """
    data = read_whole(path)
    if form == "html":
        page = decode_html(path, data)
        return Source(page.text, page.encode)
    found = source_of(data)
    if found is None:
        raise FileError(path, "is not text in UTF-8, UTF-16 or GB 18030; save it in UTF-8")
    return found


def source_of(data: bytes) -> Source | None:
    """Return `data` as text that encodes back to the same bytes, None where it is no text."""
    for mark, codec in _CODECS:
        if not data.startswith(mark) or (not mark and b"\0" in data):
            continue
        try:
            text = data[len(mark) :].decode(codec)
            same = text.encode(codec) == data[len(mark) :]
        except UnicodeError:
            continue
        if same:
            return Source(text, lambda new, mark=mark, codec=codec: mark + new.encode(codec))  # type: ignore[misc]
    return None


def put_label(text: str, label: Label, form: Format) -> Labelled:
    """Return `text` with what `label` puts into it; nothing else of it changes.

    Raises:
        MarkError: it carries a C2PA manifest, whose hash a label would break, or no label can stand
            in it.
    """
    if _MANIFESTS.search(text):
        raise MarkError(
            "it carries a C2PA manifest, whose hash a label would break; label the text first, "
            "then sign it"
        )
    if text.strip() and not to_be_seen(text):
        raise MarkError(
            f"none of its {len(text):,} characters can be seen, so it is no text for readers; look "
            "at it with `chopmark inspect`"
        )
    start, end = body_of(text) if form == "html" else (0, len(text))
    body = text[start:end]
    windows = "\r\n" in body and body.count("\r\n") == body.count("\n")
    if windows:
        body = body.replace("\r\n", "\n")
    marking = label.open(Request(messages=(Message(role="user", text=body),)))
    out = marking.feed(body)
    tail, marks = marking.finish()
    out += tail
    if not any(mark.placed for mark in marks):
        raise MarkError(f"no visible label can stand in it: {marks[0].reason}")
    if body.endswith("\n") and not out.endswith("\n"):
        out += "\n"
    if windows:
        out = out.replace("\n", "\r\n")
    return Labelled(text[:start] + out + text[end:], marks)
