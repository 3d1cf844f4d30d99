"""JPEG: the block is in the XMP segment, and no other segment changes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageSequence
from tests.plugins.label.files.document_blocks import OTHER
from tests.plugins.label.files.image_files import (
    LABELLED,
    UNLABELLED,
    XMP,
    ImageFileContract,
    comment,
    exiftool,
    insertion,
    picture,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._jpeg import JPEG

SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
MORE = b"http://ns.adobe.com/xmp/extension/\0"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def segments(data: bytes) -> list[bytes]:
    """Return the segments before the scan, and last the scan with all behind it."""
    found, at = [data[:2]], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append(data[at:end])
        at = end
    return [*found, data[at:]]


def extended(packet: bytes) -> bytes:
    head = MORE + b"0" * 32 + len(packet).to_bytes(4, "big")
    cut = len(packet) // 2
    parts = ((cut, packet[cut:]), (0, packet[:cut]))  # in any order
    return b"".join(segment(0xE1, head + at.to_bytes(4, "big") + part) for at, part in parts)


def pictures_in(data: bytes) -> list[int]:
    """Return the lengths of the pictures by the index, as Pillow reads it."""
    with Image.open(BytesIO(data)) as image:
        return [entry["Size"] for entry in image.mpinfo[0xB002]]  # type: ignore[attr-defined]


def with_packet(data: bytes, packet: bytes, is_behind: bool) -> bytes:
    """Return a file of several pictures with `packet` before or behind its index."""
    index = data.index(b"MPF\0")
    start = index - 4
    end = start + 2 + int.from_bytes(data[start + 2 : index], "big")
    with Image.open(BytesIO(data)) as image:
        entries = image.mpinfo[0xB002]  # type: ignore[attr-defined]
    order = "little" if data[index + 4 : index + 6] == b"II" else "big"

    def field(entry: dict[str, int], more: int) -> bytes:
        at = entry["DataOffset"] + (more if entry["DataOffset"] else 0)
        return entry["Size"].to_bytes(4, order) + at.to_bytes(4, order)  # type: ignore[arg-type]

    part = data[start:end]
    for number, entry in enumerate(entries):
        longer = {**entry, "Size": entry["Size"] + len(packet) * (number == 0)}
        part = part.replace(field(entry, 0), field(longer, len(packet) if is_behind else 0))
    new = part + packet if is_behind else packet + part
    return data[:start] + new + data[end:]


class TestJpeg(ImageFileContract):
    form = JPEG
    modes = ("L", "RGB", "CMYK")

    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        file = BytesIO()
        more = {"exif": exif} if exif else {}
        image.save(file, "JPEG", xmp=xmp, comment=b"a comment", dpi=(72, 72), **more)
        return file.getvalue()

    def rest(self, data: bytes) -> object:
        return [s for s in segments(data) if SIGNATURE not in s]

    def signed(self) -> bytes:
        data = self.save(picture())
        return data[:2] + segment(0xEB, b"JP\0\1\0\0\0\1jumbc2pa") + data[2:]

    def test_new_segment_stands_behind_jfif_and_exif(self, folder: Path) -> None:
        before = self.save(picture(), exif=comment(b"ASCII\0\0\0a cat"))
        after = self.labelled(folder, before)
        assert SIGNATURE in insertion(before, after)
        assert [s[4:8] for s in segments(after)[1:4]] == [b"JFIF", b"Exif", b"http"]

    def test_progressive_picture_and_what_is_behind_the_end_stay(self, folder: Path) -> None:
        file = BytesIO()
        picture().save(file, "JPEG", progressive=True)
        before = file.getvalue() + b"behind the end"
        after = self.labelled(folder, before)
        assert after.endswith(b"behind the end")
        assert self.rest(after) == self.rest(before)

    def test_packets_twice_leave_one_block(self, folder: Path) -> None:
        data = self.save(picture(), xmp=LABELLED.encode())
        before = data[:2] + segment(0xE1, SIGNATURE + LABELLED.encode()) + data[2:]
        assert self.found(folder, before) == [Place(OTHER, XMP)] * 2
        self.labelled(folder, before)

    def test_extended_packet_stays_and_a_block_in_it_is_refused(self, folder: Path) -> None:
        data = self.save(picture())
        before = data[:2] + extended(UNLABELLED) + data[2:]
        assert self.rest(self.labelled(folder, before)) == self.rest(before)
        before = data[:2] + extended(LABELLED.encode()) + data[2:]
        assert self.found(folder, before) == [Place(OTHER, f"extended {XMP}")]
        with pytest.raises(FileError, match="extended XMP"):
            self.labelled(folder, before)

    @pytest.mark.parametrize("is_behind", [False, True])
    @pytest.mark.parametrize("xmp", [b"", LABELLED.encode(), UNLABELLED])
    def test_other_pictures_of_the_file_are_found_where_its_index_says(
        self, folder: Path, xmp: bytes, is_behind: bool
    ) -> None:
        file = BytesIO()
        views = [picture("RGB").rotate(90 * n) for n in range(3)]
        views[0].save(file, "MPO", save_all=True, append_images=views[1:])
        before = file.getvalue()
        if xmp:  # made right by hand, with no code of ours
            before = with_packet(before, segment(0xE1, SIGNATURE + xmp), is_behind)
        source = self.path(folder, before)
        after = self.labelled(folder, before)
        with Image.open(BytesIO(before)) as old, Image.open(BytesIO(after)) as new:
            assert (old.format, old.n_frames) == (new.format, new.n_frames) == ("MPO", 3)  # type: ignore[attr-defined]
            assert [f.tobytes() for f in ImageSequence.Iterator(new)] == [
                f.tobytes() for f in ImageSequence.Iterator(old)
            ]
        sizes = [pictures_in(data) for data in (before, after)]
        assert sizes[1][0] - sizes[0][0] == len(after) - len(before)
        assert sizes[1][1:] == sizes[0][1:]
        assert exiftool(source)["File:MIMEType"] == exiftool(folder / "target.jpg")["File:MIMEType"]

    def test_index_that_nobody_can_follow_stays(self, folder: Path) -> None:
        plain = self.save(picture())
        broken = segment(0xE2, b"MPF\0II*\0\xff\xff\0\0")
        before = plain[:2] + broken + plain[2:]
        assert broken in self.labelled(folder, before)

    def test_packet_too_long_for_a_segment_is_refused(self, folder: Path) -> None:
        long = UNLABELLED.replace("画".encode(), b"x" * (65_400 - len(UNLABELLED)))
        with pytest.raises(FileError, match="65,535 at most"):
            self.labelled(folder, self.save(picture(), xmp=long))
