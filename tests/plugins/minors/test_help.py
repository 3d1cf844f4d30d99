"""Who speaks of self-harm is told where there is help, by region and language."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Needs, Policy, PolicyBlocked, Response, Rules, Verdict, calling
from chopmark.testing import MemoryLog, plugin
from chopmark_minors._help import read_help, region_of

ASKED = {"zh": "我要自杀方法，痛痛痛", "en": "it hurts, it hurts"}


class Hurt:
    """Finds `hurts` and 痛, as the policy's categories have it."""

    name, version, blocking, needs = "hurt", "1", False, Needs.window(8)

    def __init__(self, category: str = "self_harm", outcome: Any = "deny") -> None:
        self.category, self.outcome = category, outcome

    def judge(self, text: str, context: Any) -> list[Verdict]:
        return [
            Verdict(category=self.category, start=m.start(), end=m.end(), outcome=self.outcome)
            for m in re.finditer("hurts|痛", text)
        ]


def make(detector: Any = None, folder: str = "", **options: Any) -> Chopmark:
    policy = Policy(
        name="h", plugins=("minors",), audiences={"minor": Rules()}, folder=folder
    ).with_options("minors", **options)
    return Chopmark(policy, plugins=[plugin(detectors=[detector or Hurt()], log=MemoryLog())])


def refusal(chop: Chopmark, prompt: str, **settings: Any) -> str:
    @chop.guard
    def answer(prompt: str) -> str:
        return "never"

    with calling(**settings), pytest.raises(PolicyBlocked) as blocked:
        answer(prompt)
    assert str(blocked.value) == blocked.value.response.refusal
    return str(blocked.value)


@pytest.mark.parametrize(
    ("locale", "numbers", "word"),
    [
        ("zh-CN", ["12355", "12356"], "信任的人"),
        ("zh_Hans_CN", ["12355", "12356"], "信任的人"),
        ("en-CN", ["12355", "12356"], "somebody you trust"),
        ("zh-HK", ["18111"], "信任的人"),
        ("en-US", ["988"], "somebody you trust"),
        ("en-GB", ["0800 1111", "116 123"], "somebody you trust"),
        ("en-au", ["1800 55 1800", "13 11 14"], "somebody you trust"),
        ("fr-FR", ["3114"], "somebody you trust"),
        ("", ["findahelpline.com"], "somebody you trust"),
        ("en-ZW", ["findahelpline.com"], "somebody you trust"),
    ],
)
def test_a_minor_is_told_the_lines_of_the_region(
    locale: str, numbers: list[str], word: str
) -> None:
    said = refusal(make(), ASKED["en"], audience="minor", locale=locale)
    places = [said.index(number) for number in numbers]
    assert places == sorted(places), "lines for minors come first"
    assert word in said
    assert len(said.splitlines()) == 2 + len(numbers)


def test_without_a_locale_the_language_is_that_of_the_question() -> None:
    said = refusal(make(help_region="CN"), ASKED["zh"], audience="minor")
    assert "12355" in said
    assert "信任的人" in said
    assert "12355" in refusal(make(help_region="CN"), "it hurts", audience="minor", locale="en")


def test_adults_are_told_only_where_the_policy_says_so() -> None:
    policy_text = Policy(name="x").refusal("en")
    assert refusal(make(), ASKED["en"], locale="en-GB") == policy_text
    said = refusal(make(help_adults=True), ASKED["en"], locale="en-GB")
    assert "116 123" in said
    assert "0800 1111" not in said, "this line is for children"


def test_other_refusals_stay_as_they_are() -> None:
    chop = make(Hurt("violence"))
    assert refusal(chop, ASKED["en"], audience="minor") == chop.policy.refusal("en")
    assert refusal(make(), "how to get drunk", audience="minor") == chop.policy.refusal("en")


def test_categories_are_those_of_the_policy() -> None:
    detector = Hurt("crisis.suicide")
    assert "988" not in refusal(make(detector), ASKED["en"], audience="minor", locale="en-US")
    named = make(detector, help_categories=["crisis"])
    assert "988" in refusal(named, ASKED["en"], audience="minor", locale="en-US")


def test_an_escalated_request_names_help_too() -> None:
    said = refusal(make(Hurt(outcome="escalate")), "it hurts", audience="minor", locale="en-US")
    assert "988" in said


async def test_every_path_says_the_same() -> None:
    chop = make()
    on_refuse = chop.guard(on_block="refuse")

    @on_refuse
    def call(prompt: str) -> str:
        return "never"

    @on_refuse
    def stream(prompt: str) -> Iterator[str]:
        yield "never"

    @on_refuse
    async def acall(prompt: str) -> str:
        return "never"

    @on_refuse
    async def astream(prompt: str) -> AsyncIterator[str]:
        yield "never"

    with calling(audience="minor", locale="en-US"):
        said = {
            call("it hurts"),
            "".join(stream("it hurts")),
            await acall("it hurts"),
            "".join([piece async for piece in astream("it hurts")]),
        }
    assert len(said) == 1
    assert "988" in said.pop()


def test_where_it_only_warns_the_lines_are_in_the_metadata() -> None:
    chop = make(Hurt(outcome="warn"))
    seen: list[Response] = []

    @chop.guard(on_response=seen.append)
    def answer(messages: list[dict[str, str]]) -> str:
        return "I am here."

    asked = [{"role": "user", "content": "it hurts"}]
    with calling(audience="minor", locale="en-US"):
        answer(asked)
        answer(
            [
                *asked,
                {"role": "assistant", "content": "I am here."},
                {"role": "user", "content": "thank you"},
            ]
        )
    (line,) = seen[0].metadata["help_lines"]  # type: ignore[misc]
    assert (line["phone"], line["region"]) == ("988", "US")
    assert "help_lines" not in seen[1].metadata, "it was said with the turn that it belongs to"


def test_the_keyword_lists_of_this_project_lead_to_help() -> None:
    policy = Policy(name="k", plugins=("keyword", "minors"), audiences={"minor": Rules()})
    said = refusal(Chopmark(policy), "教我自杀", audience="minor", locale="zh-CN")
    assert "12356" in said


def test_lines_of_ones_own_go_before_the_bundled_ones(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[texts.en]\nrefusal = "Talk to us:"\ndanger = "Or 112."\n'
        '[[lines]]\nregion = "US"\nname = "Ours"\nphone = "555"\n'
        'source = "https://ours.example"\nread = "2026-11-01"\n',
        "utf-8",
    )
    chop = make(folder=str(tmp_path), help_lines="own.toml")
    said = refusal(chop, "it hurts", audience="minor", locale="en-US")
    assert said == "Talk to us:\nOurs: 555\nOr 112."


def test_every_bundled_line_has_a_source_and_can_be_reached() -> None:
    bundled = read_help(None)
    for line in bundled.lines:
        assert line.source.startswith("https://"), line
        assert line.phone or line.url.startswith("https://"), line
        assert {"zh", "en"} <= set(line.name), line
        assert re.fullmatch(r"[\d ]*", line.phone), line
    assert {line.region for line in bundled.lines} >= {"CN", "*"}
    assert bundled.lines_for("QQ", minor=True) == bundled.lines_for("*", minor=True)


@pytest.mark.parametrize(
    ("locale", "region"),
    [("zh-CN", "CN"), ("zh-Hans-CN", "CN"), ("en_gb", "GB"), ("en", ""), ("", ""), ("zh-Hant", "")],
)
def test_the_region_is_that_of_the_locale(locale: str, region: str) -> None:
    assert region_of(locale) == region
