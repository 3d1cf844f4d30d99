"""Positions in the file that a movie names, corrected when something before them grows.

ISO 14496-12 names positions in `stco`, `co64` (8.7.5) and `saio` (8.7.9) of a track, in `tfhd`
(8.8.7) of a fragment and in `tfra` (8.8.10) of the index of fragments.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable

from ._boxes import Broken, boxes, pack

Shift = Callable[[int], int]
"""Where a byte of the old file stands in the new one."""

_DOWN = {b"moov": b"trak", b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl"}
_BASE_DATA_OFFSET = 1
_SELF_CONTAINED = 1


def shift_movie(moov: bytes, shift: Shift) -> bytes:
    """Return the body of a movie box with the positions of its samples shifted.

    Tables of 32 bits become tables of 64 where a position no longer fits.

    Raises:
        Broken: a table is not one, or the movie names positions that cannot be followed.
    """
    return _shift_in(b"moov", moov, shift)


def shift_fragment(moof: bytes, head: int, shift: Shift) -> bytes:
    """Return a `moof` box, whose header is `head` long, with its base positions shifted."""
    out = bytearray(moof)
    for traf in boxes(moof, head):
        if traf.kind != b"traf":
            continue
        for box in boxes(moof[: traf.end], traf.body):
            flags = moof[box.body + 3 : box.body + 4]
            if box.kind == b"tfhd" and flags and flags[0] & _BASE_DATA_OFFSET:
                at = box.body + 8  # behind version, flags and the number of the track
                if at + 8 > box.end:
                    raise Broken("has a 'tfhd' box that is too short")
                _shift_at(out, at, 8, shift)
    return bytes(out)


def shift_index(mfra: bytes, head: int, shift: Shift) -> bytes:
    """Return an `mfra` box, whose header is `head` long, with its positions shifted."""
    out = bytearray(mfra)
    for box in boxes(mfra, head):
        if box.kind != b"tfra":
            continue
        body = mfra[box.body : box.end]
        if len(body) < 16:
            raise Broken("has a 'tfra' box that is too short")
        width = 8 if body[0] else 4
        tail = sum((body[11] >> bits & 3) + 1 for bits in (4, 2, 0))
        count = int.from_bytes(body[12:16], "big")
        step = 2 * width + tail
        if 16 + count * step > len(body):
            raise Broken("has a 'tfra' box that is too short for its entries")
        for entry in range(count):
            _shift_at(out, box.body + 16 + entry * step + width, width, shift)
    return bytes(out)


def _shift_in(kind: bytes, body: bytes, shift: Shift) -> bytes:
    kept, at = [], 0
    for box in boxes(body):
        kept.append(body[at : box.start])
        at = box.end
        inner = body[box.body : box.end]
        if box.kind == _DOWN.get(kind):
            kept.append(pack(box.kind, _shift_in(box.kind, inner, shift)))
        elif kind == b"stbl" and box.kind in (b"stco", b"co64"):
            kept.append(_shift_chunks(box.kind, inner, shift))
        elif kind == b"stbl" and box.kind == b"saio":
            kept.append(pack(b"saio", _shift_auxiliary(inner, shift)))
        else:
            if box.kind == b"cmov":
                raise Broken("has a compressed movie header; write it anew with ffmpeg -c copy")
            if box.kind == b"dinf":
                _check_own_data(inner)
            if box.kind == b"meta" and b"iloc" in inner:
                raise Broken("has items at named positions, which would no longer be right")
            kept.append(body[box.start : box.end])
    return b"".join([*kept, body[at:]])


def _shift_chunks(kind: bytes, body: bytes, shift: Shift) -> bytes:
    width = 4 if kind == b"stco" else 8
    count = int.from_bytes(body[4:8], "big")
    if len(body) < 8 + count * width:
        raise Broken(f"has a {kind.decode()!r} box that is too short for its {count} entries")
    table = array("I" if width == 4 else "Q", body[8 : 8 + count * width])
    _swap(table)
    try:
        moved = array("Q", map(shift, table))
    except OverflowError as error:
        raise Broken("has a position that no file is long enough for") from error
    if width == 4 and max(moved, default=0) < 1 << 32:
        moved = array("I", moved)
    _swap(moved)
    return pack(b"stco" if moved.itemsize == 4 else b"co64", body[:8] + moved.tobytes())


def _swap(table: array[int]) -> None:
    """Turn numbers as files have them, most significant byte first, to the machine's, or back."""
    if sys.byteorder == "little":
        table.byteswap()


def _shift_auxiliary(body: bytes, shift: Shift) -> bytes:
    out = bytearray(body)
    at = 12 if body[3:4] == b"\1" else 4  # flags say whether a type stands before the count
    count = int.from_bytes(body[at : at + 4], "big")
    width = 8 if body[:1] != b"\0" else 4
    if len(body) < at + 4 + count * width:
        raise Broken(f"has a 'saio' box that is too short for its {count} entries")
    for entry in range(count):
        _shift_at(out, at + 4 + entry * width, width, shift)
    return bytes(out)


def _shift_at(out: bytearray, at: int, width: int, shift: Shift) -> None:
    moved = shift(int.from_bytes(out[at : at + width], "big"))
    if moved >> 8 * width:
        raise Broken("is so long that a position in it no longer fits its field")
    out[at : at + width] = moved.to_bytes(width, "big")


def _check_own_data(dinf: bytes) -> None:
    for dref in boxes(dinf):
        if dref.kind != b"dref":
            continue
        for entry in boxes(dinf[: dref.end], dref.body + 8):
            flags = dinf[entry.body + 3 : entry.body + 4]
            if not flags or not flags[0] & _SELF_CONTAINED:
                raise Broken("keeps its sound or pictures in other files; join them first")
