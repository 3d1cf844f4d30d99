"""PNG: the block is in the uncompressed XMP chunk, and no other chunk changes."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from tests.plugins.label.files.document_blocks import BLOCK, OTHER
from tests.plugins.label.files.image_files import (
    LABELLED,
    WRAPPED,
    XMP,
    ImageFileContract,
    insertion,
    picture,
    shown,
    walk,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._png import PNG

KEYWORD = b"XML:com.adobe.xmp"


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    at = 8 + 25  # behind the header
    return data[:at] + chunk(kind, body) + data[at:]


class TestPng(ImageFileContract):
    form = PNG
    modes = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")

    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        file = BytesIO()
        info = PngImagePlugin.PngInfo()
        info.add_text("Title", "a text")
        info.add(b"vpAg", b"\0\1\2\3")  # a private chunk
        if xmp:
            info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        image.save(file, "PNG", pnginfo=info, dpi=(72, 72), **({"exif": exif} if exif else {}))
        return file.getvalue()

    def rest(self, data: bytes) -> object:
        return [c for c in walk(data, 8, "big") if KEYWORD not in c[1]]

    def signed(self) -> bytes:
        return with_chunk(self.save(picture()), b"caBX", b"jumb")

    def test_only_one_chunk_is_put_in_and_not_compressed(self, folder: Path) -> None:
        before = self.save(picture())
        after = self.labelled(folder, before)
        assert b"TC260:AIGC" in insertion(before, after)
        assert b"iTXt" + KEYWORD + b"\0\0\0\0\0" in after

    def test_pillow_reads_the_packet(self, folder: Path) -> None:
        after = self.labelled(folder, self.save(picture()))
        with Image.open(BytesIO(after)) as image:
            image.load()
            assert b"TC260:AIGC" in image.info["xmp"]

    @pytest.mark.parametrize(
        ("kind", "body", "where"),
        [
            (b"tEXt", b"AIGC\0" + WRAPPED.encode(), "PNG tEXt AIGC"),
            (b"iTXt", b"AIGC\0\0\0\0\0" + WRAPPED.encode(), "PNG iTXt AIGC"),
            (b"iTXt", b"AIGC\0\1\0\0\0" + zlib.compress(WRAPPED.encode()), "PNG iTXt AIGC"),
            (b"zTXt", b"AIGC\0\0" + zlib.compress(WRAPPED.encode()), "PNG zTXt AIGC"),
            (b"tEXt", b"aigc\0" + WRAPPED.encode(), "PNG tEXt aigc"),
        ],
    )
    def test_text_chunk_is_found_and_replaced(
        self, folder: Path, kind: bytes, body: bytes, where: str
    ) -> None:
        plain = self.save(picture())
        before = with_chunk(plain, kind, body)
        assert self.found(folder, before) == [Place(WRAPPED, where)]
        assert self.labelled(folder, before) == self.labelled(folder, plain)

    def test_compressed_packet_is_read_and_written_plainly(self, folder: Path) -> None:
        body = KEYWORD + b"\0\1\0\0\0" + zlib.compress(LABELLED.encode())
        before = with_chunk(self.save(picture()), b"iTXt", body)
        assert self.found(folder, before) == [Place(OTHER, XMP)]
        after = self.labelled(folder, before)
        assert (
            BLOCK.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode() in after
        )

    def test_packets_twice_leave_one_block(self, folder: Path) -> None:
        body = KEYWORD + b"\0\0\0\0\0" + LABELLED.encode()
        before = with_chunk(self.save(picture(), xmp=LABELLED.encode()), b"iTXt", body)
        assert self.found(folder, before) == [Place(OTHER, XMP)] * 2
        self.labelled(folder, before)

    def test_compressed_text_without_end_is_refused(self, folder: Path) -> None:
        bomb = zlib.compress(bytes(40 << 20), 9)
        for body in (bomb, bomb[:100], b"no stream"):
            before = with_chunk(self.save(picture()), b"zTXt", b"AIGC\0\0" + body)
            with pytest.raises(FileError, match="zTXt chunk at byte 33"):
                self.found(folder, before)

    def test_animation_and_what_is_behind_the_end_stay(self, folder: Path) -> None:
        file = BytesIO()
        frames = [picture("RGB").rotate(30 * n) for n in range(3)]
        frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], duration=50)
        before = file.getvalue() + b"behind the end"
        after = self.labelled(folder, before)
        assert after.endswith(b"behind the end")
        assert len(shown(after)) == 3
        assert shown(after) == shown(before)
