"""WebP: the block is in the XMP chunk, and no other chunk changes but for the flag of XMP."""

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
    comment,
    picture,
    shown,
    walk,
)

from chopmark_label._files._format import Place
from chopmark_label._files._webp import WEBP


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    new = data[8:] + kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
    return data[:4] + len(new).to_bytes(4, "little") + new


def header(data: bytes) -> bytes:
    return dict(walk(data, 12, "little"))[b"VP8X"]


class TestWebP(ImageFileContract):
    form = WEBP
    modes = ("L", "P", "RGB", "RGBA")
    lossless = True

    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        file = BytesIO()
        more = {"exif": exif} if exif else {}
        image.save(file, "WEBP", xmp=xmp, lossless=self.lossless, method=0, **more)
        return file.getvalue()

    def rest(self, data: bytes) -> object:
        return [c for c in walk(data, 12, "little") if c[0] not in (b"XMP ", b"VP8X")]

    def signed(self) -> bytes:
        return with_chunk(self.save(picture()), b"C2PA", b"jumb")

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_simple_form_gets_a_header_with_size_and_alpha(self, folder: Path, mode: str) -> None:
        image = picture(mode)
        if mode == "RGBA":
            image.putalpha(picture("L"))
        before = self.save(image)
        after = header(self.labelled(folder, before))
        has_alpha = b"VP8L" in before and mode == "RGBA"
        if b"VP8X" not in before:
            assert after[0] == 0x04 | 0x10 * has_alpha
        assert after[4:] == bytes((23, 0, 0, 15, 0, 0))

    def test_header_changes_in_the_flag_of_xmp_only(self, folder: Path) -> None:
        before = self.save(picture(), exif=comment(b"ASCII\0\0\0a cat"))
        old, new = header(before), header(self.labelled(folder, before))
        assert (new[0], new[1:]) == (old[0] | 0x04, old[1:])

    def test_packets_twice_leave_one_block(self, folder: Path) -> None:
        data = self.save(picture(), xmp=LABELLED.encode())
        before = with_chunk(data, b"XMP ", LABELLED.encode())
        assert self.found(folder, before) == [Place(OTHER, XMP)] * 2
        self.labelled(folder, before)

    def test_animation_and_what_is_behind_the_end_stay(self, folder: Path) -> None:
        file = BytesIO()
        frames = [picture("RGB").rotate(30 * n) for n in range(3)]
        frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=50)
        before = file.getvalue()
        after = self.labelled(folder, before + b"behind the end")
        assert after.endswith(b"behind the end")
        after = after.removesuffix(b"behind the end")
        assert self.rest(after) == self.rest(before)
        assert len(shown(after)) == 3
        assert shown(after) == shown(before)


class TestLossyWebP(TestWebP):
    lossless = False
