"""Risk builds up over turns, and the policy decides where it passes the bound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from chopmark import (
    Chopmark,
    OnError,
    Policy,
    PolicyBlocked,
    RequestError,
    Response,
    Rules,
    calling,
)
from chopmark.stores import MemoryStore, StoreError
from chopmark.testing import MemoryLog
from chopmark_conversation import State

Make = Callable[..., Chopmark]
CRESCENDO = [f"risk={n / 100}" for n in range(40, 90, 5)]  # 0.40 to 0.85: the block is at 0.9


def risks(response: Response) -> list[tuple[str, float, str]]:
    return [
        (v.category, v.score, v.outcome)
        for v in response.verdicts
        if v.category.startswith("conversation")
    ]


def test_a_crescendo_of_turns_that_are_harmless_alone_is_blocked(make: Make, chat: Any) -> None:
    alone = [type(chat)(make()).say(turn) for turn in CRESCENDO]
    assert set(alone) == {"allow"}
    actions = [chat.say(turn) for turn in CRESCENDO]
    blocked = actions.index("block")
    assert actions == ["allow"] * blocked + ["block"] * (len(actions) - blocked)
    assert blocked == 8
    ((category, score, outcome),) = risks(chat.responses[blocked])
    assert (category, outcome) == ("conversation.risk", "deny")
    assert 0.7 <= score < 1


@pytest.mark.parametrize(
    "turn",
    ["hello", "risk=0.3", "pii=1.0", "risk=0.1 risk=0.2 risk=0.29", "error=1.0", "wrapper=1.0"],
)
def test_a_long_harmless_conversation_never_is(chat: Any, turn: str) -> None:
    assert {chat.say(turn) for _ in range(30)} == {"allow"}
    assert chat.risk == 0


def test_a_slip_now_and_then_is_forgiven(chat: Any) -> None:
    turns = ["risk=0.6", *["hello"] * 5] * 20
    assert {chat.say(turn) for turn in turns} == {"allow"}
    assert 0 < chat.risk < 0.7


def test_the_answers_build_it_up_too(chat: Any) -> None:
    chat.reply = "risk=0.7"
    assert [chat.say("hello") for _ in range(12)].count("block") > 0


def test_what_was_counted_with_its_turn_is_not_counted_again(chat: Any) -> None:
    chat.say("risk=0.6")
    first = chat.risk
    for n in range(1, 9):
        chat.say("hello")
        assert chat.risk == pytest.approx(first * 0.5 ** (n / 8), abs=0.001)


def test_a_call_that_brings_only_a_tool_s_result_is_no_turn(chat: Any) -> None:
    chat.say("risk=0.6")
    first = chat.risk
    for _ in range(10):
        chat.say("result", role="tool")
    assert chat.risk == first
    chat.say("risk=0.6", role="tool")
    assert chat.risk > first


def test_time_heals_what_harmless_words_behind_a_block_do_not(chat: Any, clock: Any) -> None:
    while chat.say("risk=0.75") != "block":
        pass
    high = chat.responses[-1].verdicts
    assert {chat.say("hello") for _ in range(20)} == {"block"}
    assert risks(chat.responses[-1])[0][1] == pytest.approx(risks(chat.responses[-20])[0][1])
    assert high
    clock.now += 3600
    assert chat.say("hello") == "allow"


def test_a_turn_that_was_blocked_counts(make: Make, chat: Any) -> None:
    chat.say("risk=0.95")
    assert chat.responses[-1].action == "block"
    assert risks(chat.responses[-1]) == []
    assert chat.risk > 0.4


@pytest.mark.parametrize(
    ("rule", "action"),
    [("warn", "allow"), ("escalate", "escalate"), ({"block": 0.99, "warn": 0.1}, "allow")],
)
def test_the_policy_decides_what_the_bound_means(
    make: Make, chat: Any, rule: Any, action: str
) -> None:
    rules = Rules(both={"violence": {"block": 0.95}, "conversation.risk": rule})
    chat = type(chat)(make(rules=rules))
    chat.say(*["risk=0.9"] * 6)
    assert chat.responses[-1].action == action
    assert [v.category for v in chat.responses[-1].verdicts].count("conversation.risk") == 1


def test_conversations_and_users_stay_apart(make: Make, chat: Any) -> None:
    chop = make()
    mine = type(chat)(chop, user="u-1")
    mine.say(*["risk=0.75"] * 8)
    assert mine.responses[-1].action == "block"
    assert type(chat)(chop, user="u-2").say("hello") == "allow"
    assert type(chat)(chop).say("hello") == "allow"
    other = type(chat)(chop, user="u-1", metadata={"conversation": "c-2"})
    assert other.say("hello") == "allow"
    again = type(chat)(chop, user="u-1")
    assert again.say("hello") == "block"


def test_a_call_without_an_id_is_left_alone(make: Make, chat: Any) -> None:
    chat = type(chat)(make(), metadata={})
    assert {chat.say("risk=0.75") for _ in range(12)} == {"allow"}
    assert "conversation_risk" not in chat.responses[-1].metadata


def test_an_id_may_be_required(make: Make, chat: Any, log: MemoryLog) -> None:
    chop = make(required=True, key="thread")
    with pytest.raises(RequestError, match=r"metadata=\{'thread': id\}"):
        type(chat)(chop).say("hello")
    assert [record.ending for record in log.records] == ["wrapper_error"]
    assert type(chat)(chop, metadata={"thread": 7}).say("hello") == "allow"


@pytest.mark.parametrize("wrong", [["c"], {"id": 1}, True, 1.5])
def test_an_id_that_is_no_id_is_an_error(chat: Any, wrong: object) -> None:
    chat.settings["metadata"] = {"conversation": wrong}
    with pytest.raises(RequestError, match="as a string or a number"):
        chat.say("hello")


async def test_streams_and_async_calls_build_up_alike(make: Make) -> None:
    def answer(prompt: str) -> str:
        return "risk=0.75"

    def stream(prompt: str) -> Iterator[str]:
        yield from "risk=0.75"

    async def aanswer(prompt: str) -> str:
        return "risk=0.75"

    async def astream(prompt: str) -> AsyncIterator[str]:
        for letter in "risk=0.75":
            yield letter

    counts = []
    for kind in (answer, stream, aanswer, astream):
        guarded: Any = make().guard(kind)
        turns = 0
        with calling(metadata={"conversation": "c"}):
            try:
                while turns < 20:
                    if kind is answer:
                        guarded("hello")
                    elif kind is stream:
                        list(guarded("hello"))
                    elif kind is aanswer:
                        await guarded("hello")
                    else:
                        [piece async for piece in guarded("hello")]
                    turns += 1
            except PolicyBlocked:
                counts.append(turns)
    assert len(set(counts)) == 1
    assert len(counts) == 4


def test_a_stream_that_is_left_early_counts(make: Make) -> None:
    store = MemoryStore()
    chop = make(store=store)

    @chop.guard
    def stream(prompt: str) -> Iterator[str]:
        while True:
            yield "more "

    with calling(metadata={"conversation": "c"}):
        reading = stream("risk=0.75")
        next(iter(reading), None)
        reading.close()  # type: ignore[attr-defined]
    assert [round(State.unpack(kept).risk, 2) for kept in store._kept.values()] == [0.32]


def test_outside_a_call_there_is_no_conversation(make: Make) -> None:
    assert make().screen("risk=0.75").action == "allow"


class Broken:
    """A store that fails to read, to write, or both."""

    blocking = False

    def __init__(self, *broken: str) -> None:
        self.broken = broken

    def load(self, key: str) -> bytes | None:
        if "load" in self.broken:
            raise OSError("the disk is gone")
        return None

    def update(self, key: str, change: Any) -> bytes:
        if "update" in self.broken:
            raise OSError("the disk is gone")
        kept: bytes = change(None)
        return kept

    def close(self) -> None:
        """Nothing is held."""


def test_a_store_that_cannot_be_read_fails_closed(make: Make, log: MemoryLog, chat: Any) -> None:
    chat = type(chat)(make(store=Broken("load")))
    assert chat.say("hello") == "block"
    assert not chat.responses[-1].judged
    assert [f.name for f in log.records[-1].failures] == ["conversation"]


def test_a_store_that_cannot_be_written_fails_the_call(make: Make, chat: Any) -> None:
    chat = type(chat)(make(store=Broken("update")))
    with pytest.raises(StoreError, match=r"the disk is gone.*on_error"):
        chat.say("hello")


def test_the_policy_may_let_calls_go_on_without_a_store(
    make: Make, chat: Any, log: MemoryLog, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Policy(name="open", on_error=OnError(detector="allow"))
    chat = type(chat)(make(store=Broken("load", "update"), policy=policy))
    assert chat.say("hello") == "allow"
    assert [f.handled for f in log.records[-1].failures] == ["allow"]
    assert "the disk is gone" in caplog.text


def test_a_policy_in_toml_follows_conversations(tmp_path: Any) -> None:
    (tmp_path / "p.toml").write_text(
        'plugins = ["keyword", "conversation"]\n'
        '[rules]\nkeyword.insult = "warn"\n'
        '[settings.conversation]\nstore = "sqlite"\npath = "risk.db"\nbound = 0.6\n',
        "utf-8",
    )
    turns = 0
    with calling(metadata={"conversation": "c"}):
        for _ in range(10):
            chop = Chopmark(tmp_path / "p.toml")  # as after a restart, or in another process

            @chop.guard
            def answer(prompt: str) -> str:
                return "fine"

            try:
                answer("你这个废物")
            except PolicyBlocked:
                break
            turns += 1
    assert 0 < turns < 4
    assert (tmp_path / "risk.db").is_file()


def test_detector_and_wrapper_of_one_policy_share_a_memory() -> None:
    policy = Policy(
        name="p", plugins=("keyword", "conversation"), rules=Rules(both={"keyword": "warn"})
    )
    chop = Chopmark(policy)

    @chop.guard(on_block="refuse")
    def answer(prompt: str) -> str:
        return "fine"

    with calling(metadata={"conversation": "c"}):
        said = [answer("你这个废物") for _ in range(6)]
    assert said[0] == "fine"
    assert said[-1] == policy.refusal("zh")
