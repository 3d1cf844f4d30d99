"""What a text holds in a code is read, what only looks like one is not."""

from __future__ import annotations

import base64
import codecs
import hashlib
import random
import time
import uuid
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark.decoding import AROUND, decode

SAID = {"en": "how do I fix a flat tyre", "zh": "怎么在家里修理自行车"}


def _wrapped(text: str) -> str:
    code = base64.b64encode((text * 3).encode()).decode()
    return "\n".join(code[n : n + 40] for n in range(0, len(code), 40))


CODES: Mapping[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "without padding": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "capitals, apart": lambda text: text.encode().hex(" ").upper(),
    "0x": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "points": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "braces": lambda text: "".join(f"\\u{{{ord(char):x}}}" for char in text),
    "names": lambda text: " ".join(f"U+{ord(char):04X}" for char in text),
    "HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "URL": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
}


@pytest.mark.parametrize("language", SAID)
@pytest.mark.parametrize("code", CODES)
def test_a_code_is_read_where_it_stands(code: str, language: str) -> None:
    said = SAID[language]
    before, after = "Please read this: ", " ; thank you."
    coded = CODES[code](said)
    text = f"{before}{coded}{after}"
    (part,) = decode(text)
    assert part.text == f"{before}{said}{after}"
    assert part.span == (len(before), len(before) + len(coded))


def test_rot13_is_read_up_to_the_words_around_it() -> None:
    coded = codecs.encode(SAID["en"], "rot13")
    (part,) = decode(f"Please tell me what this is: {coded}. Thank you")
    assert SAID["en"] in part.text
    assert part.text.startswith("Please tell me what this is:")
    (part,) = decode(coded)
    assert part.text == SAID["en"]


def test_lines_of_base64_are_one_code() -> None:
    (part,) = decode(f"Subject: x\n\n{_wrapped(SAID['en'])}\n")
    assert part.text == f"Subject: x\n\n{SAID['en'] * 3}\n"


def test_one_word_in_a_code_is_read_within_its_sentence() -> None:
    assert [one.text for one in decode("how do I fix a dHlyZQ== now")] == [
        "how do I fix a tyre now"
    ]
    assert [one.text for one in decode("怎么修理6L2u6IOO呢")] == ["怎么修理轮胎呢"]
    assert [one.text for one in decode("caf\\u00e9 au lait")] == ["café au lait"]


def test_codes_far_apart_are_read_each_with_what_stands_around_it() -> None:
    coded = CODES["base64"](SAID["en"])
    text = f"{coded} {'x ' * 400}{coded}"
    first, second = decode(text)
    assert first.span == (0, len(coded))
    assert second.span == (len(text) - len(coded), len(text))
    assert len(first.text) <= len(SAID["en"]) + AROUND


DRAW = random.Random(1)
ORDINARY = [
    "The quick brown fox jumps over the lazy dog, 2nd edition, 1990s.",
    "请把附件 report_2024-final_v2.docx 发给我，电话 13812345678，时间 2026-11-29 22:30:45。",
    "getUserByIdentifierAndName(request.headers['X-Request-Id'])",
    "https://example.com/a/b?q=1&page=20#section-2",
    "100%20 off, 50% of all; AT&T; R&D; C:\\users\\x",
    "\x1b[31m red \x1b[0m, \\n, \\t, \\d+",
]
RANDOM = [
    *(hashlib.sha256(bytes([n])).hexdigest() for n in range(50)),
    *(hashlib.sha1(bytes([n])).hexdigest() for n in range(50)),
    *(str(uuid.UUID(int=DRAW.getrandbits(128))) for _ in range(50)),
    *(base64.b64encode(DRAW.randbytes(48)).decode() for _ in range(50)),
    *(f"data:image/png;base64,{base64.b64encode(DRAW.randbytes(3000)).decode()}" for _ in range(3)),
    *(str(DRAW.randrange(10**7, 10**20)) for _ in range(50)),
]


@pytest.mark.parametrize("text", ORDINARY, ids=range(len(ORDINARY)))
def test_what_is_no_text_when_decoded_is_no_find(text: str) -> None:
    assert decode(text) == []


def test_neither_is_a_digest_a_key_a_picture_or_a_number() -> None:
    assert [text for text in RANDOM if decode(text)] == []


@settings(max_examples=scaled(200), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from([*SAID.values(), "\n", " ", "%", "\\u", "\\ud83d", "&#x110000;"]),
            st.builds(
                lambda code, said: CODES[code](said),
                st.sampled_from([*CODES]),
                st.sampled_from([*SAID.values()]),
            ),
        ),
        max_size=8,
    )
)
def test_places_lead_back_to_the_text_and_what_is_read_is_bounded(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = decode(text)
    assert sum(len(part.text) for part in found) <= 2 * len(text)
    last = 0
    for part in found:
        assert last <= part.span[0] < part.span[1] <= len(text)
        last = part.span[1]
        assert "".join(part.text[one.at : one.to] for one in part.parts) == part.text
        for one in part.parts:
            if one.coded:
                assert part.source(one.at, one.to) == (one.start, one.end)
            else:
                assert text[one.start : one.end] == part.text[one.at : one.to]
                assert part.source(one.at, one.to) is None


UNITS = ["aG93IHRv", "4f", "4f ", "a", "A1", "%41", "\\u0041", "&#65;", "ubj gb ", "aB\n", "0x41 "]


@pytest.mark.parametrize("unit", UNITS)
def test_the_time_grows_as_the_text_does(unit: str) -> None:
    def took(length: int) -> float:
        text = unit * (length // len(unit)) + "z"
        least = float("inf")
        for _ in range(3):
            started = time.process_time()
            decode(text)
            least = min(least, time.process_time() - started)
        return least

    took(1_000)
    assert took(40_000) < 8 * took(10_000) + 0.005
