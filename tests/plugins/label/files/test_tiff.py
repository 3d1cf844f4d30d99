"""TIFF: the block is in the XMP field of the first page, and nothing else moves or changes."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.plugins.label.files.document_blocks import BLOCK, OTHER
from tests.plugins.label.files.image_files import (
    LABELLED,
    XMP,
    ImageFileContract,
    exiftool,
    picture,
    shown,
)

from chopmark_label._files._format import Place
from chopmark_label._files._tiff import TIFF


def fields(data: bytes) -> list[list[bytes]]:
    """Return the entries of every page but XMP, as they stand: nothing they point at may move."""
    order: Any = "little" if data[:1] == b"I" else "big"
    big = 43 in data[2:4]
    wide, many, size = (8, 8, 20) if big else (4, 2, 12)

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], order)

    pages, at = [], number(wide, wide)
    while at:
        start = at + many
        end = start + size * number(at, many)
        pages.append([data[i : i + size] for i in range(start, end, size) if number(i, 2) != 0x2BC])
        at = number(end, wide)
    return pages


class TestTiff(ImageFileContract):
    form = TIFF
    modes = ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F")
    big = False

    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        file = BytesIO()
        exif = exif or Image.Exif()
        exif[0x0131] = "a program"
        if part := exif.get_ifd(0x8769):
            exif[0x8769] = part  # or Pillow leaves it out of a TIFF
        if xmp:
            exif[0x02BC] = xmp
        image.save(file, "TIFF", exif=exif, big_tiff=self.big)
        return file.getvalue()

    def rest(self, data: bytes) -> object:
        return fields(data)

    def signed(self) -> bytes:
        file = BytesIO()
        exif = Image.Exif()
        exif[0xCD41] = b"jumb"
        picture().save(file, "TIFF", exif=exif, big_tiff=self.big)
        return file.getvalue()

    def test_all_bytes_stay_but_the_link_to_the_first_page(self, folder: Path) -> None:
        before = self.save(picture())
        after = self.labelled(folder, before)
        head = 16 if self.big else 8
        assert after[head : len(before)] == before[head:]
        assert after[: head // 2] == before[: head // 2]

    @pytest.mark.parametrize("xmp", [b"", LABELLED.encode()])
    def test_other_pages_stay_and_hold_no_block(self, folder: Path, xmp: bytes) -> None:
        file = BytesIO()
        exif = Image.Exif()
        if xmp:
            exif[0x02BC] = xmp
        pages = [picture("RGB").rotate(30 * n) for n in range(3)]
        pages[0].save(
            file, "TIFF", save_all=True, append_images=pages[1:], exif=exif, big_tiff=self.big
        )
        before = file.getvalue()
        assert set(self.found(folder, before)) == ({Place(OTHER, XMP)} if xmp else set())
        after = self.labelled(folder, before)
        assert fields(after) == fields(before)
        assert len(shown(after)) == 3
        assert shown(after) == shown(before)


class TestBigTiff(TestTiff):
    big = True


def test_big_endian_file_is_labelled(tmp_path: Path) -> None:
    entries = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 4)]
    entries.append((279, 16))
    packed = [
        tag.to_bytes(2, "big") + b"\0\3\0\0\0\1" + value.to_bytes(2, "big") + b"\0\0"
        for tag, value in entries
    ]
    count = len(entries).to_bytes(2, "big")
    directory = count + b"".join(packed) + bytes(4)
    before = b"MM\0*" + (24).to_bytes(4, "big") + bytes(range(16)) + directory
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    source.write_bytes(before)
    TIFF.write(source, target, BLOCK)
    after = target.read_bytes()
    assert TIFF.read(target) == [Place(BLOCK, XMP)]
    assert shown(after) == shown(before)
    assert fields(after) == fields(before)
    assert exiftool(target)["XMP-TC260:Aigc"] == BLOCK


WAYS = {
    "big-endian": "-B",
    "BigTIFF": "-8",
    "big-endian BigTIFF": "-B -8",
    "tiles": "-t -w 16 -l 16",
    "big-endian tiles, packed": "-B -t -w 16 -l 16 -c zip",
    "tiles of BigTIFF, packed": "-8 -t -w 16 -l 16 -c lzw",
    "planes apart": "-p separate",
    "one row a strip": "-r 1 -c packbits",
}


@pytest.mark.skipif(shutil.which("tiffcp") is None, reason="no tiffcp of libtiff here")
@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("way", WAYS)
def test_every_form_that_libtiff_writes_keeps_its_pictures(
    tmp_path: Path, way: str, pages: int
) -> None:
    plain, source, target = (tmp_path / f"{name}.tif" for name in "abc")
    views = [picture("RGB").rotate(30 * n) for n in range(pages)]
    views[0].save(plain, "TIFF", save_all=True, append_images=views[1:])
    subprocess.run(["tiffcp", *WAYS[way].split(), plain, source], check=True, timeout=60)
    TIFF.write(source, target, BLOCK)
    assert TIFF.read(target) == [Place(BLOCK, XMP)]
    assert fields(target.read_bytes()) == fields(source.read_bytes())
    back = [tmp_path / "d.tif", tmp_path / "e.tif"]
    for path, flat in zip((source, target), back, strict=True):  # libtiff decodes every page
        made = ["tiffcp", "-L", "-s", "-r", "16", "-c", "none", "-p", "contig", path, flat]
        subprocess.run(made, check=True, timeout=60)
    before, after = (shown(flat.read_bytes()) for flat in back)
    assert len(after) == pages
    assert after == before
    assert exiftool(target)["XMP-TC260:Aigc"] == BLOCK
