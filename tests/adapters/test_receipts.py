"""The receipt of the log that ships stands beside an answer, and leads to the record of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Policy
from chopmark.reading import open_log, readable

SAID = "It is so."


def langchain(chop: Chopmark, streams: bool) -> Mapping[str, Any]:
    models = pytest.importorskip("langchain_core.language_models")
    from chopmark_langchain import guard

    model = guard(models.FakeListChatModel(responses=[SAID]), chop)
    if not streams:
        return model.invoke("q").response_metadata  # type: ignore[no-any-return]
    (found,) = [c for c in model.stream("q") if "chopmark" in c.response_metadata]
    return found.response_metadata  # type: ignore[no-any-return]


def llamaindex(chop: Chopmark, streams: bool) -> Mapping[str, Any]:
    llms = pytest.importorskip("llama_index.core.llms")
    from chopmark_llamaindex import guard

    llm = guard(llms.MockLLM(), chop)
    if not streams:
        return llm.complete(SAID).additional_kwargs  # type: ignore[no-any-return]
    (found,) = [c for c in llm.stream_complete(SAID) if "chopmark" in c.additional_kwargs]
    return found.additional_kwargs  # type: ignore[no-any-return]


def openai(chop: Chopmark, streams: bool) -> Mapping[str, Any]:
    sdk = pytest.importorskip("openai")
    from chopmark_openai import guard
    from chopmark_openai._http import module_of

    http = module_of(sdk.DefaultHttpxClient)
    head = {"id": "c", "created": 1, "model": "m"}

    def answer(request: Any) -> Any:
        end = {"index": 0, "finish_reason": "stop"}
        if not streams:
            choice = {**end, "message": {"role": "assistant", "content": SAID}}
            body = {**head, "object": "chat.completion", "choices": [choice]}
            return http.Response(200, json=body)
        choice = {**end, "delta": {"content": SAID}}
        body = {**head, "object": "chat.completion.chunk", "choices": [choice]}
        text = f"data: {json.dumps(body)}\n\ndata: [DONE]\n\n"
        return http.Response(200, text=text, headers={"content-type": "text/event-stream"})

    with http.Client(transport=http.MockTransport(answer), verify=False) as client:
        guarded = guard(sdk.OpenAI(api_key="k", base_url="http://x/v1", http_client=client), chop)
        asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "q"}]}
        made = guarded.chat.completions.create(**asked, stream=streams)
        if not streams:
            return made.model_extra or {}
        (found,) = [c for c in made if "chopmark" in (c.model_extra or {})]
        return found.model_extra or {}


def python(chop: Chopmark, streams: bool) -> Mapping[str, Any]:
    told: list[Any] = []

    @chop.guard(on_response=told.append)
    def pieces(prompt: str) -> Iterator[str]:
        yield SAID

    @chop.guard(on_response=told.append)
    def answer(prompt: str) -> str:
        return SAID

    assert "".join(pieces("q") if streams else answer("q")) == SAID
    carried: Mapping[str, Any] = told[0].carried()
    return carried


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("adapter", [langchain, llamaindex, openai, python])
def test_the_receipt_leads_to_the_record(
    tmp_path: Path, adapter: Callable[[Chopmark, bool], Mapping[str, Any]], streams: bool
) -> None:
    policy = Policy(name="logged", plugins=("log",)).with_options("log", path=str(tmp_path / "log"))
    chop = Chopmark(policy)
    try:
        told = adapter(chop, streams)["chopmark"]
    finally:
        chop.close()
    assert told["receipt"] == {"log": "log", "position": 0}
    assert "salt" not in json.dumps(told)
    (record,) = readable(open_log(policy)).read()
    assert (record["id"], record["ending"]) == (told["id"], "completed")
