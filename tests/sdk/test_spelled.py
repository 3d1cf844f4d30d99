"""What scanners say of ASCII text beforehand changes nothing but the time that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from string import ascii_letters
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, Context, Needs, Policy, PolicyBlocked, Response, Rules, Verdict
from chopmark._screen import Screen
from chopmark._watch import Watch
from chopmark.hookspecs import Detector, Scanner, Spelled
from chopmark.testing import MemoryLog, WordDetector, plugin

MOST = 4
LETTERS = frozenset(ascii_letters)


class Following:
    """One text, of whose end `open` may still become something; `asked` is what it glanced at."""

    name = ""
    pattern = re.compile("")
    glance: Any = None
    spelled: Spelled

    def __init__(self) -> None:
        self.settled = 0
        self.calm = True
        self.asked: list[str] = []
        self._text = ""

    def open(self, text: str) -> int:
        raise NotImplementedError

    def ends(self, text: str) -> bool:
        return self.pattern.search(text) is None

    def skip(self, text: str) -> None:
        self._text += text
        self.settled = len(self._text)

    def feed(self, text: str) -> Sequence[Verdict]:
        self._text += text
        return self._until(len(self._text) - self.open(self._text))

    def finish(self) -> Sequence[Verdict]:
        return self._until(len(self._text))

    def _until(self, end: int) -> Sequence[Verdict]:
        since, self.settled = self.settled, end
        found = [m.span() for m in self.pattern.finditer(self._text) if since <= m.start() < end]
        return [Verdict(category=self.name, start=start, end=stop) for start, stop in found]


class Noughts(Following):
    """Finds a nought; up to four letters before the end may belong to one."""

    name = "nought"
    pattern = re.compile("0")
    spelled = Spelled(hot="0", run="abc", most=MOST, exact=True)

    def open(self, text: str) -> int:
        return min(MOST, len(text) - len(text.rstrip("abc")))

    def glance(self, text: str) -> int:
        self.asked.append(text)
        return -1 if "0" in text else self.open(text)


class Words(Following):
    """Finds `ab` and `ba c`, of whole words."""

    name = "word"
    pattern = re.compile(r"(?<![a-z])(?:ab|ba c)(?![a-z])")
    _head = re.compile(r"(?:\A|(?<=[^a-z]))(?:a|ab|b|ba|ba |ba c)\Z").search

    def __init__(self) -> None:
        super().__init__()
        firsts = frozenset({b"ab", b"ba"})
        self.spelled = Spelled(firsts=firsts, begins=self.begins, run="abc", most=1 << 30)

    def begins(self, words: Sequence[bytes], last: bytes) -> bool:
        return b"ab" in words or b"c" in words or (words[-1] == b"ba" and last in (b"", b"c"))

    def open(self, text: str) -> int:
        head = self._head(text)
        return 0 if head is None else len(text) - head.start()

    def glance(self, text: str) -> int:
        self.asked.append(text)
        if self.pattern.search(f"{text} ") or not any(c not in LETTERS for c in text):
            return -1  # a text of letters alone may go on with a word
        return self.open(text)


class Blind:
    """The same, without a glance."""

    def __init__(self, inner: Following) -> None:
        self._inner = inner
        self.feed, self.finish = inner.feed, inner.finish

    @classmethod
    def of(cls, kind: Callable[[], Following]) -> Blind:
        return cls(kind())

    @property
    def settled(self) -> int:
        return self._inner.settled


class Opens:
    """A detector that opens scanners of one class."""

    version, blocking, needs = "1", False, Needs.window(8)

    def __init__(self, make: Callable[[], Any], name: str) -> None:
        self.name, self.make = name, make
        self.opened = 0

    def open(self, context: Context) -> Scanner:
        self.opened += 1
        scanner: Scanner = self.make()
        return scanner

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]


class Sees(Opens):
    """The same, which needs a scanner only where a glance is not enough."""

    def sight(self, context: Context) -> SightOf | None:
        return SightOf(self) if context.direction == "output" else None


class SightOf:
    def __init__(self, detector: Opens) -> None:
        one: Following = detector.make()
        self.glance, self.ends, self.spelled = one.glance, one.ends, one.spelled
        self._detector = detector

    def open(self) -> Any:
        return self._detector.open(Context(direction="output"))


def screen_of(scanners: Sequence[Any]) -> Screen:
    detector = WordDetector({})
    return Screen([Watch(detector, one) for one in scanners], lambda verdict: "warn", "block")


def screened(screen: Screen, pieces: Sequence[str]) -> tuple[object, ...]:
    out = [screen.feed(piece) for piece in pieces]
    return [*out, screen.finish()], screen.worst, screen.released, screen.verdicts, screen.failures


PARTS = ["a", "b", "c", "ab", "ba", "ba c", "abcab", "ccccc", " ", ". ", "0"]


@st.composite
def cut_texts(draw: st.DrawFn, *more: str) -> list[str]:
    text = "".join(draw(st.lists(st.sampled_from([*PARTS, *more]), max_size=20)))
    places = draw(st.lists(st.integers(0, len(text)), max_size=30))
    return [text[a:b] for a, b in pairwise([0, *sorted(places), len(text)])]


SETS: list[list[type[Following]]] = [[Noughts, Words], [Words, Noughts], [Noughts], [Words]]


@pytest.mark.parametrize("kinds", SETS, ids=str)
@given(pieces=cut_texts())
def test_one_look_at_the_words_shows_what_feeding_would(
    kinds: list[type[Following]], pieces: list[str]
) -> None:
    fed = screened(screen_of([Blind(kind()) for kind in kinds]), pieces)
    assert screened(screen_of([kind() for kind in kinds]), pieces) == fed


def test_text_in_which_nothing_begins_needs_no_glance() -> None:
    scanners = [Noughts(), Words()]
    screen = screen_of(scanners)
    assert [screen.feed(piece) for piece in ("c bc a", "c. cc", "c. ")] == [
        "c bc ",
        "ac. ",
        "ccc. ",
    ]
    assert [one.asked for one in scanners] == [[], []]
    assert screen.feed("ba ") + screen.feed("a ") == "ba a "
    assert [bool(one.asked) for one in scanners] == [True, True]


@pytest.mark.parametrize("wrong", [Spelled(hot="0", firsts={b"ab"}), ("0",)], ids=["set", "tuple"])  # type: ignore[arg-type]
def test_where_what_is_said_beforehand_cannot_be_used_there_are_the_glances(wrong: Any) -> None:
    noughts, words = Noughts(), Words()
    words.spelled = wrong
    screen = screen_of([noughts, words])
    assert screen.feed("c. ab. 0 ") == "c. ab. 0 "
    assert [v.category for v in screen.verdicts] == ["word", "nought"]
    assert noughts.asked == ["c. ab. 0 "]


def test_where_no_scanner_covers_what_is_open_for_the_others_there_are_the_glances() -> None:
    words = Words()
    screen = screen_of([words])
    assert screen.feed("cc a") == "cc "
    assert words.asked == ["cc a"]


RULES = Rules(both={"word": "modify", "nought": "block"})


def streamed(pieces: Sequence[str], detectors: Sequence[Detector]) -> list[str]:
    """Return the pieces that a guarded stream gives; its record must hold them, and no more."""
    heard: list[Response] = []
    policy = Policy(name="p", rules=RULES)
    chop = Chopmark(policy, plugins=[plugin(detectors=detectors)], log=MemoryLog())

    @chop.guard(on_response=heard.append)
    def answer(prompt: str) -> Iterator[str]:
        yield from pieces

    out: list[str] = []
    with suppress(PolicyBlocked):
        out.extend(answer("?"))
    assert "".join(out) == heard[0].text
    return out


@given(
    pieces=cut_texts("甲", "乙"), kinds=st.sampled_from(SETS), how=st.sampled_from([Opens, Sees])
)
def test_a_stream_of_texts_is_the_same_where_glances_let_it_go(
    pieces: list[str], kinds: list[type[Following]], how: type[Opens]
) -> None:
    fed = streamed(pieces, [Opens(partial(Blind.of, kind), kind.name) for kind in kinds])
    assert streamed(pieces, [how(kind, kind.name) for kind in kinds]) == fed


def test_a_scanner_of_an_answer_is_opened_where_a_glance_is_not_enough() -> None:
    both = [Sees(Noughts, "noughts"), Sees(Words, "words")]
    assert streamed(["c. ", "cc. b", "c "], both) == ["c. ", "cc. ", "bc "]
    assert [one.opened for one in both] == [1, 1]  # of the request, which is judged whole
    assert streamed(["c. ", "ab. ", "c"], both) == ["c. ", "[word]. ", "c"]
    assert [one.opened for one in both] == [3, 3]


class Piece(str):
    __slots__ = ()


def test_pieces_that_are_no_plain_text_go_through_as_they_are() -> None:
    pieces = ["c. ", "", Piece("cc. "), "c. ", Piece("."), "", " "]
    out = streamed(pieces, [Opens(Noughts, "noughts"), Opens(Words, "words")])
    assert out == pieces
    assert [type(piece) for piece in out] == [type(piece) for piece in pieces]
