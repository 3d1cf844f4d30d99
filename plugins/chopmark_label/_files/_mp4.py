"""MP4, MOV and M4A: key `AIGC` of `moov.udta.meta.keys`, as TC260-PG-20257A and -202510A have it.

The boxes are changed in place, and everything else is copied as it is. Writing the file anew with
ffmpeg or PyAV, without coding it again, was measured and changes more: with `use_metadata_tags`
iTunes tags become keys, brands become tags and the cover is lost; without it, the label is; tracks
of chapters cannot be written at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ._boxes import Box, Broken, file_boxes, pack
from ._errors import FileError
from ._format import Place
from ._mp4_offsets import Shift, shift_fragment, shift_index, shift_movie
from ._mp4_tags import PLACE, check_count, put, take
from ._packet import take_packet
from ._rewrite import Edit, opened, rewrite_file

_LARGEST = 256 << 20
"""A movie box for a day of video has some 100 MB; a larger one is no movie box."""
_LARGEST_BESIDE = 64 << 20
"""Bytes of all the other boxes in which a block may stand; a cover picture has some MB."""
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # ISO 16684-3, 1.2.6
_PICTURES = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_QUICKTIME_FIRST = (b"moov", b"mdat")
_QUICKTIME_SMALL = (b"wide", b"free", b"skip", b"pnot")


class Mp4:
    """Files of ISO 14496-12 and QuickTime with a movie box."""

    name = "MP4"
    suffixes = (".mp4", ".m4v", ".mov", ".qt", ".m4a", ".m4b", ".3gp", ".3g2")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins with a brand that is no picture's, or as QuickTime does."""
        if head[4:8] == b"ftyp":
            return head[8:12] not in _PICTURES
        is_small = head[:1] == b"\0"  # or a text with one of these words would fit
        return head[4:8] in _QUICKTIME_FIRST or (is_small and head[4:8] in _QUICKTIME_SMALL)

    def read(self, path: Path) -> list[Place]:
        """Return every block: keys, freeform items, user data, at the movie and at its tracks."""
        found: list[Place] = []
        with opened(path) as file:
            try:
                for box in _parts(file):
                    if box.kind in (b"moov", b"meta", b"udta"):
                        body = _read(file, box)[box.body - box.start :]
                        check_count(box.kind, body)
                        take(box.kind, body, found)
                    elif _is_packet(file, box):
                        take_packet(_read(file, box)[box.body - box.start + 16 :], found, "uuid")
            except Broken as error:
                raise _error(path, error) from error
        return found

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` as the value of the key to `target`."""
        with opened(source) as file:
            try:
                edits = _edits(source, file, block)
            except Broken as error:
                raise _error(source, error) from error
        rewrite_file(source, target, edits)
        return PLACE


MP4 = Mp4()


def _parts(file: BinaryIO) -> list[Box]:
    parts = file_boxes(file)
    movies = sum(box.kind == b"moov" for box in parts)
    if movies != 1:
        raise Broken(
            "has no 'moov' box; is it an MP4, MOV or M4A file, and complete?"
            if not movies
            else f"has {movies} 'moov' boxes; write it anew with ffmpeg -i FILE -c copy NEW"
        )
    beside = sum(
        box.end - box.start
        for box in parts
        if box.kind in (b"meta", b"udta") or _is_packet(file, box)
    )
    if beside > _LARGEST_BESIDE:
        raise Broken(
            f"has {beside:,} bytes of metadata beside its movie; more than {_LARGEST_BESIDE:,} are "
            "not read; write it anew with ffmpeg -i FILE -c copy NEW"
        )
    return parts


def _edits(path: Path, file: BinaryIO, block: str) -> list[Edit]:
    parts = _parts(file)
    edits: list[Edit] = []
    for box in parts:
        if box.kind == b"uuid" and _starts(file, box.body, 16) == _C2PA:
            raise FileError(
                path,
                "carries a C2PA manifest, whose signature a label would break; label the file "
                "first and sign it then",
            )
        if box.kind in (b"meta", b"udta"):
            whole = _read(file, box)
            body = whole[box.body - box.start :]
            left = take(box.kind, body, [])
            if left != body:
                edits.append(Edit(box.start, box.end, pack(box.kind, left)))
        elif _is_packet(file, box):
            packet = _read(file, box)[box.body - box.start + 16 :]
            if (left := take_packet(packet, [], "uuid")) != packet:
                edits.append(Edit(box.start, box.end, pack(b"uuid", _XMP + left)))
    (movie,) = (box for box in parts if box.kind == b"moov")
    body = _read(file, movie)[movie.body - movie.start :]
    labelled = put(take(b"moov", body, []), block)
    moov = pack(b"moov", labelled)
    while True:  # a second time where tables of positions had to become wider
        now = [*edits, Edit(movie.start, movie.end, moov)]
        moved = pack(b"moov", _shifted(labelled, now, parts, file))
        if len(moved) == len(moov):
            break
        moov = moved
    edits.append(Edit(movie.start, movie.end, moved))
    return [*edits, *_fragment_edits(file, parts, edits)]


def _shifted(moov: bytes, edits: Sequence[Edit], parts: Sequence[Box], file: BinaryIO) -> bytes:
    """Return the body of the movie box with its positions as `edits` make them."""
    first = min((e.end for e in edits if e.growth), default=parts[-1].end)
    if first >= max((b.end for b in parts if b.kind not in (b"free", b"skip")), default=0):
        return moov  # nothing is behind it
    if any(b.kind == b"sidx" and b.start < first for b in parts):
        raise Broken(
            "has its index of segments before its 'moov' box; write it anew with ffmpeg -c copy"
        )
    if any(b.kind == b"meta" and b"iloc" in _read(file, b) for b in parts):
        raise Broken("has items beside its movie, at positions that would no longer be right")
    return shift_movie(moov, _shift(edits))


def _shift(edits: Sequence[Edit]) -> Shift:
    grown = [(edit.end, edit.growth) for edit in edits if edit.growth]

    def shift(at: int) -> int:
        return at + sum(growth for end, growth in grown if end <= at)

    return shift


def _fragment_edits(file: BinaryIO, parts: Sequence[Box], edits: Sequence[Edit]) -> list[Edit]:
    if not any(edit.growth for edit in edits):
        return []
    shift = _shift(edits)
    found = []
    for box in parts:
        if box.kind in (b"moof", b"mfra"):
            old = _read(file, box)
            correct = shift_fragment if box.kind == b"moof" else shift_index
            new = correct(old, box.body - box.start, shift)
            if new != old:
                found.append(Edit(box.start, box.end, new))
    return found


def _is_packet(file: BinaryIO, box: Box) -> bool:
    return box.kind == b"uuid" and _starts(file, box.body, 16) == _XMP


def _starts(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _read(file: BinaryIO, box: Box) -> bytes:
    if box.end - box.start > _LARGEST:
        raise Broken(
            f"has a {box.kind.decode('latin-1')!r} box of {box.end - box.start:,} bytes; "
            f"more than {_LARGEST:,} are not read"
        )
    return _starts(file, box.start, box.end - box.start)


def _error(path: Path, error: Broken) -> FileError:
    return FileError(path, str(error))
