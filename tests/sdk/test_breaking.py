"""What a detector found before it breaks counts, wherever the text was cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chopmark import Context, Needs, Verdict
from chopmark._scanners import open_scanner
from chopmark._screen import Screen
from chopmark._watch import Watch
from chopmark.hookspecs import Scanner
from chopmark.testing import WordDetector

CAP = 16
CONTEXT = Context(direction="output")


class Breaking(WordDetector):
    """Denies `bad`, and breaks on a text with an `X`."""

    def __init__(self, needs: Needs) -> None:
        super().__init__({"bad": "deny"}, needs=needs)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        if "X" in text:
            raise ZeroDivisionError
        return super().judge(text, context)


class AtTheEnd:
    """A scanner that settles all, and breaks at the end of the text."""

    def __init__(self) -> None:
        self.settled = 0

    def feed(self, text: str) -> Sequence[Verdict]:
        since, self.settled = self.settled, self.settled + len(text)
        at = text.find("bad")
        if at < 0:
            return []
        return [Verdict(category="c.bad", start=since + at, end=since + at + 3, outcome="deny")]

    def finish(self) -> Sequence[Verdict]:
        raise ZeroDivisionError


def screened(
    scanners: Sequence[Scanner], pieces: Sequence[str], handled: Literal["allow", "block"]
) -> tuple[str, list[str]]:
    watches = [Watch(Breaking(Needs.clause()), scanner) for scanner in scanners]
    screen = Screen(watches, lambda verdict: verdict.outcome, handled)
    out = [screen.feed(piece) for piece in pieces]
    out.append(screen.finish())
    return "".join(out), [verdict.category for verdict in screen.verdicts]


def opened(needs: Needs) -> Scanner:
    return open_scanner(Breaking(needs), CONTEXT, CAP)


@pytest.mark.parametrize("handled", ["allow", "block"])
@example(needs=Needs.clause(), behind="; and X; on", cuts=[])
@example(needs=Needs.clause(), behind=" and so on, and on, X", cuts=[])
@example(needs=Needs.whole(), behind=" and so on, and on, X", cuts=[])
@given(
    needs=st.sampled_from([Needs.clause(), Needs.whole()]),
    behind=st.lists(st.sampled_from("a ;,"), min_size=CAP).map("".join).map("; {}X; so".format),
    cuts=st.lists(st.integers(0, CAP)),
)
def test_what_is_denied_stays_inside_though_its_detector_breaks_on_what_is_behind(
    handled: Literal["allow", "block"], needs: Needs, behind: str, cuts: list[int]
) -> None:
    text = f"so bad{behind}"
    pieces = [text[a:b] for a, b in pairwise([0, *sorted(cuts), len(text)])]
    assert screened([opened(needs)], pieces, handled)[0] == "so "


@pytest.mark.parametrize("handled", ["allow", "block"])
def test_what_is_denied_stays_inside_though_its_detector_breaks_at_the_end(
    handled: Literal["allow", "block"],
) -> None:
    never = open_scanner(WordDetector({"never": "deny"}, needs=Needs.clause()), CONTEXT, CAP)
    out, found = screened([AtTheEnd(), never], ["so bad", " it", " is"], handled)
    assert out == "so "
    assert found[0] == "c.bad"


@pytest.mark.parametrize("pieces", [["bed; X; on;", " and"], ["bed; ", "X; on;", " and"]])
def test_what_a_detector_judged_goes_out_before_it_breaks(pieces: list[str]) -> None:
    out, found = screened([opened(Needs.clause())], pieces, "block")
    assert (out, found) == ("bed;", ["error.detector"])
