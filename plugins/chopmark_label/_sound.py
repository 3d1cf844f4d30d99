"""The label that is heard: the rhythm `短长 短短` or a voice, put into a WAV.

GB 45438-2025 5.3 takes either one, at the start, at the end or at a suitable place in the middle.
An assistant that speaks is labelled at the start or the end of each of its turns (note 3), if
its interface does not show a label all the time.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

from chopmark import MarkError

from ._files._boxes import Broken
from ._files._errors import FileError
from ._files._rewrite import Edit, opened, rewrite, rewrite_file
from ._files._wav import resized
from ._samples import Shape, Sound, encode, fit, look, pack_wav, read

Position = Literal["start", "middle", "end"]

_START: tuple[Position, ...] = ("start",)
_LETTERS = (".-", "..")
"""A and I in Morse: what the standard writes as `短长 短短`."""
_UNITS = {".": 1, "-": 3}  # ITU-R M.1677-1: a dash is three dots, as is the gap between letters
_EDGE = 0.005  # seconds in which a tone begins and ends, so that it does not click
_NEAR_MIDDLE = 1.5  # seconds on either side of the middle in which a pause is looked for
_WINDOW = 0.02
_BOUND = (b"cue ", b"smpl", b"plst")  # chunks that name positions of the sound


def rhythm(
    *,
    rate: int = 24_000,
    channels: int = 1,
    width: int = 2,
    unit: float = 0.1,
    frequency: float = 880.0,
    level: float = -12.0,
) -> bytes:
    """Return the rhythm label as a WAV: short long, a gap, short short.

    Args:
        rate: samples a second; best that of the sound that it is for.
        channels: how many, all the same.
        width: bytes for a sample, 1 to 4.
        unit: seconds that a short tone lasts; 0.1 makes a label of 1.1 seconds.
        frequency: of the tone, in hertz.
        level: of its top, in decibels below the loudest that there is; 0 or less.

    Raises:
        MarkError: an argument cannot be.
    """
    limits = (
        ("rate", rate, 4_000, 768_000),
        ("channels", channels, 1, 64),
        ("width", width, 1, 4),
        ("unit", unit, 0.03, 1.0),
        ("frequency", frequency, 100.0, min(8_000.0, rate / 2.5)),
        ("level", level, -40.0, 0.0),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            raise MarkError(
                f"{name} of a rhythm label is {value!r}; it may be {least} to {most}, else it "
                "would not be heard as one"
            )
    loud = 10 ** (level / 20)
    values: list[float] = []
    for letter in _LETTERS:
        if values:
            values += [0.0] * round(2 * unit * rate)  # and one behind each tone makes three
        for sign in letter:
            values += _tone(round(_UNITS[sign] * unit * rate), rate, frequency, loud)
            values += [0.0] * round(unit * rate)
    shape = Shape(rate, channels, width)
    return pack_wav(encode(values[: len(values) - round(unit * rate)], shape), shape)


def mix(
    sound: bytes,
    label: bytes,
    at: Collection[Position] = _START,
    *,
    pause: float = 0.25,
) -> bytes:
    """Return the WAV `sound` with the WAV `label` put in; nothing of it is covered or cut off.

    Everything else in the file stays, metadata too. A label that stands at the start or the end
    already is not put there again. The middle is the quietest moment near it.

    Args:
        sound: a whole WAV file, PCM or floating point.
        label: from `rhythm` or `spoken`; made to fit the sound.
        at: one or several of `start`, `middle`, `end`.
        pause: seconds of silence between label and sound.

    Raises:
        MarkError: one of the two cannot be read, or `at` is empty or unknown.
    """
    file, out = BytesIO(sound), BytesIO()
    try:
        edits = _edits(file, label, at, pause)
    except Broken as error:
        raise MarkError(f"the sound {error}") from error
    rewrite(file, out, edits)
    return out.getvalue()


def mix_file(
    source: Path,
    target: Path,
    label: bytes,
    at: Collection[Position] = _START,
    *,
    pause: float = 0.25,
) -> None:
    """Write the WAV `source` with `label` put in, as `mix` does, to `target`.

    The sound is not read into memory.

    Raises:
        FileError: `source` cannot be read or labelled, or `target` cannot be written.
        MarkError: the label cannot be read, or `at` is empty or unknown.
    """
    with opened(source) as file:
        try:
            edits = _edits(file, label, at, pause)
        except Broken as error:
            raise FileError(source, str(error)) from error
    rewrite_file(source, target, edits)


def _tone(count: int, rate: int, frequency: float, loud: float) -> list[float]:
    edge = max(1, min(round(_EDGE * rate), count // 2))
    step = 2 * math.pi * frequency / rate
    return [
        loud * math.sin(step * i) * min(1.0, (i + 1) / edge, (count - i) / edge)
        for i in range(count)
    ]


def _edits(file: BinaryIO, label: bytes, at: Collection[Position], pause: float) -> list[Edit]:
    unknown = [place for place in at if place not in ("start", "middle", "end")]
    if unknown or not at:
        raise MarkError(f"a label cannot be at {list(at)!r}; give start, middle, end, or several")
    if not 0 <= pause <= 10:
        raise MarkError(f"pause is {pause!r} seconds; it may be 0 to 10")
    sound = look(file)
    _check(sound, at)
    try:
        samples = fit(label, sound.shape)
    except Broken as error:
        raise MarkError(f"the label {error}") from error
    if not samples:
        raise MarkError("the label has no sound in it; give it some")
    gap = encode([0.0] * round(pause * sound.shape.rate), sound.shape)
    return resized(sound.wave, file, _sound_edits(file, sound, samples, gap, at))


def _check(sound: Sound, at: Collection[Position]) -> None:
    kinds = {part.kind for part in sound.wave.chunks}
    if b"C2PA" in kinds:
        raise Broken(
            "carries a C2PA manifest, whose signature a label would break; label first, then sign"
        )
    if kinds.intersection(_BOUND) and set(at) != {"end"}:
        raise Broken(
            "has cue points or loops, which would no longer be right; put the label at the end"
        )


def _sound_edits(
    file: BinaryIO, sound: Sound, samples: bytes, gap: bytes, at: Collection[Position]
) -> list[Edit]:
    """Return the edits of the samples, and of what says how many there are."""
    data, frame = sound.data, sound.shape.frame
    length = sound.frames * frame
    edits: list[Edit] = []
    tail = b""
    if "start" in at and not _stands(file, data.body, samples + gap):
        edits.append(Edit(data.body, data.body, samples + gap))
    if "middle" in at:
        middle = data.body + _quiet(file, sound) * frame
        edits.append(Edit(middle, middle, gap + samples + gap))
    if "end" in at and not _stands(file, data.body + length - len(gap + samples), gap + samples):
        tail = gap + samples
    new = length + sum(edit.growth for edit in edits) + len(tail)
    # Bytes behind the last whole frame, which no player plays, go: a label must not follow them.
    pad = b"" if sound.wave.endless else bytes(new % 2)
    edits.append(Edit(data.body + length, data.after, tail + pad))
    return [*edits, *_counts(file, sound, new)]


def _stands(file: BinaryIO, at: int, samples: bytes) -> bool:
    if at < 0:
        return False
    file.seek(at)
    return file.read(len(samples)) == samples


def _quiet(file: BinaryIO, sound: Sound) -> int:
    """Return the frame near the middle at which the sound is quietest, the nearest such one."""
    middle, rate = sound.frames // 2, sound.shape.rate
    near = min(middle // 2, round(_NEAR_MIDDLE * rate))
    window = max(1, round(_WINDOW * rate))
    values = read(file, sound, middle - near, min(sound.frames, middle + near))
    loudness = [
        (sum(v * v for v in values[i : i + window]), abs(i + window // 2 - near), i + window // 2)
        for i in range(0, len(values) - window, max(1, window // 2))
    ]
    return middle - near + min(loudness)[2] if loudness else middle


def _counts(file: BinaryIO, sound: Sound, length: int) -> list[Edit]:
    """Return the edits of the sizes that stand in the chunks themselves."""
    if sound.wave.endless:
        return []
    frames = length // sound.shape.frame
    edits = []
    for part in sound.wave.chunks:
        if part.kind == b"ds64":
            sizes = length.to_bytes(8, "little") + frames.to_bytes(8, "little")
            edits.append(Edit(part.body + 8, part.body + 24, sizes))
        elif part.kind == b"fact" and part.end - part.body >= 4 and sound.wave.form == b"RIFF":
            edits.append(Edit(part.body, part.body + 4, frames.to_bytes(4, "little")))
    if sound.wave.form == b"RIFF":
        if length >> 32:
            raise Broken("gets longer than the 4 GB that RIFF can say; write it as RF64 first")
        edits.append(Edit(sound.data.start + 4, sound.data.body, length.to_bytes(4, "little")))
    return edits
