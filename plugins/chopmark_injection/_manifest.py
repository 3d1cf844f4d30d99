"""The C2PA manifest in a text (C2PA 2.4, A.8): a mark of origin, though nobody sees it.

A byte order mark, then variation selectors that spell bytes: `C2PATXT` and a zero, version 1, the
length in four bytes, and a JUMBF box of that length.
"""

from __future__ import annotations

_MARK = "\ufeff"
_MAGIC = b"C2PATXT\0\x01"
_BOX = b"jumb"
HEAD = 1 + len(_MAGIC) + 4 + 4 + len(_BOX)
"""How many characters of the text tell a manifest: up to the type of its outer box."""

_MOST = 2 * 1024 * 1024


def manifest(run: str) -> int:
    """Return how many characters a manifest takes that `run` begins with; 0 where it does not.

    Looks at the first `HEAD` characters only.
    """
    if run[:1] != _MARK or len(run) < HEAD:
        return 0
    head = bytes(b for b in map(_byte, run[1:HEAD]) if b is not None)
    if len(head) != HEAD - 1 or not head.startswith(_MAGIC) or not head.endswith(_BOX):
        return 0
    length = int.from_bytes(head[len(_MAGIC) : len(_MAGIC) + 4], "big")
    return 1 + len(_MAGIC) + 4 + length if 8 <= length <= _MOST else 0


def _byte(character: str) -> int | None:
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F:
        return code - 0xFE00
    if 0xE0100 <= code <= 0xE01EF:
        return code - 0xE0100 + 16
    return None
