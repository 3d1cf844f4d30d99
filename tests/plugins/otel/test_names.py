"""What is emitted is what docs/otel.md lists, by names that the conventions have released."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.semconv._incubating.attributes import code_attributes, gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes

from chopmark import PolicyBlocked, Request, calling
from chopmark._decorator import TextShape
from chopmark.testing import SuffixMarker
from chopmark_otel import _names

PAGE = Path(__file__).parents[3] / "docs" / "otel.md"
LISTED = set(re.findall(r"^\| `([a-z_.]+\.[a-z_.]+)` \|", PAGE.read_text("utf-8"), re.M))
NEVER_RELEASED_AS_A_CONSTANT = {"gen_ai.evaluation.result"}  # events have none


def emitted_by_us() -> Iterator[str]:
    for name, value in vars(_names).items():
        if name.isupper() and name != "SCOPE":
            if isinstance(value, str):
                yield value
            else:
                yield from value.values() if isinstance(value, dict) else value


def test_the_page_lists_every_name_and_no_other() -> None:
    assert sorted(LISTED) == sorted(emitted_by_us())


def test_names_of_the_conventions_are_released_ones() -> None:
    modules = (gen_ai_attributes, gen_ai_metrics, code_attributes, error_attributes)
    released = {v for module in modules for v in vars(module).values() if isinstance(v, str)}
    ours = {n for n in emitted_by_us() if n.startswith(("gen_ai.", "code.", "error."))}
    assert ours - NEVER_RELEASED_AS_A_CONSTANT <= released


def test_nothing_is_emitted_that_is_not_listed(telemetry: Any, make: Any) -> None:
    chop = make({"content": "masked"}, markers=[SuffixMarker(suffix="!")])
    also = make({"events": "span", "span": "guard"})

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        if prompt == "fail":
            raise ConnectionError
        yield f"an odd answer to {prompt}"

    @also.guard
    def other(prompt: str) -> str:
        return "odd"

    with calling(audience="minor"):
        "".join(answer("hi"))
    other("hi")
    for prompt, error in (("bad", PolicyBlocked), ("fail", ConnectionError)):
        with pytest.raises(error):
            "".join(answer(prompt))
    parameters = dict.fromkeys(_names.PARAMETERS, 1)
    request = Request(model="m", structured=True, parameters={**parameters, "stop": ["zanzibar"]})
    chop.run(request, TextShape(whole=True), lambda sent: "fine")
    spans = telemetry.spans()
    said: set[str] = set(telemetry.receiver.metrics)
    for points in telemetry.receiver.metrics.values():
        said |= {name for point in points for name in point.attributes}
    for span in spans:
        said |= set(span.attributes)
        for name, attributes in span.events:
            said |= {name, *attributes}
    for event in telemetry.receiver.events:
        said |= {event.name, *event.attributes}
    assert said <= LISTED
    unseen = LISTED - said
    assert unseen == {
        "chopmark.log.gaps", "chopmark.log.lag", "gen_ai.client.token.usage",
        "gen_ai.token.type", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
    }  # fmt: skip  # each is seen in another test
