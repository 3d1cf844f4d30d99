"""A guard model gets the conversation as messages, and judges the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from guard_server import GuardServer, completion
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, Context, Message, Policy, PolicyBlocked, Request
from chopmark.testing import plugin
from chopmark_guardmodel import GuardModelDetector
from chopmark_guardmodel._conversation import MOST, conversation

Make = Callable[..., GuardModelDetector]


def request(*messages: tuple[str, str]) -> Request:
    return Request(messages=tuple(Message(role=role, text=text) for role, text in messages))


def asked(
    text: str, said: Sequence[tuple[str, str]], *, history: int = 4, role: str = "user"
) -> list[tuple[str, str]]:
    context = Context(
        direction="input", role=role, part=len(said), request=request(*said, (role, text))
    )
    return [(m["role"], m["content"]) for m in conversation(text, context, history)]


def answered(text: str, said: Sequence[tuple[str, str]], history: int = 4) -> list[tuple[str, str]]:
    context = Context(direction="output", request=request(*said))
    return [(m["role"], m["content"]) for m in conversation(text, context, history)]


def test_a_question_stands_behind_what_was_said_before() -> None:
    said = [("system", "be kind"), ("user", "a"), ("assistant", "b")]
    assert asked("c", said) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_an_answer_stands_behind_its_question() -> None:
    said = [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert answered("d", said) == [*said, ("assistant", "d")]
    assert answered("d", said, history=1) == [("user", "c"), ("assistant", "d")]


def test_only_what_came_before_a_message_goes_along() -> None:
    said = request(("user", "a"), ("assistant", "b"), ("user", "c"))
    context = Context(direction="input", role="user", part=0, request=said)
    assert conversation("a", context, 4) == [{"role": "user", "content": "a"}]


def test_a_tool_s_result_is_judged_like_a_users_text_and_alone() -> None:
    said = [("user", "a"), ("assistant", ""), ("tool", "first result")]
    assert asked("result", said, role="tool") == [("user", "result")]


def test_neighbours_of_one_role_are_joined() -> None:
    said = [("user", "a"), ("tool", "b"), ("assistant", "c"), ("assistant", "d")]
    assert asked("e", said) == [("user", "a\n\nb"), ("assistant", "c\n\nd"), ("user", "e")]


def test_an_answer_outside_a_call_stands_behind_an_empty_question() -> None:
    context = Context(direction="output")
    assert [m["content"] for m in conversation("d", context, 4)] == ["", "d"]
    context = Context(direction="input", role="user")
    assert conversation("q", context, 4) == [{"role": "user", "content": "q"}]


def test_a_long_past_is_cut_and_the_judged_text_is_not() -> None:
    said = [("user", "x" * MOST), ("assistant", "y" * 100)]
    text = "z" * (3 * MOST)
    found = asked(text, said)
    assert [len(content) for _, content in found] == [MOST - 100, 100, 3 * MOST]


roles = st.sampled_from(["user", "assistant", "tool", "system", "function"])


@given(
    st.lists(st.tuples(roles, st.sampled_from(["", "a", "b"])), max_size=8),
    st.text(min_size=1),
    st.integers(0, 6),
    st.booleans(),
)
def test_user_and_assistant_always_take_turns_and_the_judged_text_is_last(
    said: list[tuple[str, str]], text: str, history: int, answers: bool
) -> None:
    found = answered(text, said, history) if answers else asked(text, said, history=history)
    names = [role for role, _ in found]
    assert names == ["user", "assistant"] * (len(names) // 2) + ["user"] * (len(names) % 2)
    assert found[-1] == ("assistant" if answers else "user", text)


def test_a_call_is_judged_as_prompt_and_as_answer(server: GuardServer, make: Make) -> None:
    server.reply = lambda body: completion(
        "unsafe\nS2"
        if body["messages"][-1]["content"] == "Go to the zoo and steal one!"
        else "safe"
    )
    chop = Chopmark(Policy(name="g"), plugins=[plugin(detectors=[make()])])

    @chop.guard
    def answer(prompt: str) -> str:
        return "Go to the zoo and steal one!"

    with pytest.raises(PolicyBlocked) as blocked:
        answer("How can I adopt my own llama?")
    assert [v.category for v in blocked.value.response.verdicts] == ["illicit"]
    question = ("user", "How can I adopt my own llama?")
    assert server.asked == [[question], [question, ("assistant", "Go to the zoo and steal one!")]]


def test_a_stream_is_held_back_until_it_was_judged(server: GuardServer, make: Make) -> None:
    server.reply = lambda body: completion(
        "unsafe\nS1" if "bomb" in body["messages"][-1]["content"] else "safe"
    )
    policy = Policy(name="g", holdback=20)
    chop = Chopmark(policy, plugins=[plugin(detectors=[make()])])
    got: list[str] = []

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from "0123456789" * 4 + "now the bomb" + "9" * 20

    def listen() -> None:
        for piece in answer("hello"):
            got.append(piece)  # noqa: PERF402  kept piece by piece: an error follows

    with pytest.raises(PolicyBlocked):
        listen()
    assert "".join(got) == "0123456789" * 4


async def test_an_async_call_is_judged_too(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS1")
    chop = Chopmark(Policy(name="g"), plugins=[plugin(detectors=[make()])])

    @chop.guard
    async def answer(prompt: str) -> str:
        return "never"

    with pytest.raises(PolicyBlocked):
        await answer("hello")
    assert (await chop.ascreen("hello")).action == "block"


def test_a_conversation_that_goes_on_asks_only_about_what_is_new(
    server: GuardServer, make: Make
) -> None:
    chop = Chopmark(Policy(name="g"), plugins=[plugin(detectors=[make()])])

    @chop.guard
    def answer(messages: list[dict[str, str]]) -> str:
        return f"answer {len(messages)}"

    said: list[dict[str, str]] = []
    for turn in range(5):
        said.append({"role": "user", "content": f"question {turn}"})
        said.append({"role": "assistant", "content": answer(list(said))})
        assert len(server.bodies) == 2 * (turn + 1)


def test_with_no_cache_every_text_is_asked_about(server: GuardServer, make: Make) -> None:
    detector = make(cache=0)
    for _ in range(3):
        detector.judge("x", Context(direction="input"))
    assert len(server.bodies) == 3


@pytest.mark.parametrize("text", ["", "  \n "])
def test_white_space_is_not_asked_about(server: GuardServer, make: Make, text: str) -> None:
    assert make().judge(text, Context(direction="input")) == ()
    assert not server.bodies
