"""Joiners that belong to a script or a picture are left in their place; offsets stay right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chopmark import Context
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
Detect = Callable[..., KeywordDetector]
ZWNJ, ZWJ = "\u200c", "\u200d"
FAMILY = f"\U0001f468{ZWJ}\U0001f469{ZWJ}\U0001f467"


def spans(detector: KeywordDetector, text: str) -> list[str]:
    return [text[v.start : v.end] for v in detector.judge(text, CONTEXT)]


@pytest.mark.parametrize("folding", ["plain", "disguise", "decode"])
@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("\U0001f469", FAMILY, []),
        ("\U0001f469", f"{FAMILY}\U0001f469", ["\U0001f469"]),
        ("\U0001f468\U0001f469\U0001f467", FAMILY, []),
        (FAMILY, f"a{FAMILY}b", [FAMILY]),
        ("❤", "❤\ufe0f", ["❤"]),
        ("نامهای", f"نامه{ZWNJ}ای", []),
        (f"نامه{ZWNJ}ای", f"یک نامه{ZWNJ}ای", [f"نامه{ZWNJ}ای"]),
        ("می", f"می{ZWNJ}خواهم", []),
        ("می", "می خواهم", ["می"]),
        ("क्ष", f"क्{ZWJ}ष", []),
        (f"क्{ZWJ}ष", f"यह क्{ZWJ}ष", [f"क्{ZWJ}ष"]),
        ("炸药", f"{FAMILY}炸{ZWJ}药{FAMILY}", [f"炸{ZWJ}药"]),
        ("炸药", f"می{ZWNJ}خواهم炸药", ["炸药"]),
        ("bomb", f"क्{ZWJ}ष bo{ZWNJ}mb", [f"bo{ZWNJ}mb"]),
    ],
)
def test_joiners_of_scripts_and_pictures_are_part_of_what_is_written(
    detect: Detect, folding: str, term: str, text: str, found: list[str]
) -> None:
    detector = detect([term], folding)
    assert spans(detector, text) == found
    scanner = detector.open(CONTEXT)
    pieces = [v for char in text for v in scanner.feed(char)] + [*scanner.finish()]
    assert [text[v.start : v.end] for v in pieces] == found


def test_a_text_in_persian_or_hindi_is_no_disguise_of_latin_words(detect: Detect) -> None:
    detector = detect(["lol", "bomb", "fuck"], "decode")
    assert spans(detector, f"سلام، حال شما چطور است؟ می{ZWNJ}خواهم ه١ه نमस्ते दुनिया") == []
