"""Events that repeat each other are read and written without parsing them, and say the same."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_wire import chunk, event
from tests.depth import scaled

from chopmark import Chunk
from chopmark_openai._chat import ChatAnswer
from chopmark_openai._form import Form, Forms
from chopmark_openai._source import Reader
from chopmark_openai._sse import event_data

DELTA = ("choices", 0, "delta", "content")
SAID = Chunk("first", "answer", 0)
values = st.text(max_size=8) | st.text('"\\/\n\r\u2028\x85\x7f\x00ü€', max_size=8)
EVENTS = {
    "a chunk": ({"choices": [{"index": 0, "delta": {"content": "first"}}]}, DELTA),
    "a filler": (
        {"choices": [{"delta": {"content": "first"}, "index": 0}], "obfuscation": "first"},
        DELTA,
    ),
    "a counter": (
        {"type": "response.output_text.delta", "sequence_number": 4, "delta": "first"},
        ("delta",),
    ),
}


def put(data, path, value):
    copy = json.loads(json.dumps(data))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


def form_of(line, path):
    return Form.of(line, json.loads(event_data(line.encode())), path, SAID)


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("ascii_only", [True, False])
@settings(max_examples=scaled(60), deadline=None)
@given(text=values, filler=values, count=st.integers(0), out=values)
def test_an_event_of_a_form_says_what_it_says_when_it_is_parsed(
    name, ascii_only, text, filler, count, out
):
    data, path = EVENTS[name]
    form = form_of(f"event: x\ndata: {json.dumps(data)}\n\n", path)
    other = put(data, path, text)
    if "obfuscation" in data:
        other["obfuscation"] = filler
    if "sequence_number" in data:
        other["sequence_number"] = count
    line = f"event: x\ndata: {json.dumps(other, ensure_ascii=ascii_only)}\n\n"
    fit = form.fit(line)
    assert (fit.text, fit.data()) == (text, other)
    assert fit.value(("sequence_number",)) == other.get("sequence_number")
    assert json.loads(event_data(fit.saying(out))) == put(other, path, out)


@pytest.mark.parametrize(
    "json_text",
    [
        '{"choices": [{"delta": {"content": "first", "content": "first"}}]}',
        '{"choices": [{"delta": {"content": "first", "\\u0063ontent": "first"}}]}',
        '{"choices": [{"delta": {"content": "first"}, "delta": {"content": "first"}}]}',
        (
            '{"choices": [{"delta": {"content": "first"}}],'
            ' "choices": [{"delta": {"content": "first"}}]}'
        ),
        '{"x": {"content": "first"}, "choices": [{"delta": {"content": "first"}}]}',
    ],
)
def test_an_event_that_may_say_its_text_twice_has_no_form(json_text):
    assert form_of(f"data: {json_text}\n\n", DELTA) is None


@pytest.mark.parametrize(
    "value",
    ['"a", "refusal": "b"', "null", "7", '["a"]', '"a"} ', '"\n"', '"\x01"', '"', "[" * 9999],
)
def test_an_event_that_says_more_than_its_form_does_not_fit(value):
    line = 'data: {"choices": [{"delta": {"content": %s}}]}\n\n'
    form = form_of(line % '"first"', DELTA)
    assert form.fit(line % '"more"').text == "more"
    assert form.fit(line % value) is None
    assert form.fit((line % '"more"').replace("\n\n", "\r\n\r\n")) is None
    assert form.fit("") is None


def test_bytes_that_are_no_utf8_and_lone_surrogates_are_put_back():
    line = b'data: {"id": "\xff", "choices": [{"delta": {"content": "first"}}]}\n\n'
    text = line.decode("utf-8", "surrogateescape")
    form = Form.of(text, json.loads(text[6:]), DELTA, SAID)
    assert form.fit(text).saying("ü") == line.replace(b"first", "ü".encode())
    assert form.fit(text).saying("\ud800") == line.replace(b"first", b"\\ud800")


def test_forms_are_learned_no_more_where_events_do_not_repeat_each_other():
    forms = Forms()
    lines = [event(chunk({"content": f"{n}"}, id=f"id-{n}")).decode() for n in range(50)]
    for line in lines:
        assert forms.fit(line) is None
        forms.learn(line, json.loads(line[6:]), DELTA, Chunk("x"))
    known = [line for line in lines if forms.fit(line) is not None]
    assert len(known) == 4
    assert lines.index(known[-1]) < 10


def test_what_ends_a_text_or_counts_tokens_is_parsed():
    answer = ChatAnswer(legacy=False, structured=False)
    reader = Reader(answer, whole=False)
    said = [
        chunk({"content": "one"}),
        chunk({"content": "two"}),
        chunk({"content": "three"}, "stop"),
        {**chunk({"content": "four"}), "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
        chunk({"content": "five"}),
    ]
    pieces = reader.feed(b"".join(map(event, said)))
    assert [piece.fit is not None for piece in pieces] == [False, True, False, False, True]
    assert [piece.data for piece in pieces] == said
    assert [piece.ends for piece in pieces] == [False, False, True, False, False]
    assert [place[1].text for place in answer.ending()] == [""]
