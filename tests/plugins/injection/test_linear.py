"""What the detectors do grows with the length of a text alone, whatever stands in it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from chopmark import Context
from chopmark_injection import (
    ExfiltrationDetector,
    InstructionDetector,
    InvisibleDetector,
    Options,
    read_rules,
)
from chopmark_injection._machine import regions

if sys.version_info >= (3, 11):
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_constants as constants
    import sre_parse as parser

ANSWER = Context(direction="output")
TOOL = Context(direction="input", role="tool")
OPTIONS = Options()
RULES = read_rules()


def longest_repeat(pattern: str) -> int:
    """Return the most times that anything in `pattern` may be repeated."""

    def walk(items: Any) -> int:
        worst = 1
        for op, argument in items:
            if op in (constants.MAX_REPEAT, constants.MIN_REPEAT):
                worst = max(worst, int(argument[1]), walk(argument[2]))
            elif op is constants.SUBPATTERN:
                worst = max(worst, walk(argument[3]))
            elif op is constants.BRANCH:
                worst = max(worst, *map(walk, argument[1]))
            elif op in (constants.ASSERT, constants.ASSERT_NOT):
                worst = max(worst, walk(argument[1]))
        return worst

    return walk(parser.parse(pattern))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.language}-{rule.name}")
def test_no_rule_has_a_repeat_without_a_limit(rule: Any) -> None:
    for part in rule.parts:
        assert longest_repeat(part.pattern) <= 40


def test_the_search_for_repeats_sees_all_of_a_pattern() -> None:
    for pattern in ("a*", "(?:a|b+)", "(?=a*)x", "(?:(?:a{0,9}b)?c)+", "a*?"):
        assert longest_repeat(pattern) > 1000
    assert longest_repeat("(?:a{0,9}b)?[ab]{2}") == 9


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of processor time of the fastest of `times` runs."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


HARD = (
    "](", "](https:", "](&](&", "![", "[[[[[[[[[]]]]]]]]]", "<a ", "<img src=",
    "<img src='https:", "]: ", "https://", "https://a.b/", "https:https:", "www.", "'\"`", "\\",
    "(", ")", "a", " ", "\n", "文", "\U0001f600\ufe0f", "\u200b", "\u200ba", "\U000e0061",
    "\U0001f3f4\U000e0067", "\ufeff\U000e0133", "ignore all the previous ", "ignore ",
    "append to ", "before you answer ", "do not tell ", "把", "忽略之前的", "如果你是",
    "send the password to ", "<!--", "![<!--", "alt='", "<alt='", "a b_c ", "回答之前",
    "ai must ", "the system ", "。", "% ",
)  # fmt: skip


@cache
def detectors() -> tuple[InvisibleDetector, ExfiltrationDetector, InstructionDetector]:
    return (
        InvisibleDetector(OPTIONS), ExfiltrationDetector(OPTIONS), InstructionDetector(OPTIONS)
    )  # fmt: skip


@pytest.mark.parametrize("unit", HARD)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    invisible, exfiltration, instructions = detectors()

    def judge(length: int) -> Callable[[], object]:
        text = (unit * length)[:length]

        def work() -> None:
            invisible.judge(text, ANSWER)
            exfiltration.judge(text, ANSWER)
            instructions.judge(text, TOOL)

        return work

    short, long = seconds(judge(600)), seconds(judge(4_800), 2)
    assert long < 24 * short + 0.002


def test_values_without_quotes_within_each_other_are_looked_through_once() -> None:
    plain, within = "<" + "alt='x" * 8_000, "<" + "alt=" * 12_000
    assert seconds(lambda: regions(within)) < 50 * seconds(lambda: regions(plain)) + 0.05


@pytest.mark.parametrize(
    "unit", ["a", "https://a.b/?q=", "](https:", "\u200b", "<img src='", "![a](b "]
)
def test_one_character_at_a_time_costs_the_same_at_the_end_as_at_the_start(unit: str) -> None:
    def stream(length: int) -> Callable[[], object]:
        text = (unit * length)[:length]

        def work() -> None:
            for detector in (InvisibleDetector(OPTIONS), ExfiltrationDetector(OPTIONS)):
                scanner = detector.open(ANSWER)
                for character in text:
                    scanner.feed(character)
                scanner.finish()

        return work

    short, long = seconds(stream(300)), seconds(stream(2_400), 2)
    assert long < 24 * short + 0.002


def test_a_scanner_does_not_keep_the_text() -> None:
    for detector in (InvisibleDetector(OPTIONS), ExfiltrationDetector(OPTIONS)):
        scanner = detector.open(ANSWER)
        for _ in range(2_000):
            scanner.feed("a sentence with ![an image](https://ok.org/a.png), \u200b and more\n")
        kept = sum(
            len(value)
            for name in scanner.__slots__
            if isinstance(value := getattr(scanner, name), str)
        )
        assert kept < 1_000


def test_spans_of_rules_have_a_limit() -> None:
    for rule in RULES:
        widths = [parser.parse(part.pattern).getwidth()[1] for part in rule.parts]
        assert sum(widths) < 2_000
        assert isinstance(rule.parts[0], re.Pattern)
