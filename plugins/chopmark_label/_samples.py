"""Samples of a WAV as numbers, and back: PCM of 8 to 32 bits, and floating point."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from ._files._boxes import Broken
from ._files._riff import Chunk, Wave, chunk, wave_chunks

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class Shape(NamedTuple):
    """How samples stand in a WAV: `width` is bytes for one sample of one channel."""

    rate: int
    channels: int
    width: int
    is_float: bool = False

    @property
    def frame(self) -> int:
        """Bytes for one sample of every channel."""
        return self.width * self.channels


class Sound(NamedTuple):
    """A WAV that samples can be put into."""

    wave: Wave
    shape: Shape
    data: Chunk

    @property
    def frames(self) -> int:
        """How many whole frames there are."""
        return (self.data.end - self.data.body) // self.shape.frame


def look(file: BinaryIO) -> Sound:
    """Return where the samples of a WAV are, and how they stand there.

    Raises:
        Broken: it is no WAV, is cut short, or its sound is coded.
    """
    wave = wave_chunks(file)
    parts = {part.kind: part for part in reversed(wave.chunks)}
    if b"fmt " not in parts or b"data" not in parts:
        raise Broken("is a WAV without format or sound; is it complete?")
    part = parts[b"fmt "]
    file.seek(part.body)
    return Sound(wave, _shape(file.read(min(part.end - part.body, 40))), parts[b"data"])


def read(file: BinaryIO, sound: Sound, first: int, last: int) -> list[float]:
    """Return the frames from `first` to `last`, each from -1 to 1, of all channels together."""
    shape = sound.shape
    file.seek(sound.data.body + first * shape.frame)
    raw = file.read((last - first) * shape.frame)
    raw = raw[: len(raw) - len(raw) % shape.frame]
    values = _decode(raw, shape)
    if shape.channels == 1:
        return list(values)
    mixed = [values[channel :: shape.channels] for channel in range(shape.channels)]
    return [sum(frame) / shape.channels for frame in zip(*mixed, strict=True)]


def encode(values: Iterable[float], shape: Shape) -> bytes:
    """Return numbers from -1 to 1 as samples, the same in every channel; louder ones are cut."""
    cut = [max(-1.0, min(1.0, value)) for value in values]
    if shape.is_float:
        return _spread(array("f" if shape.width == 4 else "d", cut), shape)
    top = (1 << (8 * shape.width - 1)) - 1
    if shape.width == 1:  # the only one without a sign
        return _spread(array("B", (round(v * top) + 128 for v in cut)), shape)
    if shape.width == 2:
        return _spread(array("h", (round(v * top) for v in cut)), shape)
    if shape.width == 4:
        return _spread(array("i", (round(v * top) for v in cut)), shape)
    return b"".join(round(v * top).to_bytes(3, "little", signed=True) * shape.channels for v in cut)


def pack_wav(samples: bytes, shape: Shape) -> bytes:
    """Return a WAV file of samples."""
    kind = _FLOAT if shape.is_float else _PCM
    header = (
        kind.to_bytes(2, "little")
        + shape.channels.to_bytes(2, "little")
        + shape.rate.to_bytes(4, "little")
        + (shape.rate * shape.frame).to_bytes(4, "little")
        + shape.frame.to_bytes(2, "little")
        + (8 * shape.width).to_bytes(2, "little")
    )
    body = b"WAVE" + chunk(b"fmt ", header) + chunk(b"data", samples)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def fit(wav: bytes, shape: Shape) -> bytes:
    """Return the samples of a WAV as they would stand in one of `shape`.

    Raises:
        Broken: it is no WAV, is coded, or has another rate and PyAV is not installed.
    """
    file = BytesIO(wav)
    sound = look(file)
    if sound.shape == shape:
        return wav[sound.data.body : sound.data.body + sound.frames * shape.frame]
    values: Sequence[float] = read(file, sound, 0, sound.frames)
    if sound.shape.rate != shape.rate:
        values = _resample(values, sound.shape.rate, shape.rate)
    return encode(values, shape)


def _shape(header: bytes) -> Shape:
    def number(at: int, width: int) -> int:
        return int.from_bytes(header[at : at + width], "little")

    kind = number(0, 2)
    if kind == _EXTENSIBLE and len(header) >= 26:
        kind = number(24, 2)
    channels, rate, frame, bits = number(2, 2), number(4, 4), number(12, 2), number(14, 2)
    if len(header) < 16 or not channels or not rate or not frame or frame % channels:
        raise Broken("is a WAV whose format cannot be; is it complete?")
    width = frame // channels
    known = width in (4, 8) if kind == _FLOAT else kind == _PCM and 1 <= width <= 4
    if not known or bits > 8 * width:
        raise Broken(
            f"has sound in the form {kind:#x} with {bits} bits; write it as PCM first, with "
            "ffmpeg -i FILE -c:a pcm_s16le NEW.wav"
        )
    return Shape(rate, channels, width, kind == _FLOAT)


def _decode(raw: bytes, shape: Shape) -> Sequence[float]:
    if shape.is_float:
        values = _array("f" if shape.width == 4 else "d", raw)
        return [max(-1.0, min(1.0, v)) if v == v else 0.0 for v in values]  # some are no number
    top = 1 << (8 * shape.width - 1)
    if shape.width == 1:
        return [(v - 128) / top for v in raw]
    if shape.width == 3:
        steps = range(0, len(raw), 3)
        return [int.from_bytes(raw[i : i + 3], "little", signed=True) / top for i in steps]
    return [v / top for v in _array("h" if shape.width == 2 else "i", raw)]


def _array(kind: str, raw: bytes) -> Any:  # array of int or of float
    values = array(kind, raw)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _spread(values: Any, shape: Shape) -> bytes:
    spread = array(values.typecode, bytes(len(values) * shape.frame))
    for channel in range(shape.channels):
        spread[channel :: shape.channels] = values
    if sys.byteorder == "big":
        spread.byteswap()
    return spread.tobytes()


def _resample(values: Sequence[float], old: int, new: int) -> list[float]:
    try:
        from av import AudioFrame, AudioResampler
    except ImportError as error:
        raise Broken(
            f"has {old} samples a second where the sound has {new}; make the label with "
            f"rate={new}, or pip install 'chopmark[sound]'"
        ) from error
    frame = AudioFrame("flt", "mono", len(values))
    frame.planes[0].update(array("f", values).tobytes())
    frame.sample_rate = old
    resampler = AudioResampler(format="flt", layout="mono", rate=new)
    out: list[float] = []
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        out.extend(array("f", bytes(part.planes[0])[: 4 * part.samples]))
    return out
