"""A label in an MP4, MOV or M4A changes nothing that is seen or heard, and no other metadata."""

from __future__ import annotations

import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import BLOCK, OTHER, blocks, texts
from tests.plugins.label.files.image_files import LABELLED
from tests.plugins.label.files.media_files import (
    Made,
    check_broken_versions,
    each_once,
    exiftool,
    ffmpeg,
    frames,
    labelled,
    make_rich_video,
    make_sound,
    make_video,
    needs_exiftool,
    needs_ffmpeg,
    needs_ffprobe,
    packets,
    probe,
    refusal,
)

from chopmark_label._files._boxes import file_boxes, pack
from chopmark_label._files._errors import FileError
from chopmark_label._files._format import Place
from chopmark_label._files._mp4 import MP4
from chopmark_label._files._mp4_offsets import shift_fragment, shift_movie

PLACE = "moov.udta.meta.keys"
FLAGS = {
    "plain": "",
    "faststart": "faststart",
    "keys": "use_metadata_tags",
    "keys-faststart": "use_metadata_tags+faststart",
    "fragments": "frag_keyframe+empty_moov",
    "fragments-own-base": "frag_keyframe+empty_moov+default_base_moof",
    "segments": "dash",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    def make(path: Path) -> Path:
        if path.name == "rich":
            return make_rich_video(path.parent)
        if path.suffix == ".m4a":
            return make_sound(path, "aac", rate=44_100)
        return make_video(path, **{"movflags": FLAGS[path.stem]} if FLAGS[path.stem] else {})

    return each_once(make, tmp_path_factory.mktemp("mp4"))


FILES = [*(f"{name}.mp4" for name in FLAGS), "plain.mov", "faststart.mov", "keys.mov", "plain.m4a"]


label = partial(labelled, MP4)


@pytest.mark.parametrize("name", FILES)
def test_every_packet_and_frame_stays_as_it_was(made: Made, name: str, tmp_path: Path) -> None:
    source = made(name)
    target = label(source, tmp_path)
    assert MP4.read(target) == [Place(BLOCK, PLACE)]
    assert packets(target) == packets(source)
    assert frames(target) == frames(source)


@needs_ffprobe
@pytest.mark.parametrize("name", FILES)
def test_ffprobe_reads_the_block_and_all_else_as_before(
    made: Made, name: str, tmp_path: Path
) -> None:
    source = made(name)
    now, before = probe(label(source, tmp_path)), probe(source)
    assert now["format"]["tags"].pop("AIGC") == BLOCK
    assert now == before


@needs_exiftool
@pytest.mark.parametrize("name", FILES)
def test_exiftool_reads_the_block_and_all_else_as_before(
    made: Made, name: str, tmp_path: Path
) -> None:
    source = made(name)
    now, before = exiftool(label(source, tmp_path)), exiftool(source)
    assert now.pop("Keys:AIGC") == BLOCK
    # Of several handlers in one group exiftool names one, and metadata has a handler too.
    for said in (now, before):
        for key in [key for key in said if key.endswith((":HandlerType", ":MediaDataOffset"))]:
            del said[key]
    assert now == before


@needs_ffmpeg
@needs_ffprobe
@needs_exiftool
def test_chapters_subtitles_cover_dates_languages_and_fast_start_survive(
    made: Made, tmp_path: Path
) -> None:
    import mutagen.mp4

    source = made("rich")
    target = label(source, tmp_path)
    now, before = probe(target), probe(source)
    assert now["format"]["tags"].pop("AIGC") == BLOCK
    assert now == before
    assert len(before["chapters"]) == 2
    assert [s["codec_name"] for s in now["streams"]][2:] == ["mov_text", "bin_data", "png"]
    assert exiftool(target)["QuickTime:CreateDate"] == "2024:01:02 03:04:05"
    assert packets(target) == packets(source)
    tags, old = mutagen.mp4.MP4(target).tags, mutagen.mp4.MP4(source).tags
    assert dict(tags) == dict(old)  # covers too: iTunes and its like find theirs first
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@given(block=blocks, name=st.sampled_from(["plain.mp4", "faststart.mp4", "keys.mov", "plain.m4a"]))
@settings(max_examples=scaled(40))
def test_any_block_is_there_once_and_twice_is_the_same_as_once(
    made: Made, tmp_path_factory: pytest.TempPathFactory, block: str, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    once = label(made(name), folder, block)
    twice = label(once, folder, block, "twice")
    assert twice.read_bytes() == once.read_bytes()
    back = label(label(once, folder, OTHER, "other"), folder, block, "back")
    assert back.read_bytes() == once.read_bytes()
    shutil.rmtree(folder)


def into_user_data(source: Path, more: bytes) -> bytes:
    """Return a file that has its `moov` last with `more` in the user data of it."""
    data = source.read_bytes()
    moov = data.rindex(b"moov") - 4
    assert moov > data.index(b"mdat")
    udta = data.rindex(b"udta") - 4
    assert udta + int.from_bytes(data[udta : udta + 4], "big") == len(data)
    new = pack(b"moov", data[moov + 8 : udta] + pack(b"udta", data[udta + 8 :] + more))
    return data[:moov] + new


VALUE = pack(b"data", b"\0\0\0\1" + bytes(4) + OTHER.encode())
HANDLER = pack(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
FREEFORM = pack(
    b"----",
    pack(b"mean", bytes(4) + b"com.apple.iTunes") + pack(b"name", bytes(4) + b"AIGC") + VALUE,
)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (pack(b"AIGC", OTHER.encode()), "moov.udta.AIGC"),
        (pack(b"AIGC", b"\0\x20\x55\xc4" + OTHER.encode()), "moov.udta.AIGC"),
        (
            pack(b"meta", bytes(4) + HANDLER + pack(b"ilst", FREEFORM)),
            "moov.udta.meta.ilst.----",
        ),
        (
            pack(b"meta", bytes(4) + HANDLER + pack(b"ilst", pack(b"AIGC", VALUE))),
            "moov.udta.meta.ilst.AIGC",
        ),
        (pack(b"AIGC", OTHER.encode()) + bytes(4), "moov.udta.AIGC"),
    ],
)
def test_blocks_in_other_places_are_read_and_replaced(
    made: Made, tmp_path: Path, more: bytes, where: str
) -> None:
    source = tmp_path / "other.mp4"
    source.write_bytes(into_user_data(made("plain.mp4"), more))
    assert MP4.read(source) == [Place(OTHER, where)]
    target = label(source, tmp_path)
    assert packets(target) == packets(made("plain.mp4"))
    assert OTHER.encode() not in target.read_bytes()


@pytest.mark.parametrize("name", ["plain.mp4", "faststart.mp4", "fragments.mp4"])
@pytest.mark.parametrize("at_end", [True, False])
def test_block_in_xmp_is_read_and_taken_out(
    made: Made, tmp_path: Path, name: str, at_end: bool
) -> None:
    data, kind = made(name).read_bytes(), bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    packet = pack(b"uuid", kind + LABELLED.encode())
    source = tmp_path / "xmp.mp4"
    source.write_bytes(data + packet)
    if not at_end:  # before everything: then what is behind it moves when it gets shorter
        plain = label(made(name), tmp_path, BLOCK, "plain").read_bytes()
        source.write_bytes(into_front(plain, packet))
    expected = [Place(OTHER, "uuid XMP TC260:AIGC")]
    assert [place for place in MP4.read(source) if place.text == OTHER] == expected
    target = label(source, tmp_path)
    assert b"MAK93FC72D10001" not in target.read_bytes()
    assert frames(target) == frames(made(name))


def into_front(data: bytes, new: bytes) -> bytes:
    """Return a file with a box behind its first one, and the positions in it right."""
    head = int.from_bytes(data[:4], "big")
    parts = [part for part in file_boxes(BytesIO(data)) if part.kind in (b"moov", b"moof")]
    out = bytearray(data)
    for part in parts:
        body = data[part.body : part.end]
        if part.kind == b"moov":
            moved = shift_movie(body, lambda at: at + len(new))
            out[part.body : part.end] = moved
        else:
            moved = shift_fragment(data[part.start : part.end], 8, lambda at: at + len(new))
            out[part.start : part.end] = moved
    return bytes(out[:head]) + new + bytes(out[head:])


def test_block_in_xmp_of_quicktime_is_read_and_taken_out(made: Made, tmp_path: Path) -> None:
    source = tmp_path / "xmp.mp4"
    source.write_bytes(into_user_data(made("plain.mp4"), pack(b"XMP_", LABELLED.encode())))
    assert MP4.read(source) == [Place(OTHER, "moov.udta.XMP_ XMP TC260:AIGC")]
    target = label(source, tmp_path)
    assert b"MAK93FC72D10001" not in target.read_bytes()
    assert "画".encode() in target.read_bytes()
    assert packets(target) == packets(made("plain.mp4"))


ENCODED = {
    "H.264 and AAC": "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags faststart",
    "fragments of H.264": "-c:v libx264 -pix_fmt yuv420p -c:a aac -movflags cmaf -g 5",
    "many pictures out of order": "-c:v libx264 -bf 4 -pix_fmt yuv420p -an -movflags faststart",
    "hints": "-c:v mpeg4 -c:a aac -movflags rtphint",
    "encrypted": "-c:v mpeg4 -c:a aac -movflags faststart -encryption_scheme cenc-aes-ctr "
    f"-encryption_key {'76' * 16} -encryption_kid {'a7' * 16}",
    "room for the index": "-c:v mpeg4 -c:a aac -moov_size 20000",
}


@needs_ffmpeg
@pytest.mark.parametrize("how", ENCODED)
def test_every_packet_of_other_writers_stays(tmp_path: Path, how: str) -> None:
    source = tmp_path / "source.mp4"
    inputs = "-f lavfi -i testsrc2=s=64x48:d=1:r=10 -f lavfi -i sine=d=1"
    try:
        ffmpeg(*inputs.split(), *ENCODED[how].split(), str(source))
    except subprocess.CalledProcessError:
        pytest.skip("this ffmpeg has no encoder for it")
    assert packets(label(source, tmp_path)) == packets(source)


def test_freeform_item_as_mutagen_writes_it_is_read_and_replaced(
    made: Made, tmp_path: Path
) -> None:
    import mutagen.mp4

    source = tmp_path / "freeform.m4a"
    shutil.copy(made("plain.m4a"), source)
    file = mutagen.mp4.MP4(source)
    file.tags["----:com.apple.iTunes:AIGC"] = [OTHER.encode()]
    file.save()
    assert texts(MP4, source) == [OTHER]
    target = label(source, tmp_path)
    assert "----:com.apple.iTunes:AIGC" not in mutagen.mp4.MP4(target).tags
    assert mutagen.mp4.MP4(target).tags["\xa9nam"] == file.tags["\xa9nam"]
    assert frames(target) == frames(source)


@needs_ffmpeg
@pytest.mark.parametrize("name", ["w.mp4", "w.mov", "w.m4a"])
def test_label_as_ffmpeg_writes_it_is_read_and_replaced(
    made: Made, tmp_path: Path, name: str
) -> None:
    source = tmp_path / name
    ffmpeg(
        *("-i", str(made("plain.mp4")), "-map", "0:a", "-c", "copy"),
        *("-metadata", f"AIGC={OTHER}", "-movflags", "use_metadata_tags", str(source)),
    )
    assert MP4.read(source) == [Place(OTHER, PLACE)]
    target = label(source, tmp_path)
    assert frames(target) == frames(source)


@needs_ffprobe
def test_other_keys_keep_their_values_when_one_before_them_goes(made: Made, tmp_path: Path) -> None:
    source = made("keys.mp4")
    renamed = tmp_path / "renamed.mp4"  # the title becomes a block, and stands before others
    with_title = {**probe(source)["format"]["tags"]}
    data = source.read_bytes()
    keys = data.index(b"keys") - 4
    size = int.from_bytes(data[keys : keys + 4], "big")
    entry = data.index(b"\rmdtatitle") - 3
    body = data[keys + 8 : entry] + pack(b"mdta", b"AIGC") + data[entry + 13 : keys + size]
    grown = into_keys(data, keys, size, pack(b"keys", body))
    renamed.write_bytes(grown)
    assert texts(MP4, renamed) == [with_title.pop("title")]
    tags = probe(label(renamed, tmp_path))["format"]["tags"]
    assert tags.pop("AIGC") == BLOCK
    assert tags == with_title


def into_keys(data: bytes, keys: int, size: int, new: bytes) -> bytes:
    """Return a file with `moov` last with another `keys` box."""
    out = bytearray(data[:keys] + new + data[keys + size :])
    for kind in (b"moov", b"udta", b"meta"):
        at = data.rindex(kind) - 4
        length = int.from_bytes(data[at : at + 4], "big") + len(new) - size
        out[at : at + 4] = length.to_bytes(4, "big")
    return bytes(out)


def test_video_of_gigabytes_is_not_read_and_its_positions_may_need_more_bits(
    made: Made, tmp_path: Path
) -> None:
    plain = made("faststart.mp4")
    data = plain.read_bytes()
    mdat = data.index(b"mdat") - 4
    last = max(positions(data[:mdat]).values())
    size = (1 << 32) - 100 - last  # the last position fits 32 bits, but not behind a label
    source = tmp_path / "large.mp4"
    with source.open("wb") as file:  # a hole between index and sound, as large as a long film
        head = bytearray(data[:mdat])
        for at, position in positions(data[:mdat]).items():
            head[at : at + 4] = (position + size).to_bytes(4, "big")
        file.write(bytes(head) + b"\0\0\0\1free" + size.to_bytes(8, "big"))
        file.seek(size - 16, 1)
        file.write(data[mdat:])
    tracemalloc.start()
    target = label(source, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    with target.open("rb") as file:
        assert b"co64" in file.read(8_000)
    assert packets(target) == packets(plain)
    assert target.stat().st_blocks * 512 < 64 << 20  # the hole is one again


def positions(head: bytes) -> dict[int, int]:
    """Return the positions in the tables of `head` by where they stand."""
    found = {}
    at = head.find(b"stco")
    while at > 0:
        count = int.from_bytes(head[at + 8 : at + 12], "big")
        for entry in range(at + 12, at + 12 + 4 * count, 4):
            found[entry] = int.from_bytes(head[entry : entry + 4], "big")
        at = head.find(b"stco", at + 4)
    return found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[: len(data) // 2], "is the file complete?"),
        (lambda data: data[: data.rindex(b"moov") - 4], "no 'moov' box"),
        (lambda data: data + data[data.rindex(b"moov") - 4 :], "2 'moov' boxes"),
        (lambda data: b"not a video at all", "ends inside its 'a vi' box"),
        (lambda data: b"", "no 'moov' box"),
    ],
)
def test_broken_file_is_named_and_nothing_is_written(
    made: Made, tmp_path: Path, change: Callable[[bytes], bytes], says: str
) -> None:
    source = tmp_path / "broken.mp4"
    source.write_bytes(change(made("plain.mp4").read_bytes()))
    assert says in refusal(MP4, source)


def test_signed_video_is_refused_since_a_label_breaks_the_signature(
    made: Made, tmp_path: Path
) -> None:
    source = tmp_path / "signed.mp4"
    manifest = pack(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(40))
    source.write_bytes(made("plain.mp4").read_bytes() + manifest)
    assert MP4.read(source) == []
    with pytest.raises(FileError, match="first and sign it then"):
        MP4.write(source, tmp_path / "new.mp4", BLOCK)


def test_file_is_never_its_own_target(made: Made, tmp_path: Path) -> None:
    source = tmp_path / "own.mp4"
    shutil.copy(made("plain.mp4"), source)
    with pytest.raises(FileError, match="new file"):
        MP4.write(source, source, BLOCK)
    assert source.read_bytes() == made("plain.mp4").read_bytes()


def test_kind_is_known_by_the_head(made: Made) -> None:
    for name in FILES:
        assert MP4.fits(made(name).read_bytes()[:4096])
    assert not MP4.fits(b"\0\0\0\x18ftypheic" + bytes(16))
    assert not MP4.fits(b"RIFF\0\0\0\0WAVE")
    assert not MP4.fits(b"The free encyclopedia")
    assert not MP4.fits(b"far wide open")


@given(seed=st.integers(0, 1 << 30))
@example(seed=1)
@settings(max_examples=8)
def test_broken_files_give_file_errors_only(
    made: Made, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("faststart.mp4", "keys.mov", "fragments.mp4"):
        check_broken_versions(MP4, label(made(name), folder, OTHER), 40, seed)
    shutil.rmtree(folder)
