"""Puts newly coded sound into the place of the old one: tags, covers and blocks stay byte for byte.

What says times or lengths of the old sound would no longer be right: chapters and cue sheets are a
reason to refuse, tables to seek with and lengths are left out, since programs do without.
"""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from ._files._boxes import Broken, boxes, file_boxes, pack
from ._files._errors import FileError
from ._files._flac import flac_blocks
from ._files._id3 import label_tag
from ._files._id3_frames import HEAD, length_in, parse_tag
from ._files._ogg import copy_with_comments, ogg_comments, pieces
from ._files._rewrite import opened

_TIMES = (b"CHAP", b"CTOC", b"ETCO", b"SYLT", b"SYTC", b"ETC", b"SLT", b"STC")
_LENGTHS = (b"TLEN", b"MLLT", b"TLE", b"MLL")
_STREAMINFO, _APPLICATION, _SEEK_TABLE, _CUE_SHEET = 0, 2, 3, 5
_FOREIGN = (b"riff", b"aiff", b"w64 ")
"""Applications that keep the head of the file that FLAC was made from, sizes and all."""
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_SAID = (b"udta", b"meta")
_DOWN = {b"udta": (b"meta",), b"meta": (b"ilst",)}
_GAPLESS = b"iTunSMPB"


def carry_over(container: str, source: Path, coded: Path, target: Path, *, moves: bool) -> None:
    """Write the sound of `coded` with all else of `source` to `target`.

    Args:
        container: of all three, as ffmpeg calls it.
        source: the file that was labelled.
        coded: its new sound, without tags.
        target: what is written.
        moves: whether anything of the old sound now comes later.

    Raises:
        FileError: `source` is signed, or says times that would no longer be right.
    """
    way = {"mp3": _mp3, "flac": _flac, "ogg": _ogg, "ipod": _mp4}[container]
    with opened(source) as old, opened(coded) as new, target.open("wb") as out:
        try:
            way(source, old, new, out, moves)
        except Broken as error:
            raise FileError(source, str(error)) from error


def _mp3(path: Path, old: BinaryIO, new: BinaryIO, out: BinaryIO, moves: bool) -> None:
    size, at = old.seek(0, os.SEEK_END), 0
    while length := length_in(_read(old, at, HEAD)):
        out.write(_tag(path, _read(old, at, length), moves))
        at += length
    new.seek(0)
    copyfileobj(new, out)
    end = size - 128 if _read(old, size - 128, 3) == b"TAG" else size
    foot = _read(old, end - 32, 32)
    if foot.startswith(b"APETAGEX"):
        length = int.from_bytes(foot[12:16], "little") + 32 * bool(foot[23] & 0x80)
        end -= min(length, end - at)
    out.write(_read(old, end, size - end))


def _tag(path: Path, tag: bytes, moves: bool) -> bytes:
    label_tag(path, tag, None)  # which refuses what is signed
    parsed = parse_tag(tag)
    if moves and any(frame.name in _TIMES for frame in parsed.frames):
        raise Broken("has chapters or texts with times; put the label at the end")
    kept = [frame for frame in parsed.frames if frame.name not in _LENGTHS]
    return tag if len(kept) == len(parsed.frames) else parsed.packed(kept)


def _flac(path: Path, old: BinaryIO, new: BinaryIO, out: BinaryIO, moves: bool) -> None:
    start = length_in(_read(old, 0, HEAD))
    if start:
        out.write(_tag(path, _read(old, 0, start), moves))
    blocks = flac_blocks(old, start)
    if any(block.kind == _CUE_SHEET for block in blocks):
        raise Broken("has a cue sheet, whose times would no longer be right; take it out first")
    kept = [_read(old, b.start, b.end - b.start) for b in blocks if _stays(old, b.kind, b.start)]
    coded = flac_blocks(new, 0)
    head = [_read(new, coded[0].start, coded[0].end - coded[0].start), *kept]
    out.write(b"fLaC")
    for number, block in enumerate(head):
        is_last = number == len(head) - 1
        out.write(bytes((block[0] & 0x7F | 0x80 * is_last,)) + block[1:])
    new.seek(coded[-1].end)
    copyfileobj(new, out)


def _stays(file: BinaryIO, kind: int, start: int) -> bool:
    if kind == _APPLICATION:
        return _read(file, start + 4, 4) not in _FOREIGN
    return kind not in (_STREAMINFO, _SEEK_TABLE)


def _ogg(path: Path, old: BinaryIO, new: BinaryIO, out: BinaryIO, moves: bool) -> None:
    joined = pieces(old)
    if len(joined) > 1:
        raise Broken(f"is {len(joined)} Ogg files joined; take them apart and label each")
    comments = ogg_comments(old, joined[0])
    if moves and any(entry[:7].upper() == b"CHAPTER" for entry in comments.entries):
        raise Broken("has chapters, whose times would no longer be right; put the label at the end")
    copy_with_comments(new, out, comments.entries)


def _mp4(path: Path, old: BinaryIO, new: BinaryIO, out: BinaryIO, moves: bool) -> None:
    there = file_boxes(old)
    if any(b.kind == b"uuid" and _read(old, b.body, 16) == _C2PA for b in there):
        raise Broken(
            "carries a C2PA manifest, whose signature a label would break; label first, then sign"
        )
    kept = []
    for box in there:
        if box.kind == b"moov":
            movie = _read(old, box.body, box.end - box.body)
            said = [b for b in boxes(movie) if b.kind in _SAID]
            kept = [pack(b.kind, _without_gapless(b.kind, movie[b.body : b.end])) for b in said]
    if moves and any(b"chpl" in part for part in kept):
        raise Broken("has chapters, whose times would no longer be right; put the label at the end")
    for box in file_boxes(new):  # the index is behind the sound, so that it may grow
        part = _read(new, box.start, box.end - box.start) if box.kind == b"moov" else b""
        if part:
            body = part[box.body - box.start :]
            own = [body[b.start : b.end] for b in boxes(body) if b.kind not in _SAID]
            out.write(pack(b"moov", b"".join([*own, *kept])))
        else:
            new.seek(box.start)
            _copy(new, out, box.end - box.start)
    for box in there:
        if box.kind == b"uuid" and _read(old, box.body, 16) == _XMP:
            out.write(_read(old, box.start, box.end - box.start))


def _without_gapless(kind: bytes, body: bytes) -> bytes:
    """Return user data without what iTunes says of silence around the sound that was coded."""
    at = 4 if kind == b"meta" and body[4:8] != b"hdlr" else 0
    kept = [body[:at]]
    for box in boxes(body, at):
        inner = body[box.body : box.end]
        if box.kind in _DOWN.get(kind, ()):
            kept.append(pack(box.kind, _without_gapless(box.kind, inner)))
        elif not (box.kind == b"----" and _GAPLESS in inner):
            kept.append(body[box.start : box.end])
        at = box.end
    return b"".join([*kept, body[at:]])


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(max(0, at))
    return file.read(max(0, count))


def _copy(source: BinaryIO, target: BinaryIO, count: int) -> None:
    while count > 0 and (block := source.read(min(count, 1 << 20))):
        target.write(block)
        count -= len(block)
