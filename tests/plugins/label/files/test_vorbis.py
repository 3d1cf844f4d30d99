"""A label in FLAC or Ogg is one comment; sound and everything else of the file stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC, Picture
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, only_file_errors, texts
from tests.plugins.label.files.media_files import (
    broken_versions,
    exiftool,
    ffmpeg,
    frames,
    make_sound,
    needs_exiftool,
    needs_ffmpeg,
    needs_ffprobe,
    packets,
    probe,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._vorbis import VORBIS

PLACE = "Vorbis comment AIGC"
FILES = ["a.flac", "a.opus", "a.ogg", "a.oga"]
Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("vorbis")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists() and name in ("a.flac", "a.opus"):
            make_sound(path, "flac" if name == "a.flac" else "libopus")
        elif not path.exists():  # PyAV has no encoder of Vorbis
            if shutil.which("ffmpeg") is None:
                pytest.skip("no ffmpeg here")
            codec = "libvorbis" if name == "a.ogg" else "flac"
            source = str(make("a.flac"))
            ffmpeg("-i", source, "-c:a", codec, "-f", "ogg", str(path))
        return path

    return make


def label(source: Path, folder: Path, block: str = BLOCK, name: str = "new") -> Path:
    target = folder / f"{name}{source.suffix}"
    assert VORBIS.write(source, target, block) == PLACE
    assert VORBIS.read(target) == [Place(block, PLACE)]
    return target


def comments(path: Path) -> list[tuple[str, str]]:
    file: Any = mutagen.File(path)
    return [(key, value) for key, value in list.__iter__(file.tags) if key.upper() != "AIGC"]


@pytest.mark.parametrize("name", FILES)
def test_sound_and_other_comments_stay(made: Made, name: str, tmp_path: Path) -> None:
    source = made(name)
    before = source.read_bytes()
    target = label(source, tmp_path)
    assert frames(target) == frames(source)
    assert packets(target) == packets(source)
    assert comments(target) == comments(source)
    assert mutagen.File(target).tags.vendor == mutagen.File(source).tags.vendor  # type: ignore[union-attr]
    assert source.read_bytes() == before


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
@settings(max_examples=25)
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


def test_joined_files_are_read_as_a_whole_and_not_written(made: Made, tmp_path: Path) -> None:
    first = label(made("a.opus"), tmp_path, BLOCK, "first")
    second = label(made("a.opus"), tmp_path, OTHER, "second")
    joined = tmp_path / "joined.opus"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    assert texts(VORBIS, joined) == [BLOCK, OTHER]
    with pytest.raises(FileError, match="2 Ogg files joined"):
        VORBIS.write(joined, tmp_path / "new.opus", BLOCK)
    assert not (tmp_path / "new.opus").exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a.flac", lambda data: data[:30]),
        ("a.flac", lambda data: b""),
        ("a.flac", lambda data: b"not FLAC at all"),
        ("a.opus", lambda data: data[:-20]),
        ("a.opus", lambda data: data.replace(b"OpusHead", b"Unknown!")),
        ("a.opus", lambda data: data.replace(b"OpusTags", b"Unknown!")),
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    made: Made, tmp_path: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    source = tmp_path / name
    source.write_bytes(change(made(name).read_bytes()))
    for act in (VORBIS.read, lambda path: VORBIS.write(path, tmp_path / "new", BLOCK)):
        with pytest.raises(FileError) as caught:
            act(source)
        assert name in str(caught.value)
    assert not (tmp_path / "new").exists()


@needs_ffmpeg
def test_kind_is_known_by_the_head(made: Made) -> None:
    assert all(VORBIS.fits(made(name).read_bytes()[:4096]) for name in FILES)
    assert not VORBIS.fits(b"ID3")


@given(seed=st.integers(0, 1 << 30), name=st.sampled_from(["a.flac", "a.opus"]))
@settings(max_examples=8)
def test_broken_files_give_file_errors_only(
    made: Made, tmp_path_factory: pytest.TempPathFactory, seed: int, name: str
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    labelled = label(made(name), folder, OTHER, "labelled")
    only_file_errors(VORBIS, folder, broken_versions(labelled.read_bytes(), 50, seed))
    shutil.rmtree(folder)
