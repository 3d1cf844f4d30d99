"""Models that stream protocol events by themselves: deltas and finished blocks agree."""

import pytest
from langchain_models import EventChat
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from chopmark import Chopmark, Needs, Policy
from chopmark.testing import WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
START = {"event": "message-start", "role": "ai", "id": ""}
FINISH = {"event": "message-finish", "metadata": {"model_name": "m"}}


def block(index, kind, *parts, field=None, **finished):
    """The events of one block that comes in deltas."""
    field = field or kind
    empty = {"type": kind, field: ""}
    delta = {"text": "text-delta", "reasoning": "reasoning-delta"}.get(kind, "tool-call-delta")
    yield {"event": "content-block-start", "index": index, "content": empty}
    for part in parts:
        said = {"type": delta, "args" if field == "args" else field: part}
        yield {"event": "content-block-delta", "index": index, "delta": said}
    content = finished or {"type": kind, field: "".join(parts)}
    yield {"event": "content-block-finish", "index": index, "content": content}


def stream(events, chop, **options):
    model = guard(EventChat(events=[START, *events, FINISH]), chop, **options)
    stream = model.stream_events("hi", version="v3")
    return list(stream), stream.output


def finished(events):
    contents = [e["content"] for e in events if e["event"] == "content-block-finish"]
    return [{k: v for k, v in content.items() if k != "index"} for content in contents]


def deltas(events, field):
    said = [e["delta"] for e in events if e["event"] == "content-block-delta"]
    return "".join(delta.get(field, "") for delta in said)


def test_a_finished_block_says_what_its_deltas_said(marking):
    events, output = stream(block(0, "text", "so SEC", "RET it", " is"), marking)
    assert_valid_event_stream(events)
    assert deltas(events, "text") == "<so *** it is>"
    assert finished(events) == [{"type": "text", "text": "<so *** it is>"}]
    assert output.text == "<so *** it is>"
    assert output.response_metadata["model_name"] == "m"
    assert output.response_metadata["chopmark"]["action"] == "modify"


def test_reasoning_before_prose_keeps_its_block(marking):
    told = [*block(0, "reasoning", "is it SEC", "RET?"), *block(1, "text", "yes")]
    events, output = stream(told, marking)
    assert_valid_event_stream(events)
    assert [b.get("reasoning") or b.get("text") for b in output.content] == ["is it ***?", "<yes>"]


def test_a_word_across_blocks_is_found(chop):
    told = [*block(0, "text", "FORB"), *block(1, "text", "IDDEN")]
    model = guard(EventChat(events=[START, *told, FINISH]), chop)
    events = model.stream_events("hi", version="v3")
    with pytest.raises(LangChainBlocked):
        _ = events.output


def test_held_text_behind_a_finished_block_gets_a_block_of_its_own(chop):
    told = [*block(0, "text", "this ends in SECR"), *block(1, "reasoning", "hm")]
    events, output = stream(told, chop)
    assert_valid_event_stream(events)
    assert output.text == "this ends in SECR"


def test_text_that_only_the_finish_says_is_judged(chop):
    said = {"type": "text", "text": "only SECRET here"}
    told = [
        {"event": "content-block-start", "index": 0, "content": {"type": "text", "text": ""}},
        {"event": "content-block-finish", "index": 0, "content": said},
    ]
    events, output = stream(told, chop)
    assert output.text == "only *** here"
    assert deltas(events, "text") == "only *** here"


def test_text_that_the_start_says_is_judged(chop):
    told = list(block(0, "text", "RET", " ends"))
    told[0]["content"]["text"] = "SEC"
    told[-1]["content"]["text"] = "SECRET ends"
    _, output = stream(told, chop)
    assert output.text == "*** ends"


def call_block(index, *parts):
    started = {"type": "tool_call_chunk", "id": "c", "name": "send", "args": ""}
    yield {"event": "content-block-start", "index": index, "content": started}
    for part in parts:
        said = {"type": "tool-call-delta", "args": part}
        yield {"event": "content-block-delta", "index": index, "delta": said}
    made = {"type": "tool_call", "id": "c", "name": "send", "args": {"a": "FORBIDDEN"}}
    yield {"event": "content-block-finish", "index": index, "content": made}


def test_denied_arguments_end_the_stream(chop):
    told = [*block(0, "text", "well "), *call_block(1, '{"a": "FORB', 'IDDEN"}')]
    model = guard(EventChat(events=[START, *told, FINISH]), chop)
    stream = model.stream_events("hi", version="v3")
    with pytest.raises(LangChainBlocked):
        _ = stream.output
    assert "FORB" not in str(stream._events)


def test_arguments_that_come_whole_are_judged(chop):
    made = {"type": "tool_call", "id": "c", "name": "send", "args": {"a": "FORBIDDEN"}}
    told = [
        {"event": "content-block-start", "index": 0, "content": {**made, "args": {}}},
        {"event": "content-block-finish", "index": 0, "content": made},
    ]
    model = guard(EventChat(events=[START, *told, FINISH]), chop)
    with pytest.raises(LangChainBlocked):
        _ = model.stream_events("hi", version="v3").output


def test_arguments_come_whole_and_in_step(chop):
    told = list(call_block(0, '{"a": ', '"all fine"}'))
    told[-1]["content"]["args"] = {"a": "all fine"}
    events, output = stream(told, chop)
    assert_valid_event_stream(events)
    assert deltas(events, "args") == '{"a": "all fine"}'
    assert output.tool_calls[0]["args"] == {"a": "all fine"}


@pytest.mark.parametrize("kind", ["server_tool_result", "non_standard", "refusal"])
def test_other_blocks_are_judged_whole(chop, kind):
    made = {"type": kind, "value": {"said": "SECRET"}, "tool_call_id": "t"}
    told = [
        {"event": "content-block-start", "index": 0, "content": {"type": kind, "value": {}}},
        {"event": "content-block-finish", "index": 0, "content": made},
    ]
    events, _ = stream(told, chop)
    assert finished(events) == [{**made, "value": {"said": "***"}}]


def test_a_stream_without_an_end_gets_one_with_the_metadata(marking):
    model = guard(EventChat(events=[START, *list(block(0, "text", "so"))[:-1]]), marking)
    stream = model.stream_events("hi", version="v3")
    assert stream.output.text == "<so>"
    assert stream.output.response_metadata["chopmark"]["ending"] == "completed"


def test_a_refusal_in_the_middle_is_a_block_of_its_own(chop):
    told = [*block(0, "text", "this is ", "FORBIDDEN", " now")]
    events, output = stream(told, chop, on_block="refuse")
    assert_valid_event_stream(events)
    assert [b["text"] for b in output.content] == ["this is ", chop.policy.refusal("en")]
    assert output.response_metadata["finish_reason"] == "content_filter"


def test_a_refusal_at_the_end_is_no_second_message(log):
    words = WordDetector({"FORBIDDEN": "deny"}, needs=Needs.whole())
    chop = Chopmark(Policy(name="whole"), plugins=[plugin(detectors=[words], log=log)])
    events, output = stream(block(0, "text", "FORBIDDEN"), chop, on_block="refuse")
    assert_valid_event_stream(events)
    assert output.text == chop.policy.refusal("en")
    assert output.response_metadata["finish_reason"] == "content_filter"
    assert [e["event"] for e in events].count("message-finish") == 1


def test_leaving_an_event_stream_records_what_was_delivered(chop, log):
    model = guard(EventChat(pieces=list("0123456789" * 3)), chop)
    pieces = model._stream_chat_model_events([])
    for _ in range(14):
        next(pieces)
    pieces.close()
    assert [record.ending for record in log.records] == ["abandoned"]
