"""A detector may know the conversation that a text stands in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chopmark import (
    Chopmark,
    Context,
    Message,
    Needs,
    Policy,
    Request,
    RequestError,
    Rules,
    Verdict,
    calling,
)
from chopmark.testing import WordDetector, plugin


class Listener:
    """Finds nothing, and keeps the context of every text that it was asked about."""

    name, version, blocking, needs = "listener", "1", False, Needs.whole()

    def __init__(self) -> None:
        self.heard: list[tuple[str, Context]] = []

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        self.heard.append((text, context))
        return ()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def chop(listener: Listener) -> Chopmark:
    words = WordDetector({"SECRET": "modify"})
    return Chopmark(Policy(name="context"), plugins=[plugin(detectors=[words, listener])])


def messages_of(context: Context) -> list[str]:
    assert context.request is not None
    return [message.text for message in context.request.messages]


def test_a_message_is_judged_with_the_request_around_it(chop: Chopmark, listener: Listener) -> None:
    @chop.guard
    def answer(messages: list[dict[str, str]]) -> str:
        return "fine"

    asked = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "an answer"},
        {"role": "user", "content": "second"},
    ]
    with calling(metadata={"conversation": "c-1"}):
        answer(asked)
    seen = [(text, c.direction, c.part) for text, c in listener.heard]
    assert seen == [("first", "input", 0), ("second", "input", 2), ("fine", "output", 0)]
    for _, context in listener.heard:
        assert messages_of(context) == ["first", "an answer", "second"]
        assert context.request is not None
        assert context.request.metadata["conversation"] == "c-1"


def test_an_answer_is_judged_with_the_request_as_it_was_sent(
    chop: Chopmark, listener: Listener
) -> None:
    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    answer("my SECRET")
    (_, asked), (_, answered) = listener.heard
    assert messages_of(asked) == ["my SECRET"]
    assert messages_of(answered) == ["my ***"]


def test_outside_a_call_there_is_no_request(chop: Chopmark, listener: Listener) -> None:
    chop.screen("a text")
    assert [context.request for _, context in listener.heard] == [None]


def test_a_context_shows_no_content_and_can_be_a_key() -> None:
    request = Request(messages=(Message(role="user", text="CANARY"),), metadata={"a": [1]})
    context = Context(direction="input", request=request)
    assert "CANARY" not in repr(context)
    assert {context: 1}[context] == 1


def test_a_text_outside_a_call_is_judged_for_whom_the_block_around_it_says() -> None:
    rules = Rules(both={"word": "block"})
    policy = Policy(name="p", audiences={"minor": rules, "adult": Rules(both={"word": "allow"})})
    chop = Chopmark(policy, plugins=[plugin(detectors=[WordDetector({"beer": "warn"})])])
    assert chop.screen("a beer").action == "allow"
    with calling(audience="minor", locale="zh"):
        blocked = chop.screen("a beer")
        assert (blocked.action, blocked.refusal) == ("block", policy.refusal("zh"))
        assert chop.screen("a beer", audience="adult").action == "allow"
    with calling(audience="kid"), pytest.raises(RequestError, match="audience 'kid' is not in"):
        chop.screen("a beer")
