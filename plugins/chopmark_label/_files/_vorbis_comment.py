"""A block of Vorbis comments (Xiph, Vorbis I, 5): its entries as bytes, which stay as they are.

Titles in GBK, entries without a name and names that are not ASCII are found in files; a library
that reads them as text writes something else back.
"""

from __future__ import annotations

from typing import NamedTuple

from ._boxes import Broken

KEY = b"AIGC"
_MOST = 100_000
"""Entries of one block: real ones have some dozens, lyrics included."""


class Comments(NamedTuple):
    """The name of the program that coded the sound, the entries, and what is behind them."""

    vendor: bytes
    entries: tuple[bytes, ...]
    rest: bytes

    @property
    def blocks(self) -> list[str]:
        """What the entries called AIGC say."""
        return [e.partition(b"=")[2].decode("utf-8", "replace") for e in self.entries if _is_our(e)]

    def packed(self, block: str | None) -> bytes:
        """Return the comments with `block` and no other, or with none for None."""
        entries = [entry for entry in self.entries if not _is_our(entry)]
        if block is not None:
            entries.append(KEY + b"=" + block.encode())
        return self._replace(entries=tuple(entries)).whole()

    def whole(self) -> bytes:
        """Return the comments as they are."""
        sized = [len(part).to_bytes(4, "little") + part for part in (self.vendor, *self.entries)]
        count = len(self.entries).to_bytes(4, "little")
        return b"".join([sized[0], count, *sized[1:], self.rest])


def parse_comments(data: bytes) -> Comments:
    """Return the comments at the beginning of `data`.

    Raises:
        Broken: an entry is longer than the block.
    """
    vendor, at = _entry(data, 0)
    count = int.from_bytes(data[at : at + 4], "little")
    if at + 4 * (count + 1) > len(data):
        raise Broken("has a block of comments that is shorter than what it says; is it complete?")
    if count > _MOST:
        raise Broken(
            f"has {count:,} comments, and {_MOST:,} are read at most; write it anew with ffmpeg -i "
            "FILE -c copy NEW"
        )
    at += 4
    entries = []
    for _ in range(count):
        entry, at = _entry(data, at)
        entries.append(entry)
    return Comments(vendor, tuple(entries), data[at:])


def _is_our(entry: bytes) -> bool:
    name, sign, _ = entry.partition(b"=")
    return bool(sign) and name.upper() == KEY


def _entry(data: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 4], "little")
    end = at + 4 + size
    if end > len(data):
        raise Broken("has a block of comments that is shorter than what it says; is it complete?")
    return data[at + 4 : end], end
