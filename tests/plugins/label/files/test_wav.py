"""A label in a WAV is one chunk; sound and other chunks stay, in files of every size."""

from __future__ import annotations

import re
import shutil
import tracemalloc
import wave
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3, TXXX
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, texts
from tests.plugins.label.files.image_files import LABELLED, UNLABELLED
from tests.plugins.label.files.media_files import (
    TAGS,
    check_broken_versions,
    ffmpeg,
    frames,
    labelled,
    make_sound,
    needs_ffmpeg,
    needs_ffprobe,
    probe,
    refusal,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._riff import chunk
from chopmark_label._files._wav import WAV

FORMAT = bytes.fromhex("0100 0100 401f0000 803e0000 0200 1000")
SAMPLES = bytes(range(200))


def riff(*chunks: bytes, form: bytes = b"RIFF", size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return form + (len(body) if size is None else size).to_bytes(4, "little") + body


def ds64(data: int, more: int) -> bytes:
    sizes = (4 + 36 + 24 + 8 + data + more, data, data // 2)
    return chunk(b"ds64", b"".join(n.to_bytes(8, "little") for n in sizes) + bytes(4))


PLAIN = riff(chunk(b"fmt ", FORMAT), chunk(b"data", SAMPLES))
RF64 = riff(
    ds64(len(SAMPLES), 0),
    chunk(b"fmt ", FORMAT),
    b"data\xff\xff\xff\xff" + SAMPLES,
    form=b"RF64",
    size=0xFFFFFFFF,
)
BW64 = b"BW64" + RF64[4:]
SOX_PIPED = riff(
    chunk(b"fmt ", FORMAT), b"data" + (0x7FFFF000).to_bytes(4, "little") + SAMPLES, size=0x7FFFF024
)
PIPED = riff(chunk(b"fmt ", FORMAT), b"data\xff\xff\xff\xff" + SAMPLES, size=0xFFFFFFFF)


label = partial(labelled, WAV)


def put(folder: Path, data: bytes, name: str = "source.wav") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("block", [BLOCK, BLOCK + " "])
def test_chunk_is_the_last_and_padded_to_an_even_length(tmp_path: Path, block: str) -> None:
    data = label(put(tmp_path, PLAIN), tmp_path, block).read_bytes()
    padding = bytes(len(block) % 2)
    size = len(block).to_bytes(4, "little")
    assert data[12:] == PLAIN[12:] + b"AIGC" + size + block.encode() + padding
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    with wave.open(BytesIO(data)) as file:  # the standard library reads it as before
        assert file.readframes(1000) == SAMPLES


def test_missing_padding_at_the_end_is_added_before_the_chunk(tmp_path: Path) -> None:
    odd = riff(chunk(b"fmt ", FORMAT), b"data" + (3).to_bytes(4, "little") + b"abc")
    data = label(put(tmp_path, odd), tmp_path).read_bytes()
    assert data[12:].startswith(odd[12:] + b"\0AIGC")


@pytest.mark.parametrize(
    ("data", "form"),
    [(PLAIN, "RIFF"), (RF64, "RF64"), (BW64, "BW64"), (PIPED, "RIFF"), (SOX_PIPED, "RIFF")],
)
def test_every_form_keeps_its_sound_and_is_named(tmp_path: Path, data: bytes, form: str) -> None:
    source = put(tmp_path, data)
    target = label(source, tmp_path)
    assert WAV.read(target)[0].where == f"{form} chunk AIGC"
    assert frames(target) == frames(source)


@pytest.mark.parametrize("piped", [PIPED, SOX_PIPED])
def test_sound_from_a_pipe_gets_its_chunk_before_the_sound(tmp_path: Path, piped: bytes) -> None:
    data = label(put(tmp_path, piped), tmp_path).read_bytes()
    assert data.endswith(piped[36:])
    assert data[:8] == piped[:8]


@needs_ffmpeg
def test_rf64_of_ffmpeg_is_labelled(tmp_path: Path) -> None:
    plain = make_sound(tmp_path / "plain.wav", "pcm_s16le")
    ffmpeg("-i", str(plain), "-c", "copy", "-rf64", "always", str(tmp_path / "rf64.wav"))
    target = label(tmp_path / "rf64.wav", tmp_path)
    assert frames(target) == frames(plain)
    assert WAV.read(target)[0].where == "RF64 chunk AIGC"


def test_block_in_xmp_is_read_and_taken_out(tmp_path: Path) -> None:
    packet = chunk(b"_PMX", LABELLED.encode())
    other = chunk(b"_PMX", UNLABELLED)
    source = put(tmp_path, riff(chunk(b"fmt ", FORMAT), packet, other, chunk(b"data", SAMPLES)))
    assert WAV.read(source) == [Place(OTHER, "RIFF chunk _PMX XMP TC260:AIGC")]
    data = label(source, tmp_path).read_bytes()
    assert OTHER.encode() not in data.replace(b"&quot;", b'"')
    assert other in data
    assert chunk(b"data", SAMPLES) in data


def test_blocks_in_other_places_are_read_and_replaced(tmp_path: Path) -> None:
    tag = BytesIO()
    tags = ID3()
    tags.add(TXXX(encoding=0, desc="AIGC", text=[OTHER]))
    tags.add(TXXX(encoding=0, desc="other", text=["left"]))
    tags.save(tag)
    name = chunk(b"INAM", b"Name\0")
    listed = chunk(b"LIST", b"INFO" + name + chunk(b"AIGC", OTHER.encode() + b"\0"))
    parts = [chunk(b"fmt ", FORMAT), chunk(b"AIGC", OTHER.encode()), listed]
    parts += [chunk(b"data", SAMPLES), chunk(b"id3 ", tag.getvalue()), chunk(b"AIGC", b"{}")]
    source = put(tmp_path, riff(*parts))
    assert WAV.read(source) == [
        Place(OTHER, "RIFF chunk AIGC"),
        Place(OTHER, "RIFF LIST INFO AIGC"),
        Place(OTHER, "RIFF chunk id3 TXXX:AIGC"),
        Place("{}", "RIFF chunk AIGC"),
    ]
    data = label(source, tmp_path).read_bytes()
    assert OTHER.encode() not in data
    assert chunk(b"LIST", b"INFO" + name) in data
    assert chunk(b"data", SAMPLES) in data
    assert b"left" in data


@needs_ffprobe
def test_ffprobe_reads_all_else_as_before(tmp_path: Path) -> None:
    source = make_sound(tmp_path / "source.wav", "pcm_s24le")
    target = label(source, tmp_path)
    assert probe(target) == probe(source)
    assert probe(target)["format"]["tags"]["artist"] == TAGS["artist"]
    assert frames(target) == frames(source)


@given(block=blocks, data=st.sampled_from([PLAIN, RF64, PIPED]))
@settings(max_examples=scaled(60))
def test_any_block_is_there_once_and_twice_is_the_same_as_once(
    tmp_path_factory: pytest.TempPathFactory, block: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    once = label(put(folder, data), folder, block)
    assert label(once, folder, block, "twice").read_bytes() == once.read_bytes()
    assert SAMPLES in once.read_bytes()
    assert texts(WAV, label(once, folder, OTHER, "other")) == [OTHER]
    shutil.rmtree(folder)


def test_sound_of_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    size = 1 << 30
    source = tmp_path / "large.wav"
    with source.open("wb") as file:
        head = riff(ds64(size, 0), chunk(b"fmt ", FORMAT), form=b"RF64", size=0xFFFFFFFF)
        file.write(head + b"data\xff\xff\xff\xff")
        file.truncate(file.tell() + size)
    tracemalloc.start()
    target = label(source, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert target.stat().st_size == source.stat().st_size + len(chunk(b"AIGC", BLOCK.encode()))
    assert target.stat().st_blocks * 512 < 64 << 20


def test_file_that_gets_too_long_for_riff_is_named_with_the_cure(tmp_path: Path) -> None:
    size = (1 << 32) - 60
    source = tmp_path / "full.wav"
    with source.open("wb") as file:
        file.write(riff(chunk(b"fmt ", FORMAT), size=size + 36))
        file.write(b"data" + size.to_bytes(4, "little"))
        file.truncate(file.tell() + size)
    with pytest.raises(FileError, match="RF64"):
        WAV.write(source, tmp_path / "new.wav", BLOCK)
    assert not (tmp_path / "new.wav").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "as a WAV file does"),
        (b"RIFF\0\0\0\0AVI LIST", "as a WAV file does"),
        (PLAIN[:-50], "ends inside its 'data' chunk"),
        (PLAIN[:30], "ends inside its 'fmt ' chunk"),
        (RF64[:-50], "ends inside its 'data' chunk"),
        (riff(chunk(b"data", b""), chunk(b"LIST", b"INFOICMT\xff\0\0\0x")), "'LIST' chunk"),
        (riff(chunk(b"ds64", b"short"), form=b"RF64"), "'ds64'"),
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    tmp_path: Path, data: bytes, says: str
) -> None:
    source = put(tmp_path, data, "broken.wav")
    assert re.search(says, refusal(WAV, source))


def test_signed_sound_is_refused_since_a_label_breaks_the_signature(tmp_path: Path) -> None:
    source = put(tmp_path, riff(chunk(b"fmt ", FORMAT), chunk(b"data", b""), chunk(b"C2PA", b"x")))
    with pytest.raises(FileError, match="label the file first"):
        WAV.write(source, tmp_path / "new.wav", BLOCK)


def test_kind_is_known_by_the_head() -> None:
    assert all(WAV.fits(data) for data in (PLAIN, RF64, PIPED))
    assert not WAV.fits(b"RIFF\0\0\0\0WEBP")


@given(seed=st.integers(0, 1 << 30), data=st.sampled_from([PLAIN, RF64, PIPED]))
@settings(max_examples=10)
def test_broken_files_give_file_errors_only(
    tmp_path_factory: pytest.TempPathFactory, seed: int, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    check_broken_versions(WAV, label(put(folder, data), folder, OTHER), 60, seed)
    shutil.rmtree(folder)
