"""The contract of adapters notices what an adapter gets wrong, and what its author leaves out."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from chopmark import Chopmark, Policy
from chopmark.testing import (
    AdapterContract,
    BesideMarker,
    MemoryLog,
    Path,
    Said,
    Script,
    SuffixMarker,
    plugin,
)
from chopmark.testing._adapter_data import GIVEN, beside


class Functions:
    def __init__(self, script: Script) -> None:
        self.asked: list[str] = []
        self.script = script

    def call(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.script.text


CALL = Path("call", lambda model, prompt: model.call(prompt))
JSON = Path("call", lambda model, prompt: model.call(prompt), "json")


class Careless(AdapterContract):
    """An adapter that does not say that JSON was asked for."""

    paths: ClassVar = {"call": CALL, "json": JSON}

    def bare(self, script: Script) -> Functions:
        return Functions(script)

    def guard(self, model: Functions, chop: Chopmark, **options: Any) -> Functions:
        guarded = Functions(model.script)
        guarded.call = chop.guard(**options)(model.call)  # type: ignore[method-assign]
        return guarded


def marking(log: MemoryLog) -> Chopmark:
    brought = plugin(markers=[SuffixMarker("<", ">"), BesideMarker()], log=log)
    return Chopmark(Policy(name="m"), plugins=[brought])


def test_a_mark_in_json_is_noticed() -> None:
    log = MemoryLog()
    with pytest.raises(ValueError, match="Expecting value"):
        Careless().test_a_json_answer_stays_json_and_its_record_says_why_it_bears_no_mark(
            JSON, marking(log), log
        )


def test_an_answer_without_metadata_is_noticed() -> None:
    log = MemoryLog()
    with pytest.raises(AssertionError, match="0 pieces carry the key chopmark"):
        Careless().test_the_receipt_stands_beside_the_answer(CALL, marking(log), log)
    with pytest.raises(AssertionError, match="2 pieces carry"):
        beside([Said("a", {"chopmark": {}}), Said("b", {"chopmark": {}})])


def test_a_kind_of_path_that_is_missing_is_noticed() -> None:
    class Whole(Careless):
        cannot: ClassVar = {"call": "plain functions call no tools"}

    with pytest.raises(AssertionError):
        Whole().test_says_its_paths()


def test_a_form_without_a_path_and_without_a_reason_is_noticed() -> None:
    class Prose(Careless):
        paths: ClassVar = {
            kind: Path(kind, lambda model, prompt: "")  # type: ignore[arg-type]
            for kind in ("call", "stream", "acall", "astream")
        }

    with pytest.raises(AssertionError, match="no path has form='json'"):
        Prose().test_says_its_paths()


@pytest.mark.parametrize(
    ("cannot", "said"),
    [
        ({"call": "later"}, "is no reason"),
        ({"marks": "there are no marks in it"}, "there are json, call, metadata"),
        ({"metadata/nowhere": "there is no place for it"}, "there is no such path"),
    ],
)
def test_what_cannot_be_promised_has_a_topic_and_a_reason(
    cannot: dict[str, str], said: str
) -> None:
    class Excused(Careless):
        pass

    Excused.cannot = cannot
    with pytest.raises(AssertionError, match=said):
        Excused().test_says_in_words_what_it_cannot_promise()


def test_a_promise_that_is_left_out_is_noticed() -> None:
    class Silent(Careless):
        test_leaving_a_stream_leaves_one_record_of_what_was_delivered = None  # type: ignore[assignment]

    with pytest.raises(AssertionError, match=r"test_leaving_a_stream.* was overridden"):
        Silent().test_leaves_no_promise_out_in_silence()


def test_answers_in_json_are_marked_by_nobody_where_the_decorator_knows() -> None:
    log = MemoryLog()

    class Careful(Careless):
        def guard(self, model: Functions, chop: Chopmark, **options: Any) -> Functions:
            return super().guard(model, chop, structured=True)

    pieces, _ = Careful().ask(JSON, Careful().guard(Functions(Script((GIVEN,))), marking(log)))
    assert pieces == [GIVEN]
    assert [mark.placed for mark in log.records[0].marks] == [False, True]


def test_an_answer_that_is_a_tool_call_alone_says_why_it_bears_no_mark() -> None:
    from chopmark import Chunk, Request
    from chopmark._decorator import TextShape

    class Calls(TextShape):
        def read(self, raw: str) -> list[Chunk]:
            return [Chunk(raw, "answer" if raw == "prose" else "tool_call", 0, True)]

    for said, placed in ((["{}"], [False]), (["prose", "{}"], [True, True])):
        log = MemoryLog()
        brought = plugin(markers=[SuffixMarker("<", ">")], log=log)
        chop = Chopmark(Policy(name="m"), plugins=[brought])
        shape = Calls(whole=False)
        shape.strings = False
        got = list(chop.stream(Request(stream=True), shape, lambda sent, said=said: said))
        assert "{}" in got
        (record,) = log.records
        assert [mark.placed for mark in record.marks] == placed
        assert all("a tool call is JSON" in m.reason for m in record.marks if not m.placed)
