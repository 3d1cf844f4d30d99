"""A label in an MP3 is one text frame; sound, other frames and tags at the end stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import APIC, COMM, GEOB, ID3, TIT2, TXXX, ParseID3v1
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, only_file_errors, texts
from tests.plugins.label.files.media_files import (
    TAGS,
    broken_versions,
    exiftool,
    frames,
    make_sound,
    needs_exiftool,
    needs_ffprobe,
    probe,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._mp3 import MP3

PLACE = "ID3v2 TXXX:AIGC"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MP3 as ffmpeg writes it, with ID3v2.4."""
    return make_sound(tmp_path_factory.mktemp("mp3") / "sound.mp3", "libmp3lame")


def label(source: Path, folder: Path, block: str = BLOCK, name: str = "new") -> Path:
    target = folder / f"{name}.mp3"
    assert MP3.write(source, target, block) == PLACE
    assert MP3.read(target) == [Place(block, PLACE)]
    return target


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


def test_frames_of_the_first_version_are_taken_over(sound: Path, tmp_path: Path) -> None:
    title = b"TT2\0\0\x05\0Name"[:6] + b"\0Name"
    head = b"ID3\2\0\0\0\0\0" + bytes([len(title)])
    source = tmp_path / "old.mp3"
    source.write_bytes(head + title + bare_sound(sound))
    tags = ID3(label(source, tmp_path))
    assert tags["TIT2"].text == ["Name"]


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
    assert frames(target) == frames(sound)


@given(block=blocks)
@settings(max_examples=25)
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
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    sound: Path, tmp_path: Path, change: Callable[[bytes], bytes], says: str
) -> None:
    source = tmp_path / "broken.mp3"
    source.write_bytes(change(sound.read_bytes()))
    for act in (MP3.read, lambda path: MP3.write(path, tmp_path / "new.mp3", BLOCK)):
        with pytest.raises(FileError, match=says) as caught:
            act(source)
        assert "broken.mp3" in str(caught.value)
    assert not (tmp_path / "new.mp3").exists()


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


@given(seed=st.integers(0, 1 << 30))
@settings(max_examples=6)
def test_broken_files_give_file_errors_only(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    labelled = label(sound, folder, OTHER, "labelled")
    only_file_errors(MP3, folder, broken_versions(labelled.read_bytes(), 60, seed))
    shutil.rmtree(folder)
