"""A detector that sees at a glance that a whole text holds nothing is not asked to judge it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chopmark import Chopmark, Context, Needs, Policy, Rules, Verdict
from chopmark.hookspecs import Scanner
from chopmark.testing import plugin


class Shouts:
    """Finds capitals; `opened` is how many texts it judged, `cleared` are those it was asked of."""

    version, blocking, needs = "1", False, Needs.window(1)

    def __init__(self, name: str = "shouts") -> None:
        self.name = name
        self.opened = 0
        self.cleared: list[str] = []

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        places = [n for n, char in enumerate(text) if char.isupper()]
        return [Verdict(category="shout", start=n, end=n + 1) for n in places]

    def open(self, context: Context) -> Scanner:
        self.opened += 1
        return Whole(self)

    def clears(self, text: str, context: Context) -> bool:
        self.cleared.append(text)
        return not any(map(str.isupper, text))


class Whole:
    def __init__(self, detector: Shouts) -> None:
        self.settled = 0
        self._detector, self._text = detector, ""

    def feed(self, text: str) -> Sequence[Verdict]:
        self._text += text
        return ()

    def finish(self) -> Sequence[Verdict]:
        self.settled = len(self._text)
        return self._detector.judge(self._text, Context(direction="output"))


class Breaking(Shouts):
    def clears(self, text: str, context: Context) -> bool:
        raise RuntimeError("it cannot see")


class Silent(Shouts):
    """Finds nothing, and says so."""

    def clears(self, text: str, context: Context) -> bool:
        return True


def chop_of(*detectors: Shouts) -> Chopmark:
    policy = Policy(name="p", rules=Rules(both={"shout": "warn"}))
    return Chopmark(policy, plugins=[plugin(detectors=detectors)])


def test_a_text_is_judged_by_those_alone_that_do_not_clear_it() -> None:
    one, other = Shouts("one"), Silent("other")
    chop = chop_of(one, other)
    assert chop.screen("all is quiet").verdicts == ()
    assert (one.opened, other.opened) == (0, 0)
    found = chop.screen("A word").verdicts
    assert [(v.detector, v.start) for v in found] == [("one", 0)]
    assert (one.opened, other.opened) == (1, 0)


@pytest.mark.parametrize("text", ["all is quiet", "A word"])
def test_where_that_breaks_the_text_is_judged(text: str) -> None:
    breaking, sound = Breaking("breaking"), Shouts("sound")
    screening = chop_of(breaking, sound).screen(text)
    assert breaking.opened == 1
    assert screening.failures == ()
    assert len(screening.verdicts) == 2 * sum(map(str.isupper, text))


def test_an_answer_is_not_there_to_be_cleared() -> None:
    shouts = Shouts()

    @chop_of(shouts).guard
    def answer(prompt: str) -> str:
        return "quiet"

    assert answer("quiet, too") == "quiet"
    assert shouts.cleared == ["quiet, too"]
    assert shouts.opened == 1
