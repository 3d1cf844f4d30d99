"""The label that is heard is AI in Morse or the operator's voice, and covers nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import wave
from array import array
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import MarkError
from chopmark_label._files._errors import FileError
from chopmark_label._files._riff import chunk
from chopmark_label._files._wav import WAV
from chopmark_label._sound import Position, mix, mix_file, rhythm
from chopmark_label._speech import characters_a_minute, spoken

WORDS = "内容由人工智能生成"
BLOCK = '{"Label":"1"}'
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng here")


def wav(samples: bytes, *, rate: int = 8_000, channels: int = 1, width: int = 2) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(samples)
    return out.getvalue()


def samples_of(data: bytes) -> bytes:
    """Return the samples, as the standard library reads them."""
    with wave.open(BytesIO(data)) as file:
        return file.readframes(file.getnframes())


def numbers(data: bytes) -> array[int]:
    found = array("h", samples_of(data))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def morse(data: bytes, unit: float) -> str:
    """Return what a listener hears: tones and gaps, by how long they are in units."""
    with wave.open(BytesIO(data)) as file:
        rate = file.getframerate()
    values = numbers(data)
    window = round(rate * unit / 10)
    loud = [max(map(abs, values[i : i + window])) > 300 for i in range(0, len(values), window)]
    heard = ""
    for on, run in groupby(loud):
        units = round(len(list(run)) / 10)
        if units:  # else a rest of the last window
            heard += {(True, 1): ".", (True, 3): "-", (False, 1): "", (False, 3): " "}[on, units]
    return heard


@given(
    rate=st.sampled_from([8_000, 16_000, 24_000, 44_100, 48_000]),
    unit=st.sampled_from([0.06, 0.1, 0.15]),
    level=st.floats(-20, 0),
)
@settings(max_examples=12)
def test_rhythm_is_short_long_short_short(rate: int, unit: float, level: float) -> None:
    data = rhythm(rate=rate, unit=unit, level=level)
    assert morse(data, unit) == ".- .."
    top = max(map(abs, numbers(data))) / 32767
    assert top == pytest.approx(10 ** (level / 20), rel=0.05)


def test_rhythm_begins_and_ends_in_silence_so_that_it_does_not_click() -> None:
    values = numbers(rhythm())
    assert max(abs(b - a) for a, b in pairwise(values)) < 2_000
    assert abs(values[0]) < 100
    assert abs(values[-1]) < 100


@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0), ("channels", 0), ("width", 5), ("unit", 0), ("level", 6), ("frequency", 1)],
)
def test_rhythm_that_nobody_would_hear_is_refused(name: str, value: int) -> None:
    with pytest.raises(MarkError, match=f"{name} of a rhythm label is {value}; it may be"):
        rhythm(**{name: value})


shapes = st.tuples(
    st.sampled_from([8_000, 16_000]), st.integers(1, 3), st.sampled_from([1, 2, 3, 4])
)
places = st.sets(st.sampled_from(["start", "middle", "end"]), min_size=1)


@given(shape=shapes, count=st.integers(0, 400), at=places, data=st.randoms())
@settings(max_examples=scaled(40))
def test_taking_the_label_out_again_gives_the_sound_in_every_shape(
    shape: tuple[int, int, int], count: int, at: set[Position], data: object
) -> None:
    rate, channels, width = shape
    frame = channels * width
    sound = bytes(i * 7 % 251 for i in range(count * frame))
    label = rhythm(rate=rate, channels=channels, width=width, unit=0.03)
    heard = samples_of(label)
    gap = (b"\x80" if width == 1 else bytes(width)) * channels * round(0.01 * rate)
    mixed = samples_of(
        mix(wav(sound, rate=rate, channels=channels, width=width), label, at, pause=0.01)
    )
    if "start" in at:
        assert mixed.startswith(heard + gap)
        mixed = mixed[len(heard + gap) :]
    if "end" in at:
        assert mixed.endswith(gap + heard)
        mixed = mixed[: len(mixed) - len(gap + heard)]
    if "middle" in at:
        place = mixed.index(gap + heard + gap)
        mixed = mixed[:place] + mixed[place + len(gap + heard + gap) :]
    assert mixed == sound


def test_middle_is_the_pause_near_it() -> None:
    loud = array("h", [9_000, -9_000] * 8_000)
    loud[9_000:9_400] = array("h", bytes(800))  # a pause, half a second behind the middle
    mixed = numbers(mix(wav(loud.tobytes()), rhythm(rate=8_000), ["middle"], pause=0))
    begin = next(i for i in range(len(mixed)) if mixed[i : i + 2] != loud[i : i + 2])
    assert 9_000 <= begin <= 9_400


def test_label_that_is_there_is_not_put_there_again() -> None:
    label = rhythm(rate=8_000)
    once = mix(wav(bytes(16_000)), label, ["start", "end"])
    assert mix(once, label, ["start", "end"]) == once


def test_other_chunks_stay_and_the_block_of_the_file_with_them(tmp_path: Path) -> None:
    source, labelled, mixed = (tmp_path / f"{name}.wav" for name in ("a", "b", "c"))
    source.write_bytes(wav(bytes(range(200)) * 20))
    WAV.write(source, labelled, BLOCK)
    mix_file(labelled, mixed, rhythm(rate=8_000), ["start", "middle", "end"])
    assert [place.text for place in WAV.read(mixed)] == [BLOCK]
    assert mixed.read_bytes() == mix(
        labelled.read_bytes(), rhythm(rate=8_000), ["start", "middle", "end"]
    )
    assert len(samples_of(mixed.read_bytes())) > 3 * 2 * 8_000


def test_label_fits_a_sound_of_other_rate_channels_and_width() -> None:
    pytest.importorskip("av")
    sound = wav(bytes(4_000), rate=16_000, channels=2, width=2)
    mixed = mix(sound, rhythm(rate=48_000, width=4), ["end"])
    left = numbers(mixed)[::2]
    assert left == numbers(mixed)[1::2]
    alone = wav(left[1_000 + 4_000 :].tobytes(), rate=16_000)
    assert morse(alone, 0.1) == ".- .."


def test_sound_from_a_pipe_and_sound_in_floating_point_are_labelled() -> None:
    label = rhythm(rate=8_000)
    form = bytes.fromhex("0100 0100 401f0000 803e0000 0200 1000")
    piped = (
        b"RIFF\xff\xff\xff\xffWAVE" + chunk(b"fmt ", form) + b"data\xff\xff\xff\xff" + bytes(800)
    )
    assert mix(piped, label, pause=0) == piped[:-800] + samples_of(label) + bytes(800)
    form = bytes.fromhex("0300 0100 401f0000 007d0000 0400 2000")
    body = (
        b"WAVE" + chunk(b"fmt ", form) + chunk(b"fact", b"\x0a\0\0\0") + chunk(b"data", bytes(40))
    )
    floats = b"RIFF" + len(body).to_bytes(4, "little") + body
    mixed = mix(floats, label, pause=0)
    values = array("f", mixed[mixed.index(b"data") + 8 :])
    assert len(values) == 10 + len(numbers(label))
    assert max(values) == pytest.approx(10 ** (-12 / 20), rel=0.05)
    assert int.from_bytes(mixed[mixed.index(b"fact") + 8 :][:4], "little") == len(values)


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (b"", "the sound does not begin as a WAV"),
        (wav(bytes(100))[:-9], "the sound ends inside its 'data' chunk"),
        (wav(bytes(100)) + chunk(b"cue ", bytes(4)), None),  # behind the end: not of the file
        (
            wav(bytes(100)).replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x10\0\0\0\x07\0"),
            "write it as PCM first",
        ),
    ],
)
def test_sound_that_cannot_be_labelled_is_named_with_the_cure(
    sound: bytes, says: str | None
) -> None:
    if says is None:
        assert mix(sound, rhythm(rate=8_000))
        return
    with pytest.raises(MarkError, match=says):
        mix(sound, rhythm(rate=8_000))


def test_sound_with_cue_points_is_labelled_at_its_end_only() -> None:
    body = wav(bytes(100))[8:] + chunk(b"cue ", bytes(4))
    sound = b"RIFF" + len(body).to_bytes(4, "little") + body
    with pytest.raises(MarkError, match="put the label at the end"):
        mix(sound, rhythm(rate=8_000), ["start"])
    assert mix(sound, rhythm(rate=8_000), ["end"]).endswith(chunk(b"cue ", bytes(4)))


@pytest.mark.parametrize("at", [[], ["begin"]])
def test_place_that_there_is_not_is_refused(at: list[Position]) -> None:
    with pytest.raises(MarkError, match="give start, middle, end"):
        mix(wav(bytes(100)), rhythm(rate=8_000), at)


def test_broken_file_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "broken.wav"
    source.write_bytes(b"RIFF")
    with pytest.raises(FileError, match=r"broken\.wav"):
        mix_file(source, tmp_path / "new.wav", rhythm())
    assert not (tmp_path / "new.wav").exists()


def test_voice_of_the_operator_is_put_in_as_it_is(tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    voice.write_bytes(wav(array("h", [5_000, -5_000] * 14_000).tobytes()))  # 3.5 seconds
    label = spoken(voice, WORDS)
    assert characters_a_minute(label, WORDS) == pytest.approx(60 * len(WORDS) / 3.5)
    mixed = samples_of(mix(wav(bytes(1_000)), label, pause=0))
    assert mixed == samples_of(voice.read_bytes()) + bytes(1_000)


def test_voice_may_be_any_file_that_has_sound(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    voice = tmp_path / "voice.mp3"
    with av.open(str(voice), "w") as out:
        stream = out.add_stream("libmp3lame", rate=16_000)
        stream.layout = "mono"
        frame = av.AudioFrame("s16", "mono", 16_000)
        frame.planes[0].update(array("h", [5_000, 5_000, -5_000, -5_000] * 4_000).tobytes())
        frame.sample_rate = 16_000
        size = stream.codec_context.frame_size or 576
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=16_000, frame_size=size)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    mixed = mix(wav(bytes(16_000), rate=16_000), spoken(voice, WORDS))
    assert len(samples_of(mixed)) > 32_000 + 16_000


@pytest.mark.parametrize(
    ("words", "data", "says"),
    [
        ("AI", b"", "the generation element is missing"),
        (WORDS, wav(bytes(8_000)), "is silent"),
        (WORDS, wav(bytes(8_000 * 2 * 61)), "more than 60 seconds"),
        (WORDS, b"RIFF", "voice"),
        (WORDS, b"no sound", "no sound that can be read"),
    ],
)
def test_voice_that_is_no_label_is_refused(
    tmp_path: Path, words: str, data: bytes, says: str
) -> None:
    pytest.importorskip("av")
    voice = tmp_path / "voice.wav"
    voice.write_bytes(data)
    with pytest.raises(MarkError, match=says):
        spoken(voice, words)


@needs_espeak
def test_espeak_makes_a_voice_at_normal_speed(tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    subprocess.run(
        ["espeak-ng", "-v", "cmn", "-s", "140", "-w", str(voice), WORDS], check=True, timeout=60
    )
    label = spoken(voice, WORDS)
    assert 120 <= characters_a_minute(label, WORDS) <= 160
    assert mix(wav(bytes(44_100), rate=22_050), label)
