"""A text in pieces: the same verdicts however it is cut, and as little held back as can be."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Context, Verdict
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
SLACK = 64
Detect = Callable[..., KeywordDetector]

# A small alphabet, so that terms overlap, nest and nearly match.
SIGNS = ["a", "b", "ab", "ａ", "Ｂ", "1", "炸", "药", " ", "。", "\u200b", "\u200b" * 40, "\ud800"]
WIDE = ["ﬀ", "f", "ß", "s", "…", ".", "é", "e\u0301", "İ", "㏂", "m", "😀", "①", "\n"]
terms = st.lists(
    st.tuples(
        st.lists(st.sampled_from([*SIGNS[:8], *WIDE]), min_size=1, max_size=4).map("".join),
        st.sampled_from(["block", "block", "warn", "allow"]),
    ).filter(lambda pair: pair[0].strip()),
    max_size=6,
)
texts = st.lists(st.sampled_from([*SIGNS, *WIDE]), max_size=14)


def joint(char: str) -> str:
    """What `char` joins with, for the characters of this module."""
    kind = unicodedata.category(char)[0]
    return "" if char in "炸药" or kind not in "LMN" else "digit" if kind == "N" else "letter"


def fold(text: str) -> list[tuple[str, int]]:
    """The folded characters of `text` with their sources, for the characters of this module."""
    found = []
    for at, char in enumerate(text):
        if char == "\u200b":
            continue
        if char == "\ud800":
            found.append(("\ufffd", at))
            continue
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
        found += [(" " if c.isspace() else c, at) for c in folded.casefold()]
    return found


def occurrences(entries: Sequence[tuple[str, str]], text: str) -> list[tuple[int, int, int]]:
    """(start, end, index of the entry) of what must be reported, by trying every place."""
    folds = fold(text)
    words = ["".join(c for c, _ in fold(term.strip())).strip() for term, _ in entries]
    reach = max(map(len, words), default=0) + SLACK
    found = []
    for rank, word in enumerate(words):
        for at in range(len(folds) - len(word) + 1):
            piece = folds[at : at + len(word)]
            if "".join(c for c, _ in piece) != word:
                continue
            start, end = piece[0][1], piece[-1][1] + 1
            before = folds[at - 1 : at] if at else []
            after = [f for f in folds[at + len(word) :][:1] if f[1] < start + reach]
            inside = any(joint(word[0]) and joint(c) == joint(word[0]) for c, _ in before)
            inside |= any(joint(word[-1]) and joint(c) == joint(word[-1]) for c, _ in after)
            if not inside and end - start <= reach:
                found.append((start, end, rank))
    exceptions = [o for o in found if entries[o[2]][1] == "allow"]
    kept = {
        (s, e, r)
        for s, e, r in found
        if entries[r][1] != "allow" and not any(x[0] <= s and e <= x[1] for x in exceptions)
    }
    return sorted(kept, key=lambda o: (o[0], -o[1], o[2]))


def scan(detector: KeywordDetector, pieces: Sequence[str]) -> list[Verdict]:
    scanner = detector.open(CONTEXT)
    found: list[Verdict] = []
    for piece in pieces:
        found += scanner.feed(piece)
    return [*found, *scanner.finish()]


@settings(max_examples=scaled(100), deadline=None)
@given(entries=terms, parts=texts, data=st.data())
def test_verdicts_are_those_of_trying_every_place_however_the_text_is_cut(
    detect: Detect, entries: list[tuple[str, str]], parts: list[str], data: st.DataObject
) -> None:
    detector = detect(entries)
    text = "".join(parts)
    expected = occurrences(entries, text)
    at = data.draw(st.integers(0, len(text)))
    for pieces in ([text], list(text), parts, [text[:at], "", text[at:]]):
        found = scan(detector, pieces)
        assert [(v.start, v.end, int(v.detail.split("#")[1]) - 1) for v in found] == expected
    assert detector.judge(text, CONTEXT) == scan(detector, [text])


@settings(max_examples=scaled(60), deadline=None)
@given(entries=terms, parts=texts)
def test_nothing_is_held_that_no_continuation_could_make_a_term(
    detect: Detect, entries: list[tuple[str, str]], parts: list[str]
) -> None:
    """What is held begins an occurrence for some continuation, and so is held for a reason."""
    text = "".join(parts)
    scanner = detect(entries).open(CONTEXT)
    scanner.feed(text)
    at = scanner.settled
    if at == len(text):
        return
    words = ["".join(c for c, _ in fold(term.strip())).strip() for term, _ in entries]
    everything = [(word, "block") for word in words]
    held = "".join(c for c, s in fold(text) if s >= at)
    rests = {word[n:] for word in words for n in range(len(word) + 1) if held.endswith(word[:n])}
    assert any(
        start == at and end >= len(text.rstrip("\u200b"))
        for rest in rests
        for start, end, _ in occurrences(everything, text + rest)
    )


PHRASES = [
    "kill you", "kill your dog", "bomb", "the b", "a-b c", "i'll  go", "k", "炸", "炸药炸", "炸b",
]  # fmt: skip
WORDS = [
    "kill", "kil", " you", "r dog", "you", " ", "the", " b", "bomb", "i'll", "  go", "-", "a",
    "b c", ".", "\n", "K", "é", "7", "_", "炸", "药", "，", "\u200b",
]  # fmt: skip


@settings(max_examples=scaled(200), deadline=None)
@given(
    entries=st.lists(st.sampled_from(PHRASES), min_size=1, max_size=5, unique=True),
    parts=st.lists(st.sampled_from(WORDS), max_size=10),
    data=st.data(),
)
def test_phrases_are_found_and_waited_for_alike_however_the_text_is_cut(
    detect: Detect, entries: list[str], parts: list[str], data: st.DataObject
) -> None:
    detector = detect(entries)
    text = "".join(parts)
    expected = occurrences([(term, "block") for term in entries], text)
    at = data.draw(st.integers(0, len(text)))
    settled = set()
    for pieces in ([text], list(text), parts, [text[:at], "", text[at:]]):
        scanner = detector.open(CONTEXT)
        found = [v for piece in pieces for v in scanner.feed(piece)]
        settled.add(scanner.settled)
        found += scanner.finish()
        assert [(v.start, v.end, int(v.detail.split("#")[1]) - 1) for v in found] == expected
    assert len(settled) == 1


@pytest.mark.parametrize(
    ("pieces", "settled"),
    [
        (["今天天气很好"], [6]),
        (["今天炸", "鸡"], [2, 4]),
        (["炸药", "包"], [0, 3]),
        (["the b", "lue bom", "e"], [4, 9, 13]),
        (["a bomb", " "], [2, 7]),
        (["xbomb"], [5]),
        (["炸\u200b", "\u200b", "x"], [0, 0, 4]),
        (["制作bomb", "制"], [2, 7]),
    ],
)
def test_only_what_may_still_become_a_term_is_held(
    detect: Detect, pieces: list[str], settled: list[int]
) -> None:
    scanner = detect(["炸药包", "bomb"]).open(CONTEXT)
    seen = []
    for piece in pieces:
        scanner.feed(piece)
        seen.append(scanner.settled)
    assert seen == settled


def test_a_verdict_comes_as_soon_as_it_is_certain(detect: Detect) -> None:
    scanner = detect(["炸药", "bomb"]).open(CONTEXT)
    assert [len(scanner.feed(piece)) for piece in ("炸", "药", "bomb", "。")] == [0, 1, 0, 1]


def test_invisible_characters_without_end_are_not_held_without_end(detect: Detect) -> None:
    detector = detect(["炸药", "bomb"])
    for start in ("炸", "bomb"):
        scanner = detector.open(CONTEXT)
        scanner.feed(start)
        held = [scanner.feed("\u200b") or len(start) + n - scanner.settled for n in range(1, 100)]
        most = max(n for n in held if isinstance(n, int))
        assert most < detector.needs.characters
        assert scanner.settled == len(start) + 99


@pytest.mark.parametrize(("invisible", "found"), [(63, []), (64, [(0, 4)])])
def test_what_follows_a_word_counts_up_to_the_same_bound_however_cut(
    detect: Detect, invisible: int, found: list[tuple[int, int]]
) -> None:
    detector = detect(["bomb"])
    text = "bomb" + "\u200b" * invisible + "s"
    for pieces in ([text], list(text), [text[:4], text[4:]], [text[:-1], "s"]):
        assert [(v.start, v.end) for v in scan(detector, pieces)] == found


def test_finish_decides_what_is_pending(detect: Detect) -> None:
    scanner = detect(["bomb", "bomb squad"]).open(CONTEXT)
    assert scanner.feed("bomb s") == []
    assert [(v.start, v.end) for v in scanner.finish()] == [(0, 4)]
    assert scanner.settled == 6
