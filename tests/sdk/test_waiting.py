"""What waits for a clause is let go as if every scanner had been fed it, and fed to them once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chopmark import Chopmark, Context, Needs, OnError, Outcome, Policy, Verdict
from chopmark._scanners import open_scanner
from chopmark._screen import Screen
from chopmark._watch import Watch
from chopmark.hookspecs import Scanner
from chopmark.testing import BrokenDetector, WordDetector, plugin

WORDS: dict[str, Outcome] = {"ab": "warn", "b.c": "modify", "ca": "modify", "bcab": "deny"}
NEEDS = [Needs.window(4), Needs.window(7), Needs.clause(), Needs.whole()]
CAP = 13
PARTS = ["a", "b", "c", "ac", "ac;", "ca", "bcab", "b.c", ". ", ";", " "]


class Fed:
    """A scanner that is fed whatever comes: nobody sees that it waits. `fed` is what it was."""

    def __init__(self, inner: Scanner) -> None:
        self.fed: list[str] = []
        self.settled = 0
        self._inner = inner

    def feed(self, text: str) -> Sequence[Verdict]:
        self.fed.append(text)
        found = self._inner.feed(text)
        self.settled = self._inner.settled
        return found

    def finish(self) -> Sequence[Verdict]:
        return self._inner.finish()


def opened(kind: Needs, trigger: str) -> Watch:
    detector = BrokenDetector(trigger, needs=kind) if trigger else WordDetector(WORDS, needs=kind)
    return Watch(detector, open_scanner(detector, Context(direction="output"), CAP))


def screen_of(watches: Sequence[Watch]) -> Screen:
    return Screen(watches, lambda verdict: verdict.outcome, "allow")


def screened(screen: Screen, pieces: Sequence[str]) -> list[object]:
    steps: list[object] = [(screen.feed(p), screen.worst, screen.released) for p in pieces]
    return [*steps, screen.finish(), screen.worst, screen.verdicts, screen.stopped]


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = "".join(draw(st.lists(st.sampled_from(PARTS), max_size=20)))
    places = draw(st.lists(st.integers(0, len(text)), max_size=40))
    return [text[a:b] for a, b in pairwise([0, *sorted(places), len(text)])]


@example(kinds=[Needs.clause()], broken="ac", pieces=["ac;", "b"])
@example(kinds=[Needs.window(7), Needs.clause()], broken="", pieces=["b.", "c", ";", "a", " ;"])
@given(
    kinds=st.lists(st.sampled_from(NEEDS), min_size=1, max_size=4),
    broken=st.sampled_from(["", "", "ac"]),
    pieces=cut_texts(),
)
def test_what_waits_is_let_go_where_it_would_be_if_it_were_fed(
    kinds: list[Needs], broken: str, pieces: list[str]
) -> None:
    waiting = [opened(kind, broken if n == 0 else "") for n, kind in enumerate(kinds)]
    fed = [opened(kind, broken if n == 0 else "") for n, kind in enumerate(kinds)]
    fed = [Watch(watch.detector, Fed(watch.scanner)) for watch in fed]
    assert screened(screen_of(waiting), pieces) == screened(screen_of(fed), pieces)


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [(Needs.clause(), ["so it is;", " so"]), (Needs.whole(), ["so it is; so"])],
)
def test_scanners_beside_one_that_waits_are_fed_once_there_is_what_it_waits_for(
    kind: Needs, pieces: list[str]
) -> None:
    window, waiting = opened(Needs.window(1), ""), opened(kind, "")
    beside = Fed(window.scanner)
    screen = Screen(
        [Watch(window.detector, beside), waiting], lambda verdict: verdict.outcome, "block"
    )
    out = [screen.feed(piece) for piece in ["so", " it", " is", ";", " s", "o"]]
    assert "".join([*out, screen.finish()]) == "so it is; so"
    assert beside.fed == pieces


def test_an_answer_is_whole_though_a_detector_breaks_while_another_one_waits() -> None:
    waiting = WordDetector({"never": "deny"}, needs=Needs.clause())
    brought = plugin(detectors=[BrokenDetector("it", needs=Needs.clause()), waiting])
    policy = Policy(name="p", on_error=OnError(detector="allow"))
    pieces = ["so", " it", " is;", " and", " so", " on;", " and", " on"]

    @Chopmark(policy, plugins=[brought]).guard
    def answer(prompt: str) -> Iterator[str]:
        yield from pieces

    assert list(answer("q")) == ["so it is;", " and so on;", " and on"]
