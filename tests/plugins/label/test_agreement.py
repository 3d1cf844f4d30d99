"""The label is left off where an agreement says so, and the record says which (Art. 9)."""

from __future__ import annotations

from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyBlocked, PolicyError, calling
from chopmark.testing import MemoryLog
from chopmark_label import Label

AGREED = {"agreement": "A-17", "recipient": "C-4711"}


def guarded(log: MemoryLog, **options: Any) -> Any:
    policy = Policy(name="test", plugins=("label",)).with_options("label", **options)
    chop = Chopmark(policy, log=log)

    @chop.guard
    def answer(prompt: str) -> Any:
        yield from ("春眠", "不觉晓")

    return answer


def said(answer: Any, unlabelled: object) -> str:
    with calling(locale="zh", metadata={"unlabelled": unlabelled}):
        return "".join(answer("写一首诗"))


def test_an_agreed_call_goes_without_label_and_its_record_says_so() -> None:
    log = MemoryLog()
    assert said(guarded(log, may_leave_off=True), AGREED) == "春眠不觉晓"
    [mark] = log.records[0].marks
    assert not mark.placed
    assert "Art. 9" in mark.reason
    assert mark.data == AGREED


@pytest.mark.parametrize("asked", [None, False])
def test_a_call_that_asks_for_nothing_is_labelled(asked: object) -> None:
    assert said(guarded(MemoryLog(), may_leave_off=True), asked) == "（AI生成）\n\n春眠不觉晓"


@pytest.mark.parametrize(
    "asked",
    [
        True,
        "A-17",
        {},
        {"agreement": "A-17"},
        {"recipient": "C-4711"},
        {"agreement": "A-17", "recipient": " "},
        {"agreement": "A-17", "recipient": 4711},
        {"agreement": "A" * 200, "recipient": "C-4711"},
    ],
    ids=repr,
)
def test_without_agreement_and_recipient_the_call_is_refused(asked: object) -> None:
    log = MemoryLog()
    with pytest.raises(PolicyBlocked, match=r"the ids of the user agreement.*Art\. 9"):
        said(guarded(log, may_leave_off=True), asked)
    assert [record.action for record in log.records] == ["block"]


def test_where_the_policy_does_not_allow_it_the_label_stays() -> None:
    log = MemoryLog()
    assert said(guarded(log), AGREED).startswith("（AI生成）")
    assert log.records[0].marks[0].placed


def test_the_option_is_checked() -> None:
    with pytest.raises(PolicyError, match="may_leave_off is 'yes'; write true or false"):
        Label({"may_leave_off": "yes"})
