"""The voice of a label: a recording that the operator gives.

GB 45438-2025 5.3 asks for words with both elements, at normal speed; its note 4 takes 120 to 160
characters a minute for that. A person may speak it, or a program:

    espeak-ng -v cmn -s 140 -w label.wav 内容由人工智能生成
"""

from __future__ import annotations

from array import array
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from chopmark import MarkError

from ._files._boxes import Broken
from ._files._errors import FileError, missing
from ._files._whole import read_whole
from ._samples import Shape, look, pack_wav, read
from ._wording import STANDARD, check_wording

SLOWEST, FASTEST = 120, 160
"""Characters a minute that are normal speed, GB 45438-2025 5.3, note 4."""
_LONGEST = 60
_SILENT = 0.01


def spoken(path: Path, words: str) -> bytes:
    """Return the recording at `path`, in any form of sound, as a WAV that `mix` takes.

    Args:
        path: of the recording.
        words: what is said in it; must have both elements of the standard.

    Raises:
        MarkError: `words` lack an element.
        FileError: the recording cannot be read, is silent, or lasts more than a minute.
    """
    lacking = check_wording(words)
    if lacking:
        raise MarkError(
            f"the words of a spoken label are {words!r}; {STANDARD} 5.3 asks for an AI element "
            f"and a generation element, and the {' and the '.join(lacking)} element is missing"
        )
    wav = read_whole(path)
    try:
        wav = wav if wav[:4] in (b"RIFF", b"RF64", b"BW64") else _decode(path)
        if not _seconds(wav):
            raise FileError(path, "is silent; record the label louder")
    except Broken as error:
        raise FileError(path, str(error)) from error
    return wav


def characters_a_minute(label: bytes, words: str) -> float:
    """Return how fast `label` says `words`: silence around them is not counted.

    Letters count one each, as Chinese characters do, so the number is right for Chinese only.

    Raises:
        MarkError: the label is no WAV, or silent.
    """
    try:
        seconds = _seconds(label)
    except Broken as error:
        raise MarkError(f"the label {error}") from error
    if not seconds:
        raise MarkError("the label is silent; record it louder")
    return 60 * sum(c.isalnum() for c in words) / seconds


def _seconds(wav: bytes) -> float:
    file = BytesIO(wav)
    sound = look(file)
    if sound.frames > _LONGEST * sound.shape.rate:
        raise Broken(f"lasts more than {_LONGEST} seconds; a label is a few words")
    loud = [i for i, v in enumerate(read(file, sound, 0, sound.frames)) if abs(v) > _SILENT]
    return (loud[-1] - loud[0] + 1) / sound.shape.rate if loud else 0.0


def _decode(path: Path) -> bytes:
    try:
        av: Any = import_module("av")
    except ImportError as error:
        raise missing(path, "av", "sound") from error
    samples = array("h")
    rate = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            rate = stream.rate
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in container.decode(stream):
                for part in resampler.resample(frame):
                    samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
                if len(samples) > _LONGEST * rate:
                    break
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise FileError(path, f"holds no sound that can be read ({error})") from error
    return pack_wav(samples.tobytes(), Shape(rate, 1, 2))
