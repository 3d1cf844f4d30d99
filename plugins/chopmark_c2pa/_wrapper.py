"""The A.8 wrapper: bytes as variation selectors behind a U+FEFF, written and found again.

C2PA 2.4, A.8.2 to A.8.4: U+FEFF, then one selector for each byte of magic (8), version (1),
length (4, big-endian) and the manifest store. What stands in the wrapper is not judged here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chopmark import MarkError

MAGIC = b"C2PATXT\0"
"""`C2PATextManifestWrapper` (A.8.2.2)."""

POINTER = b"CHOPREF\0"
"""Our pointer to a manifest that is kept elsewhere. No C2PA wrapper: readers of C2PA pass over a
run with another magic (A.8.4.2), where a wrapper without a manifest store would be a broken one."""

LONGEST = 1 << 21
"""The longest content, 2 MiB: the length field alone would allow 4 GiB."""

Problem = Literal["", "no_marker", "version", "forged_length", "truncated"]

_MARKER = "\ufeff"
_VERSION = 1
_HEADER = struct.Struct("!8sBI")
_SELECTORS = {b: 0xFE00 + b if b < 16 else 0xE0100 + b - 16 for b in range(256)}
_BYTES = {code: chr(b) for b, code in _SELECTORS.items()}
_RUN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]*")
HEAD = 1 + len(MAGIC)
"""Characters after which it is known that a wrapper has begun."""


def encode_wrapper(store: bytes, magic: bytes = MAGIC) -> str:
    """Return `store` as a wrapper, to be put behind a text in NFC.

    Raises:
        MarkError: it has more than `LONGEST` bytes, which no reader should take.

    Example:
        >>> [hex(ord(c)) for c in encode_wrapper(b"")[:3]]
        ['0xfeff', '0xe0133', '0xe0122']
    """
    if len(store) > LONGEST:
        raise MarkError(
            f"a manifest store of {len(store)} bytes is too long for a text, {LONGEST} is the most;"
            " point to it instead (form = 'reference')"
        )
    return _MARKER + _select(_HEADER.pack(magic, _VERSION, len(store)) + store)


def wrapper_length(store: bytes) -> int:
    """Return how many bytes of UTF-8 the wrapper of `store` has, without making it."""
    body = _HEADER.pack(MAGIC, _VERSION, len(store)) + store
    return 3 + 4 * len(body) - len(body.translate(None, bytes(range(16, 256))))


def decode_wrapper(text: str, magic: bytes = MAGIC) -> bytes:
    """Return what the one wrapper in `text` holds.

    Raises:
        MarkError: there is none, there are several, or it is broken.
    """
    found = find_wrappers(text, magic)
    if len(found) != 1:
        raise MarkError(f"the text holds {len(found)} wrappers; a text has exactly one")
    if found[0].problem:
        raise MarkError(f"the wrapper at character {found[0].start} is broken: {found[0].reason}")
    return found[0].content


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """A wrapper as it stands in a text, at code points `start` to `end`.

    `declared` is the length that it states. `content` is what is there of it, which where
    `problem` is set is not all, or not to be believed; `reason` then says why.
    """

    start: int
    end: int
    declared: int
    content: bytes
    problem: Problem = ""
    reason: str = ""


def find_wrappers(text: str, magic: bytes = MAGIC) -> list[Wrapper]:
    """Return every wrapper in `text` in order, broken ones too; takes linear time.

    A U+FEFF before anything else, a byte order mark for example, is no wrapper, nor is a run of
    selectors with another magic (A.8.4.2). A wrapper ends where its length says, since selectors
    behind it may be the author's.
    """
    return list(_find(text, magic))


def _find(text: str, magic: bytes) -> Iterator[Wrapper]:
    letters = _select(magic)
    at = text.find(letters)
    while at >= 0:
        found = _RUN.match(text, at)
        run_end = found.end() if found else at
        if not at or not _RUN.fullmatch(text[at - 1]):  # else it is inside some other content
            yield _read(text, at, run_end)
        # Inside the run a second one cannot begin, as that would need a U+FEFF.
        at = text.find(letters, run_end)


def _read(text: str, at: int, run_end: int) -> Wrapper:
    start = at - text.startswith(_MARKER, at - 1) if at else at
    body = at + _HEADER.size
    head = _unselect(text[at : min(body, run_end)])
    if len(head) < _HEADER.size:
        why = f"it ends inside its head of {_HEADER.size} bytes"
        return _broken(start, run_end, 0, b"", "truncated", why)
    _, version, declared = _HEADER.unpack(head)
    there = min(declared, run_end - body)
    content = _unselect(text[body : body + min(there, LONGEST)])
    end = body + there
    if start == at:
        why = "the U+FEFF before it is missing; what carried the text has probably removed it"
        return _broken(start, end, declared, content, "no_marker", why)
    if version != _VERSION:
        why = f"its version is {version}, and only version {_VERSION} is known"
        return _broken(start, end, declared, content, "version", why)
    if declared > LONGEST:
        why = f"it states a length of {declared} bytes; a reader takes {LONGEST} at most"
        return _broken(start, end, declared, content, "forged_length", why)
    if there < declared:
        why = f"it states a length of {declared} bytes, and {there} are there"
        return _broken(start, end, declared, content, "truncated", why)
    return Wrapper(start=start, end=end, declared=declared, content=content)


def _broken(
    start: int, end: int, declared: int, content: bytes, problem: Problem, reason: str
) -> Wrapper:
    return Wrapper(
        start=start, end=end, declared=declared, content=content, problem=problem, reason=reason
    )


def _select(data: bytes) -> str:
    return data.decode("latin-1").translate(_SELECTORS)


def _unselect(run: str) -> bytes:
    return run.translate(_BYTES).encode("latin-1")
