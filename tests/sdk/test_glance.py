"""What scanners see at a glance changes nothing but the time that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Verdict
from chopmark._screen import Screen
from chopmark._watch import Watch
from chopmark.hookspecs import Wary
from chopmark.testing import WordDetector

WORDS = ["ab", "bca", "aa", "cabc"]


class Seeing:
    """Finds one word, which it sees at a glance; `fed` is what it had to look at."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.settled = 0
        self.calm = True
        self.fed: list[str] = []
        self._text = ""

    def open(self, text: str) -> int:
        return max(n for n in range(len(self.word)) if text.endswith(self.word[:n]))

    def glance(self, text: str) -> int:
        return -1 if self.word in text else self.open(text)

    def ends(self, text: str) -> bool:
        return True

    def skip(self, text: str) -> None:
        self._text += text
        self.settled = len(self._text)

    def feed(self, text: str) -> Sequence[Verdict]:
        self.fed.append(text)
        self._text += text
        since, self.settled = self.settled, len(self._text) - self.open(self._text)
        starts = range(since, self.settled)
        found = [n for n in starts if self._text.startswith(self.word, n)]
        return [Verdict(category=self.word, start=n, end=n + len(self.word)) for n in found]

    def finish(self) -> Sequence[Verdict]:
        self.settled = len(self._text)
        return ()


class Spared(Seeing):
    """The same, which says what makes a glance necessary; `asked` is what it glanced at."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.wary = Wary(word[0], rf"(?={word[1]}|\Z)(?<={word[0]})")
        self.asked: list[str] = []

    def glance(self, text: str) -> int:
        self.asked.append(text)
        return super().glance(text)


class Blind:
    """The same, without a glance."""

    def __init__(self, seeing: Seeing) -> None:
        self._seeing = seeing
        self.feed, self.finish = seeing.feed, seeing.finish

    @property
    def settled(self) -> int:
        return self._seeing.settled


def screen_of(scanners: Sequence[Any]) -> Screen:
    detector = WordDetector({})
    watches = [Watch(detector, scanner) for scanner in scanners]
    return Screen(watches, lambda v: "modify" if v.category == "aa" else "warn", "block")


def screened(screen: Screen, pieces: Sequence[str]) -> tuple[object, ...]:
    out = [screen.feed(piece) for piece in pieces]
    return [*out, screen.finish()], screen.worst, screen.released, screen.verdicts, screen.failures


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = draw(st.text(alphabet="abc ", max_size=60))
    places = draw(st.lists(st.integers(0, len(text)), max_size=30))
    return [text[a:b] for a, b in pairwise([0, *sorted(places), len(text)])]


@given(words=st.lists(st.sampled_from(WORDS), max_size=4, unique=True), pieces=cut_texts())
def test_any_number_of_glances_shows_what_feeding_would(
    words: list[str], pieces: list[str]
) -> None:
    seeing = screen_of([Seeing(word) for word in words])
    blind = screen_of([Blind(Seeing(word)) for word in words])
    assert screened(seeing, pieces) == screened(blind, pieces)


HAN = str.maketrans("abc", "甲乙丙")


@given(words=st.lists(st.sampled_from(WORDS), max_size=4, unique=True), pieces=cut_texts())
def test_one_search_for_all_shows_what_their_glances_would(
    words: list[str], pieces: list[str]
) -> None:
    words, pieces = [w.translate(HAN) for w in words], [p.translate(HAN) for p in pieces]
    seeing = screened(screen_of([Seeing(word) for word in words]), pieces)
    assert screened(screen_of([Spared(word) for word in words]), pieces) == seeing


def test_text_that_nobody_is_wary_of_needs_no_glance() -> None:
    scanners = [Spared("甲乙"), Spared("丙丁")]
    screen = screen_of(scanners)
    assert [screen.feed(piece) for piece in ("天地", "丁甲玄", "乙丙黄")] == [
        "天地",
        "丁甲玄",
        "乙丙黄",
    ]
    assert [scanner.asked for scanner in scanners] == [[], []]
    assert screen.feed("宇甲") == "宇"
    assert [scanner.asked for scanner in scanners] == [["宇甲"], ["宇甲"]]
    assert screen.feed("乙宙") == "甲乙宙"
    assert [v.category for v in screen.verdicts] == ["甲乙"]


def test_what_may_begin_at_the_end_for_one_alone_needs_no_glance_of_it() -> None:
    one, other = Spared("甲乙"), Spared("乙甲丙")
    one.wary = one.wary._replace(alone=frozenset("甲"))
    screen = screen_of([one, other])
    assert screen.feed("天甲") == "天"
    assert (one.asked, other.asked) == ([], [])
    assert screen.feed("地乙") == "甲地"  # which may begin for the other, too
    assert one.asked == other.asked == ["甲地乙"]
    either = [Spared("甲乙"), Spared("甲乙丙")]
    either[0].wary = either[0].wary._replace(alone=frozenset("甲"))
    assert screen_of(either).feed("天甲") == "天"
    assert either[1].asked == ["天甲"]


@pytest.mark.parametrize("wary", [None, Wary("甲", "(")])
def test_without_a_search_there_are_the_glances(wary: Wary | None) -> None:
    scanners = [Spared("甲乙"), Spared("丙丁")]
    scanners[1].wary = wary  # type: ignore[assignment]
    screen = screen_of(scanners)
    assert screen.feed("天丙") + screen.feed("丁地") == "天丙丁地"
    assert [v.category for v in screen.verdicts] == ["丙丁"]
    assert [scanner.asked[0] for scanner in scanners] == ["天丙", "天丙"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_text_of_no_interest_is_not_fed(count: int) -> None:
    scanners = [Seeing(word) for word in WORDS[:count]]
    screen = screen_of(scanners)
    assert "".join([screen.feed(piece) for piece in "no such wor"]) == "no such wor"
    assert [scanner.fed for scanner in scanners] == [[]] * count
    assert screen.feed("ab ") == "ab "
    assert [scanner.fed for scanner in scanners] == [["ab "]] * count


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_where_a_glance_breaks_everything_is_fed_and_nothing_lost(broken: int) -> None:
    class Breaking(Seeing):
        def glance(self, text: str) -> int:
            return 1 // (text.find("!") == -1) - 1

    scanners = [Seeing("ab"), Seeing("bca"), Seeing("cabc")]
    scanners[broken] = Breaking(WORDS[broken])
    screen = screen_of(scanners)
    out = [screen.feed(piece) for piece in ("x a", "! a", "b", "c", "a d", "e")]
    assert "".join(out) + screen.finish() == "x a! abca de"
    assert [v.category for v in screen.verdicts if v.category == "bca"] == ["bca"]
    assert screen.failures == []
    assert "".join(scanners[broken].fed).endswith("! abca de")
