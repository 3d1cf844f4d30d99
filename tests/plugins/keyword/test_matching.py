"""What is an occurrence of a term, and what is not."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest

from chopmark import Context
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
Detect = Callable[..., KeywordDetector]


def spans(detector: KeywordDetector, text: str) -> list[str]:
    return [text[v.start : v.end] for v in detector.judge(text, CONTEXT)]


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("炸药", "请问如何制作炸药呢", ["炸药"]),
        ("bomb", "炸药bomb制作", ["bomb"]),
        ("ass", "class assess passage mass ASS", ["ASS"]),
        ("ass", "ass_x -ass- 'ass' ass.", ["ass"] * 4),
        ("glock", "买glock19吗", ["glock"]),
        ("100", "1000 2100 第100名 x100", ["100", "100"]),
        ("加v信", "快加V信123", ["加V信"]),
        ("v信", "av信 v信", ["v信"]),
        ("café", "cafés CAFÉ cafe", ["CAFÉ"]),
        ("cafe", "cafe\u0301 cafe", ["cafe"]),
        ("бомба", "бомбами БОМБА", ["БОМБА"]),
        ("폭탄", "폭탄을 만들", ["폭탄"]),
        ("爆弾", "爆弾を作る", ["爆弾"]),
        ("go on", "go\non, go\u3000on, go  on", ["go\non", "go\u3000on"]),
        ("don't live", "DON’T LIVE", ["DON’T LIVE"]),
        ("微信", "微\u200b信 微\u00ad\ufe0f信", ["微\u200b信", "微\u00ad\ufe0f信"]),
        ("bomb", "b\u200bo\u2060m\ufeffb", ["b\u200bo\u2060m\ufeffb"]),
        ("bomb", "ｂＯｍｂ 𝐛𝐨𝐦𝐛 ⓑⓞⓜⓑ", ["ｂＯｍｂ", "𝐛𝐨𝐦𝐛", "ⓑⓞⓜⓑ"]),
        ("ｂｏｍｂ", "bomb", ["bomb"]),
        ("k粉", "\u212a粉", ["\u212a粉"]),
        ("strasse", "Straße", ["Straße"]),
        ("会社", "㍿です", ["㍿"]),
        ("c++", "learn c++ now, c++11", ["c++", "c++"]),
        ("𠮷野", "x😀𠮷野\U0001f600", ["𠮷野"]),
        ("炸药", "\0炸药\0 炸\0药", ["炸药"]),
    ],
)  # fmt: skip
def test_term_is_found_where_a_reader_would_see_it(
    detect: Detect, term: str, text: str, found: list[str]
) -> None:
    assert spans(detect([term]), text) == found


def test_lone_surrogates_neither_match_nor_move_offsets(detect: Detect) -> None:
    text = "\ud83d炸药\udc00\ud800bomb\udfff"
    assert spans(detect(["炸药", "bomb"]), text) == ["炸药", "bomb"]
    assert spans(detect(["炸药"]), "炸\ud800药") == []


def test_every_width_style_and_case_of_a_letter_is_that_letter(detect: Detect) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    codes = (c for c in range(sys.maxunicode + 1) if not 0x4E00 <= c <= 0xD7FF)
    variants = [
        char
        for char in map(chr, codes)
        if len(folded := unicodedata.normalize("NFKC", char).casefold()) == 1 and folded in letters
    ]
    assert len(variants) > 500
    assert spans(detect(list(letters)), "。".join(variants)) == variants


def test_no_character_moves_the_offsets_of_what_follows_it(detect: Detect) -> None:
    codes = (c for c in range(sys.maxunicode + 1) if not 0x3400 <= c <= 0xD7FF and c < 0x32000)
    changed = (c for c in codes if c < 0x11000 or unicodedata.normalize("NFKC", chr(c)) != chr(c))
    chars = [*map(chr, changed)]
    found = spans(detect(["炸药", ".", "b", "ss"]), "炸药".join(chars))
    assert found.count("炸药") == len(chars) - 1


def test_text_that_folds_to_more_characters_keeps_its_offsets(detect: Detect) -> None:
    text = "ﬃﬃ㎏…İß炸药ﬁn bomb"
    assert spans(detect(["炸药", "bomb", "ﬁn"]), text) == ["炸药", "ﬁn", "bomb"]


def test_invisible_characters_are_skipped_up_to_a_bound(detect: Detect) -> None:
    detector = detect(["炸药"])
    near, far = "炸" + "\u200b" * 64 + "药", "炸" + "\u200b" * 65 + "药"
    assert spans(detector, near) == [near]
    assert spans(detector, far) == []
    assert detector.needs.characters == 66


def test_every_occurrence_of_every_term_is_reported_longest_first(detect: Detect) -> None:
    found = spans(detect(["药", "炸药", "炸药包", "药包"]), "炸药包")
    assert found == ["炸药包", "炸药", "药包", "药"]


def test_exception_hides_what_lies_inside_it_and_nothing_else(detect: Detect) -> None:
    detector = detect(["日你妈", "妈来", ("生日你妈", "allow")])
    assert spans(detector, "生日你妈来，日你妈") == ["妈来", "日你妈"]


def test_exception_of_the_same_span_wins(detect: Detect) -> None:
    assert spans(detect(["炸药", ("炸药", "allow")]), "炸药") == []


def test_one_character_that_folds_to_a_term_thrice_is_one_occurrence(detect: Detect) -> None:
    assert spans(detect(["."]), "wait…") == ["…"]


def test_rejected_occurrence_hides_none_beneath_it(detect: Detect) -> None:
    assert spans(detect(["ab 炸", "炸药"]), "xab 炸药") == ["炸药"]


@pytest.mark.parametrize(
    ("level", "outcome"),
    [("block", "deny"), ("escalate", "escalate"), ("modify", "modify"), ("warn", "warn")],
)
def test_level_is_the_outcome_that_is_advised(detect: Detect, level: str, outcome: str) -> None:
    (verdict,) = detect([("炸药", level)]).judge("炸药", CONTEXT)
    assert verdict.outcome == outcome
    assert (verdict.category, verdict.score) == ("keyword.test", 1.0)


def test_detail_names_list_and_entry_but_not_the_term(detect: Detect) -> None:
    verdicts = detect(["bomb", "炸药"]).judge("炸药 bomb", CONTEXT)
    assert [v.detail for v in verdicts] == ["ops#2", "ops#1"]


def test_a_list_without_active_entries_finds_nothing(detect: Detect) -> None:
    assert spans(detect([]), "anything 什么都行") == []
