"""Sound in files of every coding, by PyAV: decoded to a WAV, and coded again as it was."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ._files._errors import FileError, missing
from ._heard import RATE

# By the name of a coding: what codes it, and whether it keeps every sample.
_ENCODERS = {
    "mp3": ("libmp3lame", False),
    "mp3float": ("libmp3lame", False),
    "flac": ("flac", True),
    "alac": ("alac", True),
    "aac": ("aac", False),
    "opus": ("libopus", False),
    "libopus": ("libopus", False),
    "vorbis": ("libvorbis", False),
    "libvorbis": ("libvorbis", False),
}
_CONTAINERS = {"MP3": "mp3", "MP4": "ipod"}
_NO_TAGS = {"id3v2_version": "0", "write_id3v1": "0"}
_MOST = {"libmp3lame": 320_000, "libopus": 256_000, "aac": 288_000}
"""Bits a second: of MP3 for all channels, of the others for each."""

_FASTEST = 384_000
"""Samples a second of the finest sound that is sold; more are a way to keep a reader busy."""


class Coding(NamedTuple):
    """How the sound of a file is coded, and as what it stands in a WAV meanwhile."""

    encoder: str
    container: str
    rate: int
    layout: str
    channels: int
    bit_rate: int
    is_lossless: bool
    width: int
    """Bytes of a sample in the WAV; with loss, floating point."""

    @property
    def wav(self) -> tuple[str, str]:
        """The coding and the form of samples of the WAV."""
        if not self.is_lossless:
            return "pcm_f32le", "flt"
        return ("pcm_s16le", "s16") if self.width == 2 else ("pcm_s24le", "s32")


def coding_of(path: Path, format_name: str) -> Coding:
    """Return how the one sound in a file is coded.

    Raises:
        FileError: it has none or several, other streams than a cover, or nothing here codes it.
    """
    with _opened(path) as (av, file):
        others = [s for s in file.streams if s.type != "audio" and not _is_cover(av, s)]
        sounds = file.streams.audio
        if len(sounds) != 1 or others:
            held = sorted({stream.type for stream in [*sounds, *others]})
            said = " and ".join("sound" if kind == "audio" else kind for kind in held)
            raise FileError(
                path,
                f"has {said or 'no sound'}, in {len(sounds) + len(others)} streams; a label goes "
                "into a file with one stream of sound, and a cover at most",
            )
        sound = sounds[0]
        name = sound.codec_context.name
        encoder, is_lossless = _ENCODERS.get(name, ("", False))
        if not encoder or encoder not in av.codecs_available:
            raise FileError(
                path,
                f"has sound coded as {name}, which nothing here can code again; convert it, with "
                "ffmpeg -i FILE NEW.flac or NEW.opus",
            )
        form = sound.codec_context.format.name.rstrip("p")
        if is_lossless and form not in ("s16", "s32"):
            raise FileError(path, f"has samples of the form {form}, which cannot be kept")
        if file.format.name == "ogg" or format_name == "FLAC and Ogg":
            container = "ogg" if "ogg" in file.format.name else "flac"
        else:
            container = _CONTAINERS[format_name]
        size = sum(packet.size for packet in file.demux(sound))
        seconds = float((sound.duration or 0) * (sound.time_base or 0)) or 1.0
        return Coding(
            encoder, container, sound.rate, sound.layout.name, sound.layout.nb_channels,
            round(8 * size / seconds), is_lossless, 2 if form == "s16" else 3,
        )  # fmt: skip


def decode(path: Path, coding: Coding, wav: Path) -> None:
    """Write the sound of a file as a WAV.

    Raises:
        FileError: it cannot be decoded.
    """
    codec, form = coding.wav
    with (
        _opened(path) as (av, file),
        av.open(str(wav), "w", format="wav", options={"rf64": "auto"}) as out,
    ):
        stream = out.add_stream(codec, rate=coding.rate)
        stream.layout = coding.layout
        stream.format = form
        _pump(file, out, stream)


def encode(path: Path, wav: Path, coding: Coding, target: Path) -> None:
    """Write the sound of a WAV, which comes from `path`, coded as `coding` says, without any tag.

    Raises:
        FileError: it cannot be coded; names `path`.
    """
    options = _NO_TAGS if coding.container == "mp3" else {}
    with (
        _opened(wav) as (av, file),
        av.open(str(target), "w", format=coding.container, options=options) as out,
    ):
        stream = out.add_stream(coding.encoder, rate=coding.rate)
        stream.layout = coding.layout
        if coding.is_lossless:
            planar = "p" if coding.encoder == "alac" else ""
            stream.format = ("s16" if coding.width == 2 else "s32") + planar
        else:
            stream.bit_rate = _bit_rate(coding)
        _pump(file, out, stream)


def digest(path: Path, coding: Coding) -> str:
    """Return a digest of the samples in a file that are kept without loss."""
    found = hashlib.sha256()
    with _opened(path) as (av, file):
        form = "s16" if coding.width == 2 else "s32"
        resampler = av.AudioResampler(format=form, layout=coding.layout, rate=coding.rate)
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                size = part.samples * coding.channels * (2 if coding.width == 2 else 4)
                found.update(bytes(part.planes[0])[:size])
    return found.hexdigest()


def heard_in(path: Path) -> Iterator[array[int]]:
    """Yield the samples of a file as `listen` takes them; none where it has no sound.

    Raises:
        FileError: it cannot be decoded.
    """
    with _opened(path) as (av, file):
        if not file.streams.audio:
            return
        if (rate := file.streams.audio[0].rate) > _FASTEST:
            raise FileError(
                path,
                f"has {rate:,} samples a second, and {_FASTEST:,} are listened to at most; convert "
                "it, with ffmpeg -i FILE -ar 48000 NEW",
            )
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in file.decode(audio=0):
            yield from _samples(resampler.resample(frame))
        yield from _samples(resampler.resample(None))


def _samples(parts: list[Any]) -> Iterator[array[int]]:
    for part in parts:
        yield array("h", bytes(part.planes[0])[: 2 * part.samples])


def _pump(file: Any, out: Any, stream: Any) -> None:
    at = 0  # counted anew: some files have gaps in their times, which are no gaps in the sound
    for frame in file.decode(audio=0):
        frame.pts, frame.time_base = at, Fraction(1, frame.sample_rate)
        at += frame.samples
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _bit_rate(coding: Coding) -> int:
    most = _MOST.get(coding.encoder, 240_000)
    if coding.encoder != "libmp3lame":
        most *= coding.channels
    return max(8_000, min(coding.bit_rate, most))


def _is_cover(av: Any, stream: Any) -> bool:
    if stream.type != "video":
        return False
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


@contextmanager
def _opened(path: Path, named: Path | None = None) -> Iterator[tuple[Any, Any]]:
    """Open a file by PyAV; errors, also those of the body, name it or the one it comes from."""
    named = named or path
    try:
        av: Any = import_module("av")
    except ImportError as error:
        raise missing(named, "av", "sound") from error
    try:
        with av.open(str(path), **as_it_is(av)) as file:
            yield av, file
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise FileError(named, f"has sound that cannot be decoded or coded ({error})") from error


def as_it_is(av: Any) -> dict[str, str]:
    """Return what makes PyAV open files whose tags are no UTF-8; from version 19 on it does so."""
    return {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
