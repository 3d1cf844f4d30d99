"""A label in an MP3 is one text frame; sound, other frames and tags at the end stay."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import APIC, COMM, GEOB, ID3, TIT2, TXXX, ParseID3v1
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, texts
from tests.plugins.label.files.image_files import LABELLED, UNLABELLED
from tests.plugins.label.files.media_files import (
    TAGS,
    check_broken_versions,
    exiftool,
    frames,
    labelled,
    make_sound,
    needs_exiftool,
    needs_ffprobe,
    probe,
    refusal,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._mp3 import MP3

PLACE = "ID3v2 TXXX:AIGC"
OTHER_PRODUCER = b"001191320118MAK93FC72D10001"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MP3 as ffmpeg writes it, with ID3v2.4."""
    return make_sound(tmp_path_factory.mktemp("mp3") / "sound.mp3", "libmp3lame")


label = partial(labelled, MP3)


def bare_sound(sound: Path) -> bytes:
    """Return the sound behind the tag."""
    return sound.read_bytes()[ID3(sound).size :]


def other_frames(path: Path) -> list[str]:
    return sorted(repr(f) for f in ID3(path, translate=False).values() if f.HashKey != "TXXX:AIGC")


@pytest.mark.parametrize("version", [0, 3, 4])
def test_sound_and_other_frames_stay_and_the_tag_keeps_its_version(
    sound: Path, tmp_path: Path, version: int
) -> None:
    source = tmp_path / "tagged.mp3"
    source.write_bytes(bare_sound(sound))
    if version:
        tags = ID3()
        tags.add(TIT2(encoding=1, text=["题"]))
        tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=b"TAG" + bytes(300)))
        tags.add(COMM(encoding=0, lang="deu", desc="d", text=["left alone"]))
        tags.add(TXXX(encoding=0, desc="other", text=["x"]))
        tags.save(source, v2_version=version)
    target = label(source, tmp_path)
    new = ID3(target, translate=False)
    assert new.version == (2, version or 3, 0)
    assert new.getall("TXXX:AIGC")[0].text == [BLOCK]
    assert target.read_bytes()[new.size :] == bare_sound(sound)
    if version:
        assert other_frames(target) == other_frames(source)


def frame(name: bytes, data: bytes, *, version: int = 3, flags: bytes = b"\0\0") -> bytes:
    if version == 2:
        return name + len(data).to_bytes(3, "big") + data
    size = spread(len(data)) if version == 4 else len(data).to_bytes(4, "big")
    return name + size + flags + data


def spread(size: int) -> bytes:
    return bytes(size >> bits & 127 for bits in (21, 14, 7, 0))


def tag(version: int, body: bytes, flags: int = 0) -> bytes:
    return b"ID3" + bytes((version, 0, flags)) + spread(len(body)) + body


TITLE = {version: frame(b"TT2" if version == 2 else b"TIT2", b"\0Name", version=version)
         for version in (2, 3, 4)}  # fmt: skip
CHAPTER = frame(b"CHAP", b"c1\0" + bytes(16) + frame(b"TIT2", b"\0One"))
PICTURE = b"\0image/png\0\3\0" + bytes(287)
ODD = {
    "two of one name": (3, frame(b"COMM", b"\0eng\0one") + frame(b"COMM", b"\0eng\0two")),
    "two titles": (3, TITLE[3] + frame(b"TIT2", b"\0Other")),
    "twice the same": (3, frame(b"PRIV", b"own\0data") * 2),
    "unknown": (3, frame(b"XABC", b"secret")),
    "unknown in 2.2": (2, TITLE[2] + frame(b"XAB", b"secret", version=2)),
    "flags": (3, frame(b"TIT2", b"\0Name", flags=b"\xe0\0")),
    "packed": (4, frame(b"TIT2", spread(6) + zlib.compress(b"\0Title"), version=4,
                        flags=b"\0\x09")),
    "empty": (3, frame(b"TIT2", b"") + frame(b"TPE1", b"\0P")),
    "wrong coding": (3, frame(b"TIT2", b"\x09T")),
    "GBK": (3, frame(b"TIT2", b"\0" + "标题".encode("gbk"))),
    "UTF-8 before its time": (3, frame(b"TIT2", b"\3" + "标题".encode())),
    "chapters": (3, CHAPTER + frame(b"CTOC", b"toc\0\3\1c1\0")),
    "not sorted": (3, frame(b"TSSE", b"\0x") + frame(b"TALB", b"\0a") + TITLE[3]),
    "name of 2.2": (3, frame(b"TT2\0", b"\0Name") + TITLE[3]),
    "length as iTunes writes it": (4, b"APIC" + (300).to_bytes(4, "big") + bytes(2) + PICTURE
                                   + TITLE[4]),
    "date of 2.3": (3, frame(b"TYER", b"\x002020") + frame(b"RVAD", b"\0\x10" + bytes(4))),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_other_frame_stays_byte_for_byte(sound: Path, tmp_path: Path, name: str) -> None:
    version, body = ODD[name]
    source = tmp_path / "odd.mp3"
    source.write_bytes(tag(version, body) + bare_sound(sound))
    data = label(source, tmp_path).read_bytes()
    ours = b"\0AIGC\0" + BLOCK.encode()
    sizes = 3 if "iTunes" in name else version  # of one kind in one tag
    ours = frame(b"TXX" if version == 2 else b"TXXX", ours, version=sizes)
    assert data[10:].startswith(body + ours + bytes(1024))
    assert data[3:6] == bytes((version, 0, 0))
    assert data.endswith(bare_sound(sound))
    assert ID3(tmp_path / "new.mp3").getall("TXXX")[0].text == [BLOCK]


@needs_ffprobe
@pytest.mark.parametrize("version", [2, 3, 4])
def test_ffprobe_reads_the_block_in_every_version(
    sound: Path, tmp_path: Path, version: int
) -> None:
    source = tmp_path / "versions.mp3"
    source.write_bytes(tag(version, TITLE[version]) + bare_sound(sound))
    found = probe(label(source, tmp_path))["format"]["tags"]
    assert (found["AIGC"], found["title"]) == (BLOCK, "Name")


def test_zeros_behind_the_frames_are_used_up_before_the_tag_gets_longer(
    sound: Path, tmp_path: Path
) -> None:
    source = tmp_path / "padded.mp3"
    source.write_bytes(tag(3, TITLE[3] + bytes(2_000)) + bare_sound(sound))
    target = label(source, tmp_path)
    assert target.stat().st_size == source.stat().st_size
    assert label(target, tmp_path, "x" * 1_900, "long").stat().st_size == source.stat().st_size


@pytest.mark.parametrize(
    ("flags", "version", "before", "behind"),
    [
        (0x40, 3, (6).to_bytes(4, "big") + bytes(6), b""),
        (0x40, 4, spread(6) + b"\1\0", b""),
        (0x40, 3, b"", b""),  # announced and not there
        (0x10, 4, b"", b"3DI"),
    ],
)
def test_extended_header_and_footer_stay(
    sound: Path, tmp_path: Path, flags: int, version: int, before: bytes, behind: bytes
) -> None:
    source = tmp_path / "extended.mp3"
    head = tag(version, before + TITLE[version], flags)
    source.write_bytes(head + (behind and behind + head[3:10]) + bare_sound(sound))
    data = label(source, tmp_path).read_bytes()
    assert data[10:].startswith(before + TITLE[version])
    if behind:
        end = len(data) - len(bare_sound(sound))
        assert data[end - 10 : end] == behind + data[3:10]


def test_bytes_that_were_kept_from_looking_like_sound_are_read(sound: Path, tmp_path: Path) -> None:
    plain = frame(b"APIC", b"\0image/png\0\3\0\xff\xe0\xff\0") + frame(b"TIT2", b"\0Name")
    source = tmp_path / "kept.mp3"
    source.write_bytes(tag(3, plain.replace(b"\xff", b"\xff\0"), 0x80) + bare_sound(sound))
    assert label(source, tmp_path).read_bytes()[10:].startswith(plain)
    source.write_bytes(tag(3, plain, 0x80) + bare_sound(sound))  # said and not done
    assert label(source, tmp_path).read_bytes()[10:].startswith(plain)


def test_block_in_xmp_is_read_and_taken_out(sound: Path, tmp_path: Path) -> None:
    source = tmp_path / "xmp.mp3"
    other = frame(b"PRIV", b"XMP\0" + UNLABELLED)
    source.write_bytes(
        tag(3, frame(b"PRIV", b"XMP\0" + LABELLED.encode()) + other) + bare_sound(sound)
    )
    assert MP3.read(source) == [Place(OTHER, "ID3v2 PRIV XMP TC260:AIGC")]
    data = label(source, tmp_path).read_bytes()
    assert OTHER_PRODUCER not in data
    assert other in data


def test_tags_at_the_end_stay_as_they_are(sound: Path, tmp_path: Path) -> None:
    end = b"TAG" + b"Old title".ljust(30, b"\0") + bytes(94) + b"\xff"
    source = tmp_path / "end.mp3"
    source.write_bytes(sound.read_bytes() + end)
    assert ParseID3v1(end) is not None
    assert label(source, tmp_path).read_bytes()[-128:] == end


def test_block_that_stands_twice_is_read_twice_and_written_once(
    sound: Path, tmp_path: Path
) -> None:
    frame = b"TXXX" + (len(OTHER) + 6).to_bytes(4, "big") + b"\0\0\0AIGC\0" + OTHER.encode()
    body = frame + frame
    head = b"ID3\3\0\0" + bytes([0, 0, len(body) >> 7, len(body) & 127])
    source = tmp_path / "twice.mp3"
    source.write_bytes(head + body + head + body + bare_sound(sound))
    assert texts(MP3, source) == [OTHER] * 4  # twice in each of two tags
    target = label(source, tmp_path)
    assert OTHER.encode() not in target.read_bytes()
    assert target.read_bytes().endswith(bare_sound(sound))


def test_description_in_small_letters_is_read_and_replaced(sound: Path, tmp_path: Path) -> None:
    source = tmp_path / "small.mp3"
    shutil.copy(sound, source)
    tags = ID3(source)
    tags.add(TXXX(encoding=3, desc="aigc", text=[OTHER]))
    tags.save(source)
    assert texts(MP3, source) == [OTHER]
    assert "TXXX:aigc" not in ID3(label(source, tmp_path))


@needs_ffprobe
@needs_exiftool
def test_ffprobe_and_exiftool_read_the_block_and_all_else_as_before(
    sound: Path, tmp_path: Path
) -> None:
    target = label(sound, tmp_path)
    now, before = probe(target), probe(sound)
    assert now["format"]["tags"].pop("AIGC") == BLOCK
    assert now == before
    assert now["format"]["tags"]["title"] == TAGS["title"]
    said, old = exiftool(target), exiftool(sound)
    assert said.pop("ID3v2_4:Aigc") == BLOCK
    for each in (said, old):
        del each["File:ID3Size"]
    assert said == old
    assert MP3.read(target) == [Place(BLOCK, PLACE)]
    assert frames(target) == frames(sound)


@given(block=blocks)
@settings(max_examples=scaled(25))
def test_any_block_is_there_once_and_twice_is_the_same_as_once(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, block: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    once = label(sound, folder, block)
    assert label(once, folder, block, "twice").read_bytes() == once.read_bytes()
    assert texts(MP3, label(once, folder, OTHER, "other")) == [OTHER]
    assert once.read_bytes().endswith(bare_sound(sound))
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:30], "ends inside its ID3v2 tag"),
        (lambda data: b"no sound", "MPEG sound"),
        (lambda data: b"", "MPEG sound"),
        (lambda data: data[:6] + b"\xff\xff\xff\xff" + data[10:], "right length"),
        (lambda data: tag(2, b"packed", 0x40) + data, "compressed ID3v2.2 tag"),
        (lambda data: tag(3, b"\x7f\0\0\0", 0x40) + data, "extended header is longer"),
        (lambda data: tag(3, frame(b"PRIV", b"XMP\0<AIGC")) + data, "not well-formed XML"),
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    sound: Path, tmp_path: Path, change: Callable[[bytes], bytes], says: str
) -> None:
    source = tmp_path / "broken.mp3"
    source.write_bytes(change(sound.read_bytes()))
    assert says in refusal(MP3, source)


def test_tag_without_sound_is_refused(sound: Path, tmp_path: Path) -> None:
    source = tmp_path / "silent.mp3"
    source.write_bytes(sound.read_bytes()[: ID3(sound).size] + b"text" * 50)
    with pytest.raises(FileError, match="no MPEG sound"):
        MP3.write(source, tmp_path / "new.mp3", BLOCK)


def test_signed_sound_is_refused_since_a_label_breaks_the_signature(
    sound: Path, tmp_path: Path
) -> None:
    source = tmp_path / "signed.mp3"
    shutil.copy(sound, source)
    tags = ID3(source)
    tags.add(GEOB(encoding=0, mime="application/x-c2pa-manifest-store", desc="c2pa", data=b"x"))
    tags.save(source)
    with pytest.raises(FileError, match="label the file first"):
        MP3.write(source, tmp_path / "new.mp3", BLOCK)


def test_kind_is_known_by_the_head(sound: Path) -> None:
    assert MP3.fits(sound.read_bytes()[:4096])
    assert MP3.fits(bare_sound(sound)[:4096])
    assert not MP3.fits(b"\xff\xf1\x50\x80")  # AAC
    assert not MP3.fits(b"\xff\xfea\0b\0")  # UTF-16
    assert not MP3.fits(b"\xff\xd8\xff\xe0")  # JPEG
    assert not MP3.fits(b"")
    assert not MP3.fits(b"ID3 tags are read by many programs.")


@given(seed=st.integers(0, 1 << 30))
@settings(max_examples=6)
def test_broken_files_give_file_errors_only(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    source = label(sound, tmp_path_factory.mktemp("fuzz"), OTHER)
    check_broken_versions(MP3, source, 60, seed)
    shutil.rmtree(source.parent)
