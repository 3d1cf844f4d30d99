"""FLAC and Ogg (Vorbis, Opus, FLAC, Speex): the Vorbis comment `AIGC` of TC260-PG-202510A."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ._boxes import Broken
from ._flac import flac_comments, flac_edits
from ._format import Place
from ._id3 import label_tag, naming, tag_blocks
from ._id3_frames import HEAD, length_in
from ._ogg import label_ogg, ogg_comments, pieces
from ._rewrite import Edit, opened, rewrite_file
from ._whole import nothing_left

_PLACE = "Vorbis comment AIGC"


class Vorbis:
    """FLAC files, and Ogg files whose sound has Vorbis comments."""

    name = "FLAC and Ogg"
    suffixes = (".flac", ".ogg", ".oga", ".opus", ".spx")

    def fits(self, head: bytes) -> bool:
        """Return whether a file begins as FLAC or Ogg does; before FLAC an ID3v2 tag may stand."""
        try:
            tag = length_in(head[:HEAD])
        except Broken:
            return False
        return head[tag : tag + 4] in ((b"fLaC",) if tag else (b"fLaC", b"OggS"))

    def read(self, path: Path) -> list[Place]:
        """Return the comments of that name, of each piece where Ogg files were joined."""
        with opened(path) as file, naming(path):
            if _is_ogg(file):
                comments = [ogg_comments(file, piece) for piece in pieces(file)]
                tagged = []
            else:
                tag = _tag(file)
                comments = flac_comments(file, len(tag))
                tagged = tag_blocks(path, tag) if tag else []
        found = [Place(text, _PLACE) for each in comments for text in each.blocks]
        return [*found, *(Place(block.text, f"ID3v2 {block.where}") for block in tagged)]

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write `source` with `block` as its one comment of that name to `target`.

        Where Ogg files were joined it stands in the first.
        """
        with opened(source) as file, naming(source):
            if _is_ogg(file):
                joined = pieces(file)
                with nothing_left(target), target.open("wb") as out:
                    label_ogg(file, out, joined, block)
                return _PLACE
            tag = _tag(file)
            edits = flac_edits(file, len(tag), block)
            if tag and (new := label_tag(source, tag, None)) != tag:
                edits.append(Edit(0, len(tag), new))
        rewrite_file(source, target, edits)
        return _PLACE


VORBIS = Vorbis()


def _is_ogg(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) == b"OggS"


def _tag(file: BinaryIO) -> bytes:
    file.seek(0)
    length = length_in(file.read(HEAD))
    file.seek(0)
    return file.read(length)
