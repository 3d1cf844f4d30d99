"""What must hold for every format of images, and small pictures to hold it against."""

from __future__ import annotations

import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, only_file_errors

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import FileFormat, Place
from chopmark_label._files._image_file import ImageFile

XMP = "XMP TC260:AIGC"
COMMENT = "EXIF UserComment"
WRAPPED = f'{{"AIGC":{OTHER}}}'
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"{}>'
    '<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Alt>'
    '<rdf:li xml:lang="x-default">画</rdf:li></rdf:Alt></dc:title>{}</rdf:Description>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
OURS = ' xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
UNLABELLED = PACKET.format("", "").encode()
LABELLED = PACKET.format(OURS, "<TC260:AIGC>{}</TC260:AIGC>".format(OTHER.replace("<", "&lt;")))

inherited = settings(
    max_examples=scaled(40),
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


@st.composite
def pictures(draw: st.DrawFn, modes: tuple[str, ...]) -> Image.Image:
    mode = draw(st.sampled_from(modes))
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    size = len(Image.new(mode, (width, height)).tobytes())
    image = Image.frombytes(
        mode, (width, height), draw(st.binary(min_size=size, max_size=size).map(bytes))
    )
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    return image


def picture(mode: str = "RGB") -> Image.Image:
    return Image.radial_gradient("L").resize((24, 16)).convert(mode)


def comment(text: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "a picture"
    exif.get_ifd(0x8769)[0x9286] = text
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    return exif


def shown(data: bytes) -> list[tuple[object, ...]]:
    """Return what Pillow decodes: every frame, with its mode, size, duration and colours."""
    with Image.open(BytesIO(data)) as image:
        return [
            (f.mode, f.size, f.info.get("duration"), f.getpalette(), f.tobytes())
            for f in ImageSequence.Iterator(image)
        ]


def exiftool(path: Path) -> dict[str, Any]:
    """Return what exiftool reads, each tag by its group and name; skip where it is missing."""
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    call = ["exiftool", "-j", "-a", "-G1", "-validate", "-warning", "-all", str(path)]
    done = subprocess.run(call, capture_output=True, check=True, timeout=60)
    (found,) = json.loads(done.stdout)
    return dict(found)


class ImageFileContract(ABC):
    """Promises of a format; a subclass names it, and says how to make such files."""

    form: ImageFile
    modes: tuple[str, ...] = ("RGB", "L", "P")
    has_comment = True

    @abstractmethod
    def save(self, image: Image.Image, xmp: bytes = b"", exif: Image.Exif | None = None) -> bytes:
        """Return a file with such a packet and EXIF."""

    @abstractmethod
    def rest(self, data: bytes) -> object:
        """Return everything in a file but XMP, and what says that it is there."""

    @abstractmethod
    def signed(self) -> bytes:
        """Return a file with a C2PA manifest."""

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("images")

    def path(self, folder: Path, data: bytes) -> Path:
        path = folder / f"画 source{self.form.suffixes[0]}"
        path.write_bytes(data)
        return path

    def labelled(self, folder: Path, data: bytes, block: str = BLOCK) -> bytes:
        target = folder / f"target{self.form.suffixes[0]}"
        assert self.form.write(self.path(folder, data), target, block) == XMP
        assert self.form.read(target) == [Place(block, XMP)]
        return target.read_bytes()

    def found(self, folder: Path, data: bytes) -> list[Place]:
        return self.form.read(self.path(folder, data))

    def test_object_satisfies_the_protocol(self) -> None:
        form: FileFormat = self.form
        assert form.name
        assert all(s == s.lower() and s.startswith(".") for s in form.suffixes)

    @inherited
    @given(data=st.data(), block=blocks)
    def test_block_is_read_as_it_was_written_and_once(
        self, folder: Path, data: st.DataObject, block: str
    ) -> None:
        before = self.save(data.draw(pictures(self.modes)))
        assert self.found(folder, before) == []
        after = self.labelled(folder, before, block)
        assert (after.count(b"<TC260:AIGC"), after.count(b"</TC260:AIGC>")) == (1, 1)
        assert shown(after) == shown(before)
        assert self.rest(after) == self.rest(before)
        assert self.labelled(folder, after, block) == after

    @inherited
    @given(data=st.data(), first=blocks, second=blocks)
    def test_second_block_replaces_the_first(
        self, folder: Path, data: st.DataObject, first: str, second: str
    ) -> None:
        before = self.save(data.draw(pictures(self.modes)), xmp=UNLABELLED)
        after = self.labelled(folder, self.labelled(folder, before, first), second)
        assert (after.count(b"<TC260:AIGC"), after.count(b"</TC260:AIGC>")) == (1, 1)
        assert shown(after) == shown(before)
        assert self.rest(after) == self.rest(before)

    def test_exiftool_reads_the_block_and_warns_of_nothing_new(self, folder: Path) -> None:
        before = self.save(picture())
        expected = exiftool(self.path(folder, before))
        found = exiftool(self.path(folder, self.labelled(folder, before)))
        assert found["XMP-TC260:Aigc"] == BLOCK
        assert found["ExifTool:Validate"] == expected["ExifTool:Validate"]

    def test_other_properties_of_the_packet_stay(self, folder: Path) -> None:
        after = self.labelled(folder, self.save(picture(), xmp=UNLABELLED))
        found = exiftool(self.path(folder, after))
        assert found["XMP-xmp:Rating"] == 4
        assert found["XMP-dc:Title"] == "画"
        assert found["XMP-TC260:Aigc"] == BLOCK

    def test_block_of_another_writer_is_found_and_replaced(self, folder: Path) -> None:
        before = self.save(picture(), xmp=LABELLED.encode())
        assert self.found(folder, before) == [Place(OTHER, XMP)]
        assert b"001191320118MAK93FC72D10001" not in self.labelled(folder, before)

    def test_packet_that_is_no_xml_is_refused_with_the_cure(self, folder: Path) -> None:
        before = self.save(picture(), xmp=b"<x:xmpmeta><AIGC")
        (folder / f"target{self.form.suffixes[0]}").unlink(missing_ok=True)
        with pytest.raises(FileError, match=r"source\..*not well-formed XML.*remove the packet"):
            self.labelled(folder, before)
        assert not (folder / f"target{self.form.suffixes[0]}").exists()

    def test_entities_are_not_expanded(self, folder: Path) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + LABELLED.encode()
        with pytest.raises(FileError, match=r"document type|XML"):
            self.found(folder, self.save(picture(), xmp=bomb))

    @pytest.mark.parametrize(
        "body",
        [
            b"ASCII\0\0\0" + WRAPPED.encode(),
            b"ASCII\0\0\0a note " + WRAPPED.encode() + b" and more",
            b"UNICODE\0" + WRAPPED.encode("utf-16-le"),
            b"UNICODE\0" + WRAPPED.encode("utf-16-be"),
        ],
    )
    def test_block_in_user_comment_is_found_and_blanked(self, folder: Path, body: bytes) -> None:
        if not self.has_comment:
            pytest.skip("the format has no EXIF")
        before = self.save(picture(), exif=comment(body))
        assert self.found(folder, before) == [Place(WRAPPED, COMMENT)]
        after = self.labelled(folder, before)
        assert b"001191320118MAK93FC72D10001" not in after.replace(b"\0", b"")
        assert shown(after) == shown(before)
        with Image.open(BytesIO(before)) as old, Image.open(BytesIO(after)) as new:
            left = dict(new.getexif().get_ifd(0x8769))
            kept = body.replace(WRAPPED.encode(), b" " * len(WRAPPED))
            if b"UNICODE" not in body:
                assert left[0x9286] == kept
            assert left[0x9003] == "2026:01:02 03:04:05"
            assert new.getexif()[0x010E] == old.getexif()[0x010E] == "a picture"

    def test_user_comment_of_others_stays(self, folder: Path) -> None:
        if not self.has_comment:
            pytest.skip("the format has no EXIF")
        before = self.save(picture(), exif=comment(b"ASCII\0\0\0a cat"))
        assert self.rest(self.labelled(folder, before)) == self.rest(before)

    def test_block_among_other_data_of_a_comment_is_not_torn_out(self, folder: Path) -> None:
        if not self.has_comment:
            pytest.skip("the format has no EXIF")
        body = b'ASCII\0\0\0{"AIGC":{"Label":"1"},"seed":5}'
        before = self.save(picture(), exif=comment(body))
        assert [place.where for place in self.found(folder, before)] == [COMMENT]
        with pytest.raises(FileError, match=r"AIGC block within other data"):
            self.labelled(folder, before)

    def test_signed_file_is_refused(self, folder: Path) -> None:
        with pytest.raises(FileError, match=r"signed C2PA manifest.*sign afterwards"):
            self.labelled(folder, self.signed())

    def test_block_that_xml_cannot_carry_is_refused(self, folder: Path) -> None:
        with pytest.raises(FileError, match=r"Annex E j"):
            self.labelled(folder, self.save(picture()), '{"Label":"\0"}')

    def test_missing_and_foreign_files_are_named(self, folder: Path) -> None:
        missing = folder / "none.bin"
        with pytest.raises(FileError, match=r"none\.bin"):
            self.form.read(missing)
        with pytest.raises(FileError, match=rf"is not a {self.form.name} file"):
            self.found(folder, b"text")

    def test_cut_off_files_give_file_errors_only(self, folder: Path) -> None:
        image = picture("L").resize((5, 3))
        whole = self.save(image, xmp=LABELLED.encode())
        # All cuts of the head and the end, and some between.
        cuts = {*range(200), *range(0, len(whole), 7), *range(len(whole) - 30, len(whole))}
        only_file_errors(self.form, folder, (whole[:cut] for cut in sorted(cuts)))

    @inherited
    @given(data=st.data())
    def test_damaged_files_give_file_errors_only(self, folder: Path, data: st.DataObject) -> None:
        exif = comment(b"ASCII\0\0\0" + WRAPPED.encode()) if self.has_comment else None
        whole = bytearray(self.save(picture("L").resize((5, 3)), xmp=LABELLED.encode(), exif=exif))
        places = st.integers(0, len(whole) - 1)
        for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
            whole[at] = value
        if data.draw(st.booleans()):
            start, end = sorted((data.draw(places), data.draw(places)))
            del whole[start:end]
        only_file_errors(self.form, folder, [bytes(whole)])

    @inherited
    @given(tail=st.binary(max_size=200))
    def test_noise_gives_file_errors_only(self, folder: Path, tail: bytes) -> None:
        head = self.save(picture("L").resize((5, 3)))
        only_file_errors(self.form, folder, [head[:12] + tail, head[:4] + tail, tail])


def insertion(before: bytes, after: bytes) -> bytes:
    """Return the bytes that were put into `before`, in one place, to get `after`."""
    size = len(after) - len(before)
    at = next((i for i, (x, y) in enumerate(zip(before, after, strict=False)) if x != y), None)
    at = len(before) if at is None else at
    # The piece may begin with the same bytes as what it was put before.
    for start in range(at, -1, -1):
        if after[:start] + after[start + size :] == before:
            return after[start : start + size]
    raise AssertionError("more than one piece was put in")


def walk(data: bytes, at: int, order: str) -> Iterator[tuple[bytes, bytes]]:
    """Return the chunks of PNG (`big`) or RIFF (`little`), by their own standards."""
    while at < len(data):
        if order == "big":
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            yield kind, data[at : at + 12 + size]
            at += 12 + size
        else:
            size, kind = int.from_bytes(data[at + 4 : at + 8], "little"), data[at : at + 4]
            yield kind, data[at + 8 : at + 8 + size]
            at += 8 + size + size % 2
