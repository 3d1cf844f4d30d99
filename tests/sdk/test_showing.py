"""What evidence says of a policy is what the policy does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chopmark import Policy, Rules, Verdict
from chopmark.deciding import Decider
from chopmark.policy import ACTIONS
from chopmark.showing import Sought, cell, handled, table

POLICY = Policy(
    name="t",
    rules=Rules(both={"pii": {"block": 0.9, "warn": 0.4}}, output={"pii.email": "modify"}),
    audiences={"minor": Rules(both={"pii": "block"})},
)
RULES = st.one_of(
    st.sampled_from(sorted(ACTIONS)),
    st.dictionaries(st.sampled_from(sorted(ACTIONS)), st.sampled_from([0.25, 0.5, 0.75]),
                    min_size=1),
)  # fmt: skip


def cells(text: str) -> list[list[str]]:
    lines = [line for line in text.split("\n") if line.startswith("|")]
    return [[part.strip() for part in line.strip("|").split(" | ")] for line in lines]


def test_each_column_says_what_is_done_there() -> None:
    said = cells(handled(POLICY, [Sought(category="pii.email", what="mail", advice="modify")]))
    assert said[0][2:] == ["REQUESTS", "ANSWERS", "REQUESTS (minor)", "ANSWERS (minor)"]
    assert said[2] == ["`pii.email`", "mail", "block from 0.9, warn from 0.4", "modify",
                       "block", "modify"]  # fmt: skip


@given(RULES, st.sampled_from([0.1, 0.25, 0.6, 1.0]))
def test_what_is_said_of_a_rule_is_what_is_decided_by_it(rule: object, score: float) -> None:
    policy = Policy(name="t", rules=Rules(both={"a": rule}))  # type: ignore[dict-item]
    said = cells(handled(policy, [Sought(category="a.b", what="x", advice="warn")]))[2][2]
    steps = [part.split(" from ") for part in said.split(", ")]
    held = [step[0] for step in steps if score >= float(step[1] if len(step) > 1 else 0)]
    verdict = Verdict(category="a.b", start=0, end=1, score=score, outcome="warn")
    assert ACTIONS[(held or ["allow"])[0]] == Decider(policy).outcome(verdict)


def test_without_a_rule_the_advice_holds_and_is_called_one() -> None:
    said = cells(handled(POLICY, [Sought(category="toxic", what="x", advice="block from 0.8")]))
    assert said[2][2:] == ["*block from 0.8*"] * 2


def test_an_audience_for_which_nothing_differs_is_named_and_has_no_columns() -> None:
    text = handled(POLICY, [Sought(category="toxic", what="x", advice="warn")])
    assert cells(text)[0] == ["CATEGORY", "WHAT IT IS", "REQUESTS", "ANSWERS"]
    assert "Nothing differs for: minor." in text


def test_what_is_not_looked_at_is_said_not_to_be() -> None:
    only = Sought(category="pii", what="x", advice="", directions=["input"], audiences=["minor"])
    row = cells(handled(POLICY, [only]))[2][2:]
    assert row == ["not judged", "not judged", "block", "not judged"]


@given(st.text())
def test_no_text_gets_out_of_its_cell(text: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    shown = parser.parse(table(("A", "B"), [(cell(text), "end")]))
    contents = [token.content for token in shown if token.type == "inline"]
    assert contents[-1] == "end"
    assert len(contents) == 4
    children = [token for token in shown if token.type == "inline"][2].children or []
    assert {child.type for child in children} <= {"text"}
