"""A label in FLAC or Ogg is one comment; sound and everything else of the file stay."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, TIT2, TXXX
from mutagen.ogg import OggPage
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, texts
from tests.plugins.label.files.media_files import (
    Made,
    check_broken_versions,
    each_once,
    exiftool,
    ffmpeg,
    frames,
    labelled,
    make_sound,
    needs_exiftool,
    needs_ffmpeg,
    needs_ffprobe,
    packets,
    probe,
    refusal,
)

from chopmark_label._files._format import Place
from chopmark_label._files._vorbis import VORBIS

PLACE = "Vorbis comment AIGC"
FILES = ["a.flac", "a.opus", "a.ogg", "a.oga"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    def make(path: Path) -> Path:
        if path.name in ("a.flac", "a.opus"):
            return make_sound(path, "flac" if path.name == "a.flac" else "libopus")
        if shutil.which("ffmpeg") is None:  # PyAV has no encoder of Vorbis
            pytest.skip("no ffmpeg here")
        codec = "libvorbis" if path.name == "a.ogg" else "flac"
        ffmpeg("-i", str(files("a.flac")), "-c:a", codec, "-f", "ogg", str(path))
        return path

    files = each_once(make, tmp_path_factory.mktemp("vorbis"))
    return files


label = partial(labelled, VORBIS)


def comments(path: Path) -> list[tuple[str, str]]:
    file: Any = mutagen.File(path)
    return [(key, value) for key, value in list.__iter__(file.tags) if key.upper() != "AIGC"]


@pytest.mark.parametrize("name", FILES)
def test_sound_and_other_comments_stay(made: Made, name: str, tmp_path: Path) -> None:
    source = made(name)
    target = label(source, tmp_path)
    assert VORBIS.read(target) == [Place(BLOCK, PLACE)]
    assert frames(target) == frames(source)
    assert packets(target) == packets(source)
    assert comments(target) == comments(source)
    assert mutagen.File(target).tags.vendor == mutagen.File(source).tags.vendor  # type: ignore[union-attr]


@needs_ffprobe
@needs_exiftool
@pytest.mark.parametrize("name", FILES)
def test_ffprobe_and_exiftool_read_the_block_and_all_else_as_before(
    made: Made, name: str, tmp_path: Path
) -> None:
    source = made(name)
    target = label(source, tmp_path)
    now, before = probe(target), probe(source)
    of = now["format"] if name.endswith("flac") else now["streams"][0]
    assert of["tags"].pop("AIGC") == BLOCK
    if "tags" not in before["format"] and not now["format"].get("tags"):
        now["format"].pop("tags", None)
    assert now == before
    if name != "a.oga":  # exiftool does not look for comments in FLAC within Ogg
        assert exiftool(target)["Vorbis:Aigc"] == BLOCK


def test_pictures_cue_sheet_seek_table_and_foreign_blocks_of_flac_stay(
    made: Made, tmp_path: Path
) -> None:
    picture = Picture()
    picture.data, picture.mime, picture.type = b"\x89PNG" * 100, "image/png", 3
    source = tmp_path / "rich.flac"
    shutil.copy(made("a.flac"), source)
    file = FLAC(source)
    file.add_picture(picture)
    file.save()
    data = source.read_bytes()
    foreign = b"\x02" + (12).to_bytes(3, "big") + b"testFOREIGN!"
    seek = b"\x03" + (18).to_bytes(3, "big") + bytes(16) + b"\x10\x00"
    source.write_bytes(data[:42] + foreign + seek + data[42:])
    target = label(source, tmp_path)
    assert foreign in target.read_bytes()
    assert seek in target.read_bytes()
    assert FLAC(target).pictures[0].data == picture.data
    assert packets(target) == packets(source)


@given(block=blocks, name=st.sampled_from(["a.flac", "a.opus"]))
@settings(max_examples=scaled(25))
def test_any_block_is_there_once_and_twice_is_the_same_as_once(
    made: Made, tmp_path_factory: pytest.TempPathFactory, block: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    once = label(made(name), folder, block)
    assert label(once, folder, block, "twice").read_bytes() == once.read_bytes()
    assert texts(VORBIS, label(once, folder, OTHER, "other")) == [OTHER]
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["a.flac", "a.opus"])
def test_comment_that_stands_twice_is_read_twice_and_written_once(
    made: Made, name: str, tmp_path: Path
) -> None:
    source = tmp_path / name
    shutil.copy(made(name), source)
    file: Any = mutagen.File(source)
    file.tags["aigc"] = [OTHER, OTHER]  # names of comments know no capital letters
    file.save()
    assert texts(VORBIS, source) == [OTHER, OTHER]
    assert comments(label(source, tmp_path)) == comments(source)


def numbers(data: bytes) -> list[tuple[int, int]]:
    """Return the serial and the running number of every page of Ogg."""
    found, at = [], 0
    while data[at : at + 4] == b"OggS":
        found.append(tuple(int.from_bytes(data[at + i : at + i + 4], "little") for i in (14, 18)))
        size = data[at + 26]
        at += 27 + size + sum(data[at + 27 : at + 27 + size])
    return found


def test_joined_files_are_labelled_in_the_first_and_nowhere_else(
    made: Made, tmp_path: Path
) -> None:
    first = label(made("a.opus"), tmp_path, "x" * 30_000, "first")  # on several pages
    second = label(made("a.opus"), tmp_path, OTHER, "second")
    joined = tmp_path / "joined.opus"
    joined.write_bytes(first.read_bytes() + second.read_bytes() + b"no page")
    assert texts(VORBIS, joined) == ["x" * 30_000, OTHER]
    target = label(joined, tmp_path)
    alone = label(made("a.opus"), tmp_path, BLOCK, "alone").read_bytes()
    assert target.read_bytes().startswith(alone)  # though both have one serial number
    assert target.read_bytes().endswith(b"no page")
    assert frames(target) == frames(joined)
    rest = tmp_path / "rest.opus"
    rest.write_bytes(target.read_bytes()[len(alone) :])
    assert texts(VORBIS, rest) == []
    assert numbers(rest.read_bytes()) == numbers(made("a.opus").read_bytes())


@pytest.mark.parametrize("name", FILES)
def test_comments_that_are_no_text_stay_byte_for_byte(
    made: Made, name: str, tmp_path: Path
) -> None:
    """GBK is what many programs in China wrote; names and values may be missing as well."""
    odd = ["TITLE=标题".encode("gbk"), b"no value", b"ART\xc3=x", b"=", b"", b"TITLE=two"]
    source = tmp_path / name
    shutil.copy(made(name), source)
    put_comments(source, odd)
    target = label(source, tmp_path)
    for entry in odd:
        assert len(entry).to_bytes(4, "little") + entry in target.read_bytes()
    assert packets(target) == packets(source)
    assert texts(VORBIS, label(target, tmp_path, OTHER, "again")) == [OTHER]


def put_comments(path: Path, entries: list[bytes]) -> None:
    """Write `entries`, which need not be text, in the place of the comments that mutagen wrote."""
    new = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    file: Any = mutagen.File(path)
    file.tags.clear()
    file.tags["filling"] = "x" * (len(new) - 12 - 4 * (len(entries) - 1) + 4 * len(entries))
    file.save()
    data = path.read_bytes()
    at = data.index(b"filling=") - 4
    size = 4 + int.from_bytes(data[at : at + 4], "little")
    padded = new + (size - len(new) - 4).to_bytes(4, "little") + b"x" * (size - len(new) - 4)
    changed = data[: at - 4] + (len(entries) + 1).to_bytes(4, "little") + padded + data[at + size :]
    path.write_bytes(checked(changed) if data[:4] == b"OggS" else changed)


def checked(data: bytes) -> bytes:
    """Return pages of Ogg with right check sums."""
    out, file = BytesIO(), BytesIO(data)
    while file.tell() < len(data):
        out.write(OggPage(file).write())
    return out.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_comments_of_many_pages_are_written_and_read(made: Made, name: str, tmp_path: Path) -> None:
    source = tmp_path / name
    shutil.copy(made(name), source)
    file: Any = mutagen.File(source)
    file.tags["METADATA_BLOCK_PICTURE"] = "A" * 300_000
    file.save()
    target = label(source, tmp_path)
    assert packets(target) == packets(source)
    assert mutagen.File(target).tags["METADATA_BLOCK_PICTURE"] == ["A" * 300_000]  # type: ignore[index]
    small = label(made(name), tmp_path, "x" * 200_000, "large")
    assert packets(label(small, tmp_path, BLOCK, "small")) == packets(made(name))


def test_flac_without_comments_gets_some(made: Made, tmp_path: Path) -> None:
    data = made("a.flac").read_bytes()
    sound = data[audio_at(data) :]
    source = tmp_path / "bare.flac"
    source.write_bytes(b"fLaC" + bytes((data[4] | 0x80,)) + data[5:42] + sound)
    target = label(source, tmp_path)
    assert frames(target) == frames(source)
    assert target.read_bytes().startswith(data[:42])  # now another block follows


def audio_at(data: bytes) -> int:
    at, is_last = 4, False
    while not is_last:
        is_last = data[at] > 127
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    return at


def test_second_block_of_comments_in_flac_holds_none_afterwards(made: Made, tmp_path: Path) -> None:
    first = label(made("a.flac"), tmp_path, OTHER, "first").read_bytes()
    at = 42
    size = 4 + int.from_bytes(first[at + 1 : at + 4], "big")
    assert first[at] & 127 == 4
    source = tmp_path / "two.flac"
    source.write_bytes(first[:at] + bytes((4,)) + first[at + 1 : at + size] + first[at:])
    assert texts(VORBIS, source) == [OTHER, OTHER]
    target = label(source, tmp_path)
    assert OTHER.encode() not in target.read_bytes()


def test_flac_behind_a_tag_of_mp3_is_labelled_in_its_comments_only(
    made: Made, tmp_path: Path
) -> None:
    source = tmp_path / "tagged.flac"
    tags = ID3()
    tags.add(TXXX(encoding=0, desc="AIGC", text=[OTHER]))
    tags.add(TIT2(encoding=1, text=["题"]))
    shutil.copy(made("a.flac"), source)
    tags.save(source)
    assert VORBIS.fits(source.read_bytes()[:4096])
    assert VORBIS.read(source) == [Place(OTHER, "ID3v2 TXXX:AIGC")]
    target = label(source, tmp_path)
    assert ID3(target).getall("TIT2")[0].text == ["题"]
    assert packets(target) == packets(source)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("a.flac", lambda data: data[:30], "not FLAC's|no FLAC sound"),
        ("a.flac", lambda data: data[: audio_at(data)], "no FLAC sound"),
        ("a.flac", lambda data: b"", "does not begin as FLAC does"),
        ("a.flac", lambda data: b"not FLAC at all", "does not begin as FLAC does"),
        ("a.flac", lambda data: data[:46] + b"\xff\xff" + data[48:], "is it complete"),
        ("a.opus", lambda data: data[:-20], "ends inside a page"),
        ("a.opus", lambda data: data.replace(b"OpusHead", b"Unknown!"), "without Vorbis, Opus"),
        ("a.opus", lambda data: data.replace(b"OpusTags", b"Unknown!"), "has no comments"),
        ("a.opus", lambda data: data[: data.index(b"OggS", 4)], "cannot be read"),
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    made: Made, tmp_path: Path, name: str, change: Callable[[bytes], bytes], says: str
) -> None:
    source = tmp_path / name
    source.write_bytes(change(made(name).read_bytes()))
    assert re.search(says, refusal(VORBIS, source))


@needs_ffmpeg
def test_kind_is_known_by_the_head(made: Made) -> None:
    assert all(VORBIS.fits(made(name).read_bytes()[:4096]) for name in FILES)
    assert not VORBIS.fits(b"ID3")


@given(seed=st.integers(0, 1 << 30), name=st.sampled_from(["a.flac", "a.opus"]))
@settings(max_examples=8)
def test_broken_files_give_file_errors_only(
    made: Made, tmp_path_factory: pytest.TempPathFactory, seed: int, name: str
) -> None:
    source = label(made(name), tmp_path_factory.mktemp("fuzz"), OTHER)
    check_broken_versions(VORBIS, source, 50, seed)
    shutil.rmtree(source.parent)
