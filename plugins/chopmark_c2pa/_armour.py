"""The A.9 block for structured text: ASCII armour in a comment, with an address or the manifest.

C2PA 2.4, A.9.3: on the first line, or the last where a format keeps the first for itself (`#!`,
an XML declaration). A.9.4: the hash leaves out the block and its line end. A.9.5: exactly one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import NamedTuple

from chopmark import MarkError

BEGIN, END = "-----BEGIN C2PA MANIFEST-----", "-----END C2PA MANIFEST-----"
DATA = "data:application/c2pa;base64,"
COMMENTS: Mapping[str, tuple[str, str]] = {
    "text/css": ("/*", "*/"),
    "text/javascript": ("//", ""),
    "application/javascript": ("//", ""),
    "text/markdown": ("<!--", "-->"),
    "text/xml": ("<!--", "-->"),
    "application/xml": ("<!--", "-->"),
    "application/xhtml+xml": ("<!--", "-->"),
    "text/yaml": ("#", ""),
    "application/yaml": ("#", ""),
    "application/toml": ("#", ""),
    "text/x-python": ("#", ""),
    "application/x-sh": ("#", ""),
}
"""How a comment of each media type begins and ends. JSON, CSV and plain text have none: A.8."""

RESERVED = re.compile(r"#!|<\?xml\s", re.IGNORECASE)


class Embedded(NamedTuple):
    """A text with a manifest or its address in it, and which bytes of it the hash leaves out."""

    text: str
    start: int
    length: int


class Carried(NamedTuple):
    """What was found: an address, or a manifest store; and the bytes that the hash leaves out.

    `problem` is the status code of C2PA where there is nothing to be relied on.
    """

    reference: str
    store: bytes | None
    start: int
    length: int
    problem: str = ""


def data_url(store: bytes) -> str:
    """Return `store` as a reference that holds it (A.9.3.1)."""
    return DATA + base64.b64encode(store).decode("ascii")


def put_armour(text: str, reference: str, media_type: str) -> Embedded:
    """Return `text` of `media_type` with the block of `reference` in it.

    Raises:
        MarkError: the type has no comments, the reference would end the block or the comment, or
            the text has a block already.
    """
    if media_type not in COMMENTS:
        raise MarkError(
            f"media type {media_type!r} has no comments that are known here; there are"
            f" {', '.join(COMMENTS)}. Text without comments takes the wrapper of A.8 (sign_text)"
        )
    before, after = COMMENTS[media_type]
    if (
        not reference
        or not reference.isascii()
        or not reference.isprintable()
        or ({*reference} & {*' "<>'} or END in reference or (after and after in reference))
    ):
        raise MarkError(
            f"the reference {reference[:80]!r} cannot stand in a comment of {media_type}; give a"
            " URL, percent-encoded"
        )
    if BEGIN in text or END in text:
        raise MarkError(f"the text has a C2PA block already ({BEGIN}), and may have only one")
    block = " ".join(filter(None, (before, BEGIN, reference, END, after)))
    end = "\r\n" if "\r\n" in text else "\n"
    if RESERVED.match(text):
        return Embedded(f"{text}{end}{block}", _size(text), len(end) + len(block))
    return Embedded(f"{block}{end}{text}", 0, len(block) + len(end))


def find_armour(text: str) -> Carried | None:
    """Return the block in `text`, or None. Of two blocks none is read (A.9.5)."""
    begins, ends = text.count(BEGIN), text.count(END)
    if not begins and not ends:
        return None
    code = "manifest.structuredText."
    if begins > 1 or ends > 1:
        return Carried("", None, 0, 0, f"{code}multipleReferences")
    at, end = text.find(BEGIN), text.find(END)
    if min(begins, ends) == 0 or end < at:
        return Carried("", None, 0, 0, f"{code}noManifest")
    reference = text[at + len(BEGIN) : end].strip()
    start, length = _block(text, at, end + len(END))
    if not reference:
        return Carried("", None, start, length, f"{code}emptyReference")
    if not reference.startswith(DATA):
        return Carried(reference, None, start, length)
    try:
        store = base64.b64decode(reference[len(DATA) :], validate=True)
    except (binascii.Error, ValueError):
        return Carried(DATA, None, start, length, "manifest.inaccessible")
    return Carried(DATA, store, start, length)


def _block(text: str, at: int, end: int) -> tuple[int, int]:
    """Return the bytes of the lines that hold the block, with the line end before or behind."""
    first = text.rfind("\n", 0, at) + 1
    stop = text.find("\n", end)
    if stop >= 0:
        return _size(text[:first]), _size(text[first : stop + 1])
    if first:
        first -= 2 if text.startswith("\r\n", first - 2) else 1
    return _size(text[:first]), _size(text[first:])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
