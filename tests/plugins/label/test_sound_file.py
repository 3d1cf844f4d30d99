"""A label that is heard is put into sound of every coding; all else of the file stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mutagen
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC, CueSheet, CueSheetTrack, CueSheetTrackIndex, Picture
from mutagen.id3 import APIC, CHAP, ID3, TIT2, TLEN
from mutagen.mp4 import MP4, MP4Cover
from tests.depth import scaled
from tests.plugins.label.files.media_files import (
    Made,
    broken_versions,
    each_once,
    exiftool,
    ffmpeg,
    make_sound,
    make_video,
    needs_exiftool,
    needs_ffmpeg,
)

from chopmark import MarkError
from chopmark._cli import cli
from chopmark_label._block import Aigc
from chopmark_label._file_label import label_file, read_labels
from chopmark_label._files._boxes import pack
from chopmark_label._files._errors import FileError
from chopmark_label._heard import listen, rhythms
from chopmark_label._sound import Position
from chopmark_label._sound_coding import as_it_is, heard_in
from chopmark_label._sound_file import label_sound

av = pytest.importorskip("av")

WORDS = "内容由人工智能生成"
BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="7")
CODINGS = {
    "a.wav": "pcm_s24le", "a.flac": "flac", "a.mp3": "libmp3lame", "a.opus": "libopus",
    "a.oga": "flac", "a.m4a": "aac", "alac.m4a": "alac",
}  # fmt: skip
LOSSLESS = ["a.wav", "a.flac", "a.oga", "alac.m4a"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def each_at_a_place(names: Iterable[str]) -> list[Any]:
    """Return each name with a place, one after the other; with the two others it is `deep`."""
    places = ("start", "middle", "end")
    return [
        pytest.param(name, place, marks=[] if at == number % 3 else pytest.mark.deep)
        for number, name in enumerate(names)
        for at, place in enumerate(places)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return each_once(
        lambda path: make_sound(path, CODINGS[path.name], seconds=3),
        tmp_path_factory.mktemp("sounds"),
    )


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice: beeps of several lengths."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000)
        stream.layout = "mono"
        values = array("h")
        for size in (1_000, 3_000, 500, 2_000, 4_000, 700):
            values.extend([5_000, 5_000, -5_000, -5_000] * (size // 4))
            values.extend([0] * (size // 2))
        frame = av.AudioFrame("s16", "mono", len(values))
        frame.planes[0].update(values.tobytes())
        frame.sample_rate = 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def samples(path: Path) -> array[int]:
    """Return the samples as PyAV decodes them, with nothing of ours."""
    found = array("i")
    with av.open(str(path), **as_it_is(av)) as file:
        resampler = av.AudioResampler(format="s32", layout="mono", rate=48_000)
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                found.frombytes(bytes(part.planes[0])[: 4 * part.samples])
    return found


@pytest.mark.parametrize(("name", "place"), each_at_a_place(CODINGS))
def test_rhythm_is_heard_at_its_place_and_put_there_once(
    made: Made, tmp_path: Path, name: str, place: Position
) -> None:
    target = tmp_path / name
    before = made(name).read_bytes()
    report = label_sound(made(name), place=place, out=target)
    assert made(name).read_bytes() == before
    assert (report.path, report.added, report.kind) == (target, (place,), "rhythm")
    assert report.coded_again == (name not in LOSSLESS)
    seconds = listen(heard_in(target)).seconds
    expected = {"start": 0, "middle": seconds / 2 - 0.5, "end": seconds - 1.1}[place]
    near = 1.6 if place == "middle" else 0.1
    assert rhythms(listen(heard_in(target))) == [pytest.approx(expected, abs=near)]
    with av.open(str(made(name))) as old, av.open(str(target)) as new:
        one, other = old.streams.audio[0], new.streams.audio[0]
        assert one.codec_context.name == other.codec_context.name
        assert (one.rate, one.layout.name) == (other.rate, other.layout.name)
    labelled = target.read_bytes()
    again = label_sound(target, place=place)
    assert (again.added, again.heard, again.coded_again) == ((), report.heard, False)
    assert target.read_bytes() == labelled


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_sample_stays_where_nothing_is_lost(made: Made, tmp_path: Path, name: str) -> None:
    label_sound(made(name), place=("start", "end"), out=tmp_path / name)
    old, new = samples(made(name)), samples(tmp_path / name)
    begin = round(48_000 * (1.1 + 0.25))
    assert new[begin : begin + len(old)] == old
    assert len(new) == len(old) + 2 * begin


@pytest.mark.parametrize("name", ["a.mp3", "a.opus", "a.m4a"])
def test_sound_that_is_coded_again_is_as_long_and_as_loud(
    made: Made, tmp_path: Path, name: str
) -> None:
    label_sound(made(name), place="start", out=tmp_path / name)
    old, new = listen(heard_in(made(name))), listen(heard_in(tmp_path / name))
    assert new.seconds - old.seconds == pytest.approx(1.35, abs=0.06)
    rest = new.loud[-len(old.loud) :]
    assert sum(rest) == pytest.approx(sum(old.loud), rel=0.05)


@pytest.mark.parametrize(
    ("name", "place"), each_at_a_place(["a.flac", "a.wav", "a.mp3", "a.opus", "a.m4a"])
)
def test_voice_is_heard_at_its_place_and_put_there_once(
    made: Made, voice: Path, tmp_path: Path, name: str, place: Position
) -> None:
    target = tmp_path / name

    def put(path: Path) -> Any:
        return label_sound(path, kind="speech", place=place, voice=voice, words=WORDS, out=target)

    assert put(made(name)).added == (place,)
    labelled = target.read_bytes()
    assert put(target).added == ()
    assert target.read_bytes() == labelled


def with_tags(path: Path) -> None:
    """Put a cover, a text and one more tag into a file."""
    if path.suffix == ".mp3":
        tags = ID3(path)
        tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=PNG))
        tags.add(TLEN(encoding=0, text=["3000"]))
        tags.save(path)
        path.write_bytes(path.read_bytes() + b"TAG" + b"Old title".ljust(124, b"\0") + b"\xff")
    elif path.suffix == ".m4a":
        file = MP4(path)
        file["covr"] = [MP4Cover(PNG, MP4Cover.FORMAT_PNG)]
        file["----:com.apple.iTunes:own"] = [b"left alone"]
        file["----:com.apple.iTunes:iTunSMPB"] = [b" 00000000 00000840 000001CA 000000"]
        file.save()
    elif path.suffix == ".flac":
        file = FLAC(path)
        picture = Picture()
        picture.data, picture.mime, picture.type = PNG, "image/png", 3
        file.add_picture(picture)
        file["own"] = ["left", "alone"]
        file.save()
    elif path.suffix in (".opus", ".oga"):
        other: Any = mutagen.File(path)
        other["own"] = ["left", "alone"]
        other.save()


@pytest.mark.parametrize("name", CODINGS)
def test_tags_covers_and_the_block_stay(made: Made, tmp_path: Path, name: str) -> None:
    source, target = tmp_path / name, tmp_path / f"new{Path(name).suffix}"
    shutil.copy(made(name), source)
    with_tags(source)
    label_file(source, source, BLOCK)
    label_sound(source, out=target)
    assert read_labels(target) == read_labels(source)
    old, new = mutagen.File(source), mutagen.File(target)
    assert old is not None
    assert new is not None
    gone = {"TLEN", "----:com.apple.iTunes:iTunSMPB"}
    assert dict(new.tags or {}) == {k: v for k, v in dict(old.tags or {}).items() if k not in gone}
    if name == "a.flac":
        assert [p.data for p in FLAC(target).pictures] == [PNG]
    if name == "a.mp3":
        assert target.read_bytes()[-128:] == source.read_bytes()[-128:]


@needs_exiftool
@pytest.mark.parametrize("name", CODINGS)
def test_exiftool_has_no_more_to_warn_of(made: Made, tmp_path: Path, name: str) -> None:
    label_sound(made(name), out=tmp_path / name)
    now, before = exiftool(tmp_path / name), exiftool(made(name))
    warnings = [key for key in now if "Warning" in key or "Error" in key]
    assert warnings == [key for key in before if "Warning" in key or "Error" in key]


@needs_ffmpeg
@pytest.mark.parametrize("name", CODINGS)
def test_ffmpeg_plays_it_without_a_word(made: Made, tmp_path: Path, name: str) -> None:
    label_sound(made(name), place=("start", "middle", "end"), out=tmp_path / name)
    played = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", str(tmp_path / name), "-f", "null", "-"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert played.stderr == b""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"place": "begin"}, "give start, middle, end"),
        ({"place": ()}, "give start, middle, end"),
        ({"kind": "bell"}, "give rhythm or speech"),
        ({"kind": "speech"}, "give voice"),
        ({"kind": "speech", "voice": Path("none.wav"), "words": "AI"}, "generation element"),
        ({"kind": "speech", "voice": Path("none.wav"), "words": WORDS}, "cannot be read"),
        ({"voice": Path("none.wav")}, "kind='speech'"),
    ],
)
def test_what_cannot_be_asked_for_is_named(
    made: Made, tmp_path: Path, options: Any, says: str
) -> None:
    with pytest.raises(MarkError, match=says):
        label_sound(made("a.wav"), out=tmp_path / "new.wav", **options)
    assert os.listdir(tmp_path) == []


def video(folder: Path) -> Path:
    return make_video(folder / "film.mp4")


def text(folder: Path) -> Path:
    path = folder / "notes.txt"
    path.write_text("no sound")
    return path


def cut_off(folder: Path) -> Path:
    path = make_sound(folder / "cut.m4a", "aac", rate=44_100)
    path.write_bytes(path.read_bytes()[:900])
    return path


def signed(folder: Path) -> Path:
    path = make_sound(folder / "signed.m4a", "aac", rate=44_100)
    manifest = pack(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(40))
    path.write_bytes(path.read_bytes() + manifest)
    return path


def with_chapters(folder: Path) -> Path:
    path = make_sound(folder / "chapters.mp3", "libmp3lame")
    tags = ID3(path)
    tags.add(
        CHAP(element_id="c", start_time=0, end_time=9, sub_frames=[TIT2(encoding=0, text=["x"])])
    )
    tags.save(path)
    return path


def with_cue_sheet(folder: Path) -> Path:
    path = make_sound(folder / "cues.flac", "flac")
    file = FLAC(path)
    sheet = CueSheet(bytes(395) + b"\0")
    sheet.tracks = [CueSheetTrack(1, 0), CueSheetTrack(170, 14_400)]  # and what ends the last
    sheet.tracks[0].indexes.append(CueSheetTrackIndex(1, 0))
    file.metadata_blocks.append(sheet)
    file.cuesheet = sheet
    file.save()
    return path


def joined(folder: Path) -> Path:
    path = make_sound(folder / "joined.opus", "libopus")
    path.write_bytes(path.read_bytes() * 2)
    return path


def in_vorbis(folder: Path) -> Path:
    if shutil.which("ffmpeg") is None or "libvorbis" in av.codecs_available:
        pytest.skip("no ffmpeg here, or a PyAV that can")
    plain = make_sound(folder / "plain.flac", "flac")
    ffmpeg("-i", str(plain), "-c:a", "libvorbis", str(folder / "a.ogg"))
    plain.unlink()
    return folder / "a.ogg"


def in_adpcm(folder: Path) -> Path:
    return make_sound(folder / "adpcm.wav", "adpcm_ima_wav", rate=8_000)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (video, "film.mp4' has sound and video"),
        (text, "notes.txt' is no WAV, FLAC, MP3, Ogg or M4A"),
        (cut_off, "cut.m4a'"),
        (signed, "signed.m4a' carries a C2PA manifest"),
        (with_chapters, "chapters.mp3' has chapters"),
        (with_cue_sheet, "cues.flac' has a cue sheet"),
        (joined, "joined.opus' is 2 Ogg files joined"),
        (in_vorbis, "a.ogg' has sound coded as vorbis"),
        (in_adpcm, "adpcm.wav' has sound in the form 0x11"),
    ],
)
def test_file_that_cannot_be_labelled_is_named_and_stays(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    source = make(tmp_path)
    before = source.read_bytes()
    with pytest.raises(FileError, match=says):
        label_sound(source)
    assert source.read_bytes() == before
    assert os.listdir(tmp_path) == [source.name]


def test_chapters_stay_right_when_the_label_is_at_the_end(tmp_path: Path) -> None:
    source = with_chapters(tmp_path)
    assert label_sound(source, place="end").added == ("end",)
    assert ID3(source).getall("CHAP")[0].end_time == 9


@given(seed=st.integers(0, 1 << 30), name=st.sampled_from(["a.flac", "a.mp3", "a.m4a", "a.opus"]))
@settings(max_examples=scaled(4))
def test_broken_files_are_labelled_or_named(
    made: Made, tmp_path_factory: pytest.TempPathFactory, seed: int, name: str
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    source, target = folder / name, folder / f"new{Path(name).suffix}"
    for data in broken_versions(made(name).read_bytes(), 6, seed):
        source.write_bytes(data)
        try:
            label_sound(source, out=target)
        except MarkError:
            assert os.listdir(folder) == [name]
        else:
            assert rhythms(listen(heard_in(target)))[0] < 1
            target.unlink()
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.flac"])
def test_command_puts_both_labels_into_one_file(made: Made, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(made(name), path)
    done = CliRunner().invoke(
        cli, ["label", str(path), "--producer", "M", "--audible", "--position", "both"]
    )
    assert done.exit_code == 0, done.output
    assert "start and end" in done.output
    assert [block.reading.fields["ContentProducer"] for block in read_labels(path)[1]] == ["M"]
    assert len(rhythms(listen(heard_in(path)))) == 2
    assert os.listdir(tmp_path) == [name]
