"""The rhythm is heard at every speed and pitch, and nothing else is taken for it."""

from __future__ import annotations

import math
import random
import sys
import wave
from array import array
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_label._heard import RATE, find_alike, listen, rhythms
from chopmark_label._sound import rhythm


def samples(data: bytes) -> array[int]:
    with wave.open(BytesIO(data)) as file:
        found = array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def noise(seconds: float, top: int, seed: int = 1) -> array[int]:
    chance = random.Random(seed)
    return array("h", (chance.randint(-top, top) for _ in range(round(seconds * RATE))))


def syllables(seconds: float, seed: int) -> array[int]:
    """Return what is loud and quiet by turns of any length, at any pitch, as a voice is."""
    chance, out = random.Random(seed), array("h")
    while len(out) < seconds * RATE:
        pitch, size = chance.uniform(90, 1_000), chance.randint(200, 3_000)
        level = chance.randint(2_000, 20_000)
        out.extend(round(level * math.sin(i * pitch * math.tau / RATE)) for i in range(size))
        out.extend([0] * chance.randint(100, 3_000))
    return out


SILENCE = array("h", bytes(RATE))  # half a second


@given(
    unit=st.floats(0.04, 0.4),
    frequency=st.floats(300, 3_000),
    level=st.floats(-30, 0),
    before=st.floats(0, 2),
    seed=st.integers(0, 99),
)
@settings(max_examples=scaled(25))
def test_rhythm_is_heard_where_it_is(
    unit: float, frequency: float, level: float, before: float, seed: int
) -> None:
    label = samples(rhythm(rate=RATE, unit=unit, frequency=frequency, level=level))
    voice = noise(before, 9_000, seed)
    silence = array("h", bytes(2 * round(RATE * max(0.5, 2 * unit))))
    heard = listen([voice + silence, label, silence + voice])
    assert rhythms(heard) == [
        pytest.approx((len(voice) + len(silence)) / RATE, abs=0.4 * unit + 0.01)
    ]


@given(seed=st.integers(0, 1 << 30))
@settings(max_examples=scaled(25))
def test_voice_is_not_taken_for_the_rhythm(seed: int) -> None:
    assert rhythms(listen([syllables(6, seed)])) == []


def test_other_letters_are_not_taken_for_the_rhythm() -> None:
    def tones(signs: str) -> array[int]:
        out = array("h", SILENCE)
        for sign in signs:
            size = {".": 800, "-": 2_400, " ": 800}[sign]
            level = 0 if sign == " " else 8_000
            out.extend(round(level * math.sin(i * 0.7)) for i in range(size))
            out.extend([0] * 800)
        return out + SILENCE

    assert len(rhythms(listen([tones(".- ..")]))) == 1
    for other in ("-. ..", ".- .-", ".- ...", "... ..", ".-..", ". - . ."):
        assert rhythms(listen([tones(other)])) == [], other


def test_tones_that_change_their_pitch_are_not_taken_for_the_rhythm() -> None:
    label = samples(rhythm(rate=RATE))
    chirp = array("h", (round(v and 9_000 * math.sin(i * i * 2e-4)) for i, v in enumerate(label)))
    assert rhythms(listen([SILENCE, chirp, SILENCE])) == []
    assert len(rhythms(listen([SILENCE, label, SILENCE]))) == 1


def test_it_does_not_matter_how_the_sound_is_cut() -> None:
    whole = noise(0.3, 5_000) + SILENCE + samples(rhythm(rate=RATE))
    cut = [whole[:7], whole[7:5_000], array("h"), whole[5_000:]]
    assert listen(cut) == listen([whole])


@given(seed=st.integers(0, 1 << 30), level=st.floats(0.2, 1.5))
@settings(max_examples=10)
def test_voice_is_found_louder_or_quieter_and_with_noise(seed: int, level: float) -> None:
    voice = syllables(2, seed)
    label = listen([voice])
    again = array("h", (round(max(-32_768, min(32_767, level * v))) for v in voice))
    heard = listen([syllables(1, seed + 1), again, noise(1, 300)])
    at = find_alike(label, heard, 0, heard.seconds)
    assert at is not None
    assert find_alike(label, listen([syllables(5, seed + 2)]), 0, 5) is None
