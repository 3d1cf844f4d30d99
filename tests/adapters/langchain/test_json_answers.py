"""Answers that are JSON for a program: no mark in them, and JSON behind the screen too."""

import json

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_given import Given, answer
from pydantic import BaseModel, Field

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_langchain import guard


class Person(BaseModel):
    """A person."""

    name: str
    mail: str


JSON = '{"name": "Ann", "mail": "SECRET\\n"}'
ASKED = {
    "response-format": {"response_format": {"type": "json_object"}},
    "json-schema": {"response_format": {"type": "json_schema", "json_schema": {}}},
    "ollama": {"format": "json"},
    "google": {"response_mime_type": "application/json"},
    "responses": {"text": {"format": {"type": "json_schema"}}},
    "anthropic": {"output_config": {"format": {"type": "json_schema"}}},
    "langchain": {"ls_structured_output_format": {"kwargs": {"method": "json_mode"}, "schema": {}}},
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("streams", [False, True])
def test_a_json_answer_gets_no_mark_and_stays_json(marking, asked, streams):
    chunks = [AIMessageChunk(letter) for letter in JSON]
    model = guard(Given(message=AIMessage(JSON), chunks=chunks), marking).bind(**ASKED[asked])
    if streams:
        got = list(model.stream("hi"))
        text = "".join(chunk.text for chunk in got)
        metadata = got[-1].response_metadata["chopmark"]
    else:
        said = model.invoke("hi")
        text, metadata = said.text, said.response_metadata["chopmark"]
    assert json.loads(text) == {"name": "Ann", "mail": "***\n"}
    assert [m["placed"] for m in metadata["marks"]] == [False]


@pytest.mark.parametrize(
    "asked",
    [
        {"response_format": {"type": "text"}},
        {"ls_structured_output_format": {"kwargs": {"method": "function_calling"}, "schema": {}}},
    ],
)
def test_prose_that_was_asked_for_as_prose_gets_its_mark(marking, asked):
    assert guard(Given(message=AIMessage("hi")), marking).bind(**asked).invoke("x").text == "<hi>"


def test_two_policies_both_know_that_json_was_asked_for(marking):
    other = Chopmark(
        Policy(name="other"), plugins=[plugin(markers=[SuffixMarker("[", "]")], log=MemoryLog())]
    )
    model = guard(guard(Given(message=AIMessage(JSON)), other), marking)
    asked = model.bind(**ASKED["langchain"])
    assert json.loads(asked.invoke("hi").text)["name"] == "Ann"
    assert model.invoke("hi").text == '<[{"name": "Ann", "mail": "***\\n"}]>'


def test_a_model_that_is_set_to_json_gets_no_mark(marking):
    class Set(Given):
        format: str = "json"

    assert guard(Set(message=AIMessage(JSON)), marking).invoke("x").text[:2] == '{"'


def test_a_json_answer_with_a_parsed_copy_says_once_that_it_has_no_mark(marking):
    given = AIMessage(JSON, additional_kwargs={"parsed": {"name": "Ann"}})
    model = guard(Given(message=given), marking).bind(**ASKED["langchain"])
    marks = model.invoke("hi").response_metadata["chopmark"]["marks"]
    assert [m["placed"] for m in marks] == [False]


def test_a_parsed_copy_is_parsed_again(chop):
    for parsed in (Person(name="Ann", mail="SECRET"), {"name": "Ann", "mail": "SECRET"}):
        given = AIMessage(JSON, additional_kwargs={"parsed": parsed})
        said = answer(given, chop).additional_kwargs["parsed"]
        assert type(said) is type(parsed)
        assert dict(said) == {"name": "Ann", "mail": "***"}
        assert dict(given.additional_kwargs["parsed"])["mail"] == "SECRET"


def test_a_parsed_copy_that_does_not_fit_any_more_goes(log):
    class Short(BaseModel):
        mail: str = Field(max_length=6)

    words = WordDetector({"SECRET": "modify"}, replacement="something longer")
    chop = Chopmark(Policy(name="short"), plugins=[plugin(detectors=[words], log=log)])
    given = AIMessage("{}", additional_kwargs={"parsed": Short(mail="SECRET")})
    assert answer(given, chop).additional_kwargs["parsed"] is None
