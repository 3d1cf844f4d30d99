"""GIF: the block is in the XMP extension, and no other block changes but for the version."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.plugins.label.files.document_blocks import OTHER
from tests.plugins.label.files.image_files import (
    LABELLED,
    XMP,
    ImageFileContract,
    picture,
    shown,
)

from chopmark_label._files._format import Place
from chopmark_label._files._gif import GIF

HEAD = b"\x21\xff\x0bXMP DataXMP"
LEAD = bytes((1, *range(255, -1, -1), 0))


def table(flags: int) -> int:
    return 3 * 2 ** (flags % 8 + 1) if flags > 127 else 0


def blocks_of(data: bytes) -> list[bytes]:
    """Return the head and every block, by its sub-blocks, as a reader without XMP goes."""
    at = 13 + table(data[10])
    found = [data[6:at]]
    while data[at] != 0x3B:
        start = at
        at += 2 if data[at] == 0x21 else 11 + table(data[at + 9])
        while data[at]:
            at += 1 + data[at]
        at += 1
        found.append(data[start:at])
    return [*found, data[at:]]


def extension(data: bytes, new: bytes) -> bytes:
    at = 13 + table(data[10])
    return data[:at] + new + data[at:]


class TestGif(ImageFileContract):
    form = GIF
    modes = ("1", "L", "P", "RGB")
    has_comment = False

    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        assert exif is None
        file = BytesIO()
        image.save(file, "GIF", comment=b"a comment")
        data = file.getvalue()
        return extension(data, HEAD + xmp + LEAD) if xmp else data

    def rest(self, data: bytes) -> object:
        return [b for b in blocks_of(data) if not b.startswith(HEAD)]

    def signed(self) -> bytes:
        return extension(self.save(picture()), b"\x21\xff\x0bC2PA_GIF\1\0\0\4jumb\0")

    def test_first_version_becomes_the_one_with_extensions(self, folder: Path) -> None:
        file = BytesIO()
        picture("P").save(file, "GIF")
        before = b"GIF87a" + file.getvalue()[6:]
        after = self.labelled(folder, before)
        assert after.startswith(b"GIF89a")
        assert self.rest(after) == self.rest(before)

    def test_packet_cut_into_sub_blocks_is_found_and_written_in_one_piece(
        self, folder: Path
    ) -> None:
        packet = LABELLED.encode()
        cuts = [packet[at : at + 255] for at in range(0, len(packet), 255)]
        body = b"".join(bytes((len(cut),)) + cut for cut in cuts)
        before = extension(self.save(picture()), HEAD + body + b"\0")
        assert self.found(folder, before) == [Place(OTHER, XMP)]
        assert LEAD in self.labelled(folder, before)

    def test_packets_twice_leave_one_block(self, folder: Path) -> None:
        data = self.save(picture(), xmp=LABELLED.encode())
        before = extension(data, HEAD + LABELLED.encode() + LEAD)
        assert self.found(folder, before) == [Place(OTHER, XMP)] * 2
        self.labelled(folder, before)

    @pytest.mark.parametrize("loop", [0, 3])
    def test_animation_and_what_is_behind_the_end_stay(self, folder: Path, loop: int) -> None:
        file = BytesIO()
        frames = [picture("P").rotate(30 * n) for n in range(3)]
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=50, loop=loop)
        before = file.getvalue() + b"behind the end"
        after = self.labelled(folder, before)
        assert after.endswith(b"behind the end")
        assert self.rest(after) == self.rest(before)
        assert len(shown(after)) == 3
        assert shown(after) == shown(before)
