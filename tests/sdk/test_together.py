"""Messages of a user are joined as the model that answers reads them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Context, Message, Request
from chopmark.together import Together, together


def joined(*texts: str, most: int = 100, roles: Sequence[str] = ()) -> Together | None:
    """Return the last of `texts` behind the others."""
    pairs = zip(roles or ["user"] * len(texts), texts, strict=True)
    request = Request(messages=tuple(Message(role=role, text=text) for role, text in pairs))
    last = len(texts) - 1
    role = request.messages[last].role
    context = Context(direction="input", role=role, part=last, request=request)
    return together(texts[-1], context, most)


def read(*texts: str, most: int = 100, roles: Sequence[str] = ()) -> tuple[str, int] | None:
    found = joined(*texts, most=most, roles=roles)
    return found and (found.text, found.messages)


def test_the_answer_and_other_roles_are_no_part_of_it() -> None:
    roles = ["system", "user", "assistant", "tool", "user"]
    assert read("a", "b", "c", "d", "e", roles=roles) == ("b e", 1)
    assert read("a", "b", roles=["user", "tool"]) is None
    assert read("a", "b", roles=["assistant", "user"]) is None
    assert read("a") is None
    assert read("a", " ", "b") == ("a b", 1)


def test_a_message_of_spaces_costs_no_look_at_what_was_said_before() -> None:
    looks = []

    class Seen(tuple[Message, ...]):
        def __getitem__(self, place: object) -> object:  # type: ignore[override]
            looks.append(place)
            return super().__getitem__(place)  # type: ignore[index]

    said = Seen([Message(role="user", text=" ")] * 100)
    request = Request(messages=said)
    context = Context(direction="input", role="user", part=99, request=request)
    assert together(" ", context, 100) is None
    assert looks == []


def test_words_stay_words_and_chinese_stays_in_one_piece() -> None:
    assert read("how to", "make") == ("how to make", 1)
    assert read("怎么", "做", "pizza", "呢") == ("怎么做pizza呢", 3)


def test_only_what_stands_near_the_place_where_they_meet_is_read() -> None:
    found = read("x" * 500 + " how do I make", "a cake " + "y" * 500, most=20)
    assert found == ("how do I make a cake", 1)


@settings(max_examples=scaled(100), deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.integers(1, 40))
def test_what_is_read_together_is_bounded_whatever_was_said(texts: list[str], most: int) -> None:
    found = joined(*texts, most=most)
    if found is not None:
        assert found.messages <= len(texts) - 1
        assert len(found.text) <= 2 * most + found.messages + 1
        here = found.text[found.begins :]
        assert here == texts[-1][found.since : found.since + len(here)]


def test_outside_a_call_and_for_an_answer_there_is_nothing_before() -> None:
    assert together("a", Context(direction="input", role="user", part=1), 100) is None
    request = Request(messages=(Message(role="user", text="a"), Message(role="user", text="b")))
    answer = Context(direction="output", role="user", part=1, request=request)
    assert together("b", answer, 100) is None
