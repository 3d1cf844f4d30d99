"""WAV: the sub-chunk `AIGC` of RIFF, RF64 and BW64 files, as TC260-PG-202510A has it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ._boxes import Broken
from ._errors import FileError
from ._format import Place
from ._id3 import label_tag, tag_blocks
from ._id3_frames import HEAD, length_in
from ._packet import take_packet
from ._rewrite import Edit, opened, rewrite_file
from ._riff import Chunk, Wave, chunk, sub_chunks, wave_chunks

_KIND = b"AIGC"
_PLACE = "{} chunk AIGC"
_XMP = b"_PMX"  # ISO 16684-3, 1.2.9
_TAGS = (b"id3 ", b"ID3 ")
_LARGEST = 64 << 20
"""Bytes of the chunks of metadata that are read; a cover picture has some MB."""


class Wav:
    """Wave files, those of more than 4 GB too."""

    name = "WAV"
    suffixes = (".wav", ".wave", ".bwf", ".rf64", ".bw64")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as a wave file does."""
        return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE"

    def read(self, path: Path) -> list[Place]:
        """Return the blocks of its own chunks, of the list `INFO` and of ID3 tags in chunks."""
        found: list[Place] = []
        with opened(path) as file:
            try:
                wave = wave_chunks(file)
                _check_size(file, wave)
                for part in wave.chunks:
                    _take(path, file, wave, part, found)
            except Broken as error:
                raise FileError(path, str(error)) from error
        return found

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` in a chunk behind all others to `target`.

        Where the sound goes to the end of the file the chunk stands before it, since it would
        be heard behind it.
        """
        with opened(source) as file:
            try:
                wave = wave_chunks(file)
                edits = _edits(source, file, wave, block)
            except Broken as error:
                raise FileError(source, str(error)) from error
        rewrite_file(source, target, edits)
        return _PLACE.format(wave.form.decode())


WAV = Wav()


def resized(wave: Wave, file: BinaryIO, edits: list[Edit]) -> list[Edit]:
    """Return `edits` with the ones of the sizes in the header that they make necessary.

    Raises:
        Broken: the file gets longer than RIFF can say.
    """
    if wave.endless:
        return edits
    size = wave.end - 8 + sum(edit.growth for edit in edits)
    if wave.form == b"RIFF":
        if size >> 32:
            raise Broken(
                "gets longer than the 4 GB that RIFF can say; write it as RF64 first, with "
                "ffmpeg -i FILE -c copy -rf64 always NEW"
            )
        return [*edits, Edit(4, 8, size.to_bytes(4, "little"))]
    for part in wave.chunks:
        if part.kind == b"ds64":
            return [*edits, Edit(part.body, part.body + 8, size.to_bytes(8, "little"))]
    raise Broken(f"is {wave.form.decode()} without a 'ds64' chunk; write it anew with ffmpeg")


def _check_size(file: BinaryIO, wave: Wave) -> None:
    """Raise `Broken` where the chunks that are read whole are longer than is read."""
    read = (_KIND, b"LIST", b"ID3 ", _XMP)
    size = sum(
        part.end - part.body
        for part in wave.chunks
        if part.kind.upper() in read and (part.kind != b"LIST" or _is_info(file, part))
    )
    if size > _LARGEST:
        raise Broken(
            f"has {size:,} bytes of metadata, and {_LARGEST:,} are read at most; write it anew "
            "with ffmpeg -i FILE -c copy NEW"
        )


def _edits(path: Path, file: BinaryIO, wave: Wave, block: str) -> list[Edit]:
    if not any(part.kind == b"data" for part in wave.chunks):
        raise Broken("has no sound in it; is it complete?")
    edits = []
    for part in wave.chunks:
        if part.kind == b"C2PA":
            raise FileError(
                path,
                "carries a C2PA manifest, whose signature a label would break; label the file "
                "first and sign it then",
            )
        left = _take(path, file, wave, part, [])
        if left is not None:
            edits.append(Edit(part.start, part.after, left))
    at = next(part.start for part in wave.chunks if part.kind == b"data") if wave.endless else None
    new = chunk(_KIND, block.encode())
    if at is None:
        last = wave.chunks[-1] if wave.chunks else None
        unpadded = last is not None and last.after == last.end and (last.end - last.body) % 2
        stays = not any(edit.end == wave.end for edit in edits)  # what goes needs no padding
        edits.append(Edit(wave.end, wave.end, bytes(1 if unpadded and stays else 0) + new))
    else:
        edits.append(Edit(at, at, new))
    return resized(wave, file, edits)


def _take(path: Path, file: BinaryIO, wave: Wave, part: Chunk, found: list[Place]) -> bytes | None:
    """Add the blocks in a chunk to `found`; return the chunk without them, None for as it is."""
    form = wave.form.decode()
    if part.kind.upper() == _KIND:
        found.append(Place(_text(_body(file, part)), _PLACE.format(form)))
        return b""
    if part.kind == b"LIST":
        return _take_list(file, part, form, found)
    if part.kind in _TAGS:
        return _take_tag(path, file, part, form, found)
    if part.kind == _XMP:
        packet = _body(file, part)
        left = take_packet(packet, found, f"{form} chunk _PMX")
        return None if left == packet else chunk(_XMP, left)
    return None


def _take_list(file: BinaryIO, part: Chunk, form: str, found: list[Place]) -> bytes | None:
    if not _is_info(file, part):
        return None
    body = _body(file, part)
    ours = [sub for sub in sub_chunks(body) if sub.kind.upper() == _KIND]
    if not ours:
        return None
    found.extend(Place(_text(body[sub.body : sub.end]), f"{form} LIST INFO AIGC") for sub in ours)
    kept, at = [], 0
    for sub in ours:
        kept.append(body[at : sub.start])
        at = sub.after
    return chunk(b"LIST", b"".join([*kept, body[at:]]))


def _is_info(file: BinaryIO, part: Chunk) -> bool:
    file.seek(part.body)
    return file.read(4) == b"INFO"


def _take_tag(
    path: Path, file: BinaryIO, part: Chunk, form: str, found: list[Place]
) -> bytes | None:
    body = _body(file, part)
    length = length_in(body[:HEAD])
    if not length or length > len(body):
        return None  # no tag, and so none of ours
    blocks = tag_blocks(path, body[:length])
    found.extend(Place(block.text, f"{form} chunk id3 {block.where}") for block in blocks)
    if not blocks:
        return None
    return chunk(part.kind, label_tag(path, body[:length], None) + body[length:])


def _body(file: BinaryIO, part: Chunk) -> bytes:
    file.seek(part.body)
    return file.read(part.end - part.body)


def _text(body: bytes) -> str:
    return body.rstrip(b"\0").decode("utf-8", "replace")
