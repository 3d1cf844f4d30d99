"""The two texts of a file: as it stands in it, and as its readers see it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ._files._formats import PICTURES, SOUNDS
from ._files._html_encoding import decode_html
from ._inspect_office import seen_in_office
from ._inspect_pdf import seen_in_pdf
from ._inspect_visible import seen_in_html, seen_in_markdown
from ._invisible_places import SELECTORS, TAGS, ZERO_WIDTH

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_BEGIN = 512
"""Characters in which a text in UTF-8 has no control characters, or it is none."""
_TO_BE_SEEN = re.compile(rf"[^\s{SELECTORS}{TAGS}{ZERO_WIDTH}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of one file. `whole` is None where the file is no text, but has one in it; `note`
    says what of it was left out, empty for nothing.
    """

    whole: str | None
    seen: str
    note: str = ""


def of_document(path: Path, form: str) -> Text | None:
    """Return the texts of a file of format `form`, None where they are not looked for in it.

    Raises:
        FileError: it cannot be read as what it is.
    """
    if form == "HTML":
        page = decode_html(path, path.read_bytes()).text
        return Text(whole=page, seen=seen_in_html(page))
    if form == "Markdown":
        whole = decode(path.read_bytes())
        return None if whole is None else Text(whole=whole, seen=seen_in_markdown(whole))
    if form == "Office Open XML":
        seen = seen_in_office(path)
        return None if seen is None else Text(whole=None, seen=seen)
    if form == "PDF":
        seen, note = seen_in_pdf(path)
        return Text(whole=None, seen=seen, note=note)
    return None


def unseen(form: str) -> list[str]:
    """Return which explicit labels cannot be recognised in a file of format `form`."""
    notes = []
    if form in PICTURES:
        notes.append("on a picture only labels that chopmark draws are recognised; look at it")
    if form == "MP4":
        notes.append("the pictures of a video are not looked at; watch its beginning")
    if form in SOUNDS:
        notes.append(
            "of labels that are heard only the rhythm is recognised, in the first 10 minutes"
        )
    return notes


def decode(data: bytes) -> str | None:
    """Return `data` as text, None where it is none.

    By its byte order mark, else as UTF-8 or as GB 18030, in which many Chinese files are.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if b"\0" in data:
        return None
    text = _decoded(data, "utf-8")
    if text is not None:
        return None if _CONTROL.search(text, 0, _BEGIN) else text
    text = _decoded(data, "gb18030")
    return None if text is None or _CONTROL.search(text) else text


def to_be_seen(text: str) -> bool:
    """Return whether `text` has a character that readers see."""
    return _TO_BE_SEEN.search(text) is not None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
