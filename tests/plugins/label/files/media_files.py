"""What the tests of sound and video share: small real files, and independent programs that read.

PyAV makes the files and judges what is heard and seen; ffprobe and exiftool, where a machine has
them, judge what the metadata says.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import shutil
import subprocess
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.label.files.document_blocks import BLOCK, only_file_errors

from chopmark_label._files._errors import FileError
from chopmark_label._files._format import FileFormat, Place
from chopmark_label._sound_coding import as_it_is

av = pytest.importorskip("av")

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe here")
needs_exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="no exiftool here")

TAGS = {"title": "Titel 题", "artist": "Someone", "comment": "left alone"}
Made = Callable[[str], Path]


def each_once(make: Callable[[Path], Path], folder: Path) -> Made:
    """Return a function that makes the file of a name in `folder`, and the same one again."""
    return cache(lambda name: make(folder / name))


def labelled(
    form: FileFormat, source: Path, folder: Path, block: str = BLOCK, name: str = "new"
) -> Path:
    """Write the labelled file, read it back, and see that the source stayed as it was."""
    target = folder / f"{name}{source.suffix}"
    is_small = source.stat().st_size < 1 << 24
    before = source.read_bytes() if is_small else b""
    where = form.write(source, target, block)
    assert form.read(target) == [Place(block, where)]
    assert not is_small or source.read_bytes() == before
    return target


def refusal(form: FileFormat, source: Path) -> str:
    """Return why a broken file is neither read nor labelled; its name stands in it."""
    target = source.with_name("never written" + source.suffix)
    with pytest.raises(FileError) as caught:
        form.write(source, target, BLOCK)
    assert not target.exists()
    with pytest.raises(FileError, match=source.name):
        form.read(source)
    assert source.name in str(caught.value)
    return str(caught.value)


def check_broken_versions(form: FileFormat, source: Path, count: int, seed: int) -> None:
    """See that broken versions of a labelled file give errors that name it, and no others."""
    folder = source.parent / f"broken {seed}"
    folder.mkdir(exist_ok=True)
    only_file_errors(form, folder, broken_versions(source.read_bytes(), count, seed))
    shutil.rmtree(folder)


def make_sound(path: Path, codec: str, *, seconds: float = 0.3, rate: int = 48_000) -> Path:
    """Write a falling tone."""
    with av.open(str(path), "w") as out:
        out.metadata.update(TAGS)
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        _encode_tone(out, stream, seconds, rate)
    return path


def make_video(path: Path, **options: str) -> Path:
    """Write ten pictures and a tone; `options` are those of the container."""
    with av.open(str(path), "w", options=options) as out:
        out.metadata.update(TAGS)
        picture = out.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        tone = out.add_stream("aac", rate=44_100)
        tone.layout = "mono"
        for number in range(10):
            frame = av.VideoFrame(64, 48, "rgb24")
            frame.planes[0].update(bytes([number * 20, 80, 250 - number * 20]) * (64 * 48))
            out.mux(picture.encode(frame.reformat(format="yuv420p")))
        out.mux(picture.encode(None))
        _encode_tone(out, tone, 1.0, 44_100)
    return path


def make_rich_video(folder: Path) -> Path:
    """Write a video with chapters, subtitles, a cover, languages and dates, for fast start."""
    video, cover = make_video(folder / "plain.mp4"), folder / "cover.png"
    subtitles, chapters, path = folder / "s.srt", folder / "c.txt", folder / "rich.mp4"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:00,500\nhello\n\n")
    chapters.write_text(
        ";FFMETADATA1\ntitle=Titel\nartist=Someone\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n"
    )
    ffmpeg("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1", str(cover))
    ffmpeg(
        *("-i", str(video), "-i", str(subtitles), "-i", str(cover), "-i", str(chapters)),
        *("-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3", "-map_chapters", "3"),
        *("-c", "copy", "-c:s", "mov_text", "-disposition:v:1", "attached_pic"),
        *("-metadata:s:a:0", "language=deu", "-metadata", "creation_time=2024-01-02T03:04:05Z"),
        *("-movflags", "+faststart", str(path)),
    )
    return path


def packets(path: Path) -> list[tuple[Any, ...]]:
    """Return every packet: stream, times and content."""
    with av.open(str(path), **as_it_is(av)) as file:
        return [
            (p.stream.index, p.pts, p.dts, p.duration, p.is_keyframe, _digest(bytes(p)))
            for p in file.demux()
        ]


def frames(path: Path) -> list[tuple[Any, ...]]:
    """Return every decoded frame of sound and picture: time and content."""
    with av.open(str(path), **as_it_is(av)) as file:
        streams = [s for s in file.streams if s.type in ("audio", "video")]
        return [
            (type(f).__name__, f.pts, _digest(b"".join(bytes(plane) for plane in f.planes)))
            for f in file.decode(streams)
        ]


def probe(path: Path) -> dict[str, Any]:
    """Return what ffprobe says of a file, its name and size aside."""
    run = subprocess.run(
        ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of",
         "json", str(path)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert run.stderr == b""
    said: dict[str, Any] = json.loads(run.stdout)
    for key in ("filename", "size", "bit_rate"):
        said["format"].pop(key, None)
    return said


def exiftool(path: Path) -> dict[str, Any]:
    """Return what exiftool says of a file, what the file system says aside."""
    run = subprocess.run(
        ["exiftool", "-j", "-a", "-G1", "-api", "LargeFileSupport=1", str(path)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    (said,) = json.loads(run.stdout)
    return {k: v for k, v in said.items() if k.split(":")[0] not in ("System", "SourceFile")}


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=60)


def broken_versions(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield `data` cut off, with bytes changed, and with pieces taken out or doubled.

    Most changes fall where a file has its headers, since sound and pictures are not looked at.
    """
    chance = random.Random(seed)
    for _ in range(count):
        at = chance.randrange(len(data)) if chance.random() < 0.5 else _near_end(chance, len(data))
        kind = chance.randrange(4)
        if kind == 0:
            yield data[:at]
        elif kind == 1:
            changed = bytearray(data)
            for _ in range(chance.randint(1, 8)):
                place = (at + chance.randint(0, 64)) % len(data)
                changed[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
            yield bytes(changed)
        elif kind == 2:
            yield data[:at] + data[at + chance.randint(1, 64) :]
        else:
            yield data[:at] + data[max(0, at - chance.randint(1, 64)) :]


def _near_end(chance: random.Random, size: int) -> int:
    near = min(size, 3000)
    return chance.choice([chance.randrange(near), size - 1 - chance.randrange(near)])


def _encode_tone(out: Any, stream: Any, seconds: float, rate: int) -> None:
    values = array(
        "f", (0.3 * math.sin(i * i * -0.000001 + i * 0.1) for i in range(int(seconds * rate)))
    )
    frame = av.AudioFrame("flt", "mono", len(values))
    frame.planes[0].update(values.tobytes())
    frame.sample_rate = rate
    frame.pts, frame.time_base = 0, Fraction(1, rate)
    coder = stream.codec_context
    size = coder.frame_size or 1024
    resampler = av.AudioResampler(
        format=coder.format or "s16", layout="mono", rate=rate, frame_size=size
    )
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(stream.encode(part))
    out.mux(stream.encode(None))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
