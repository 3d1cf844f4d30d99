"""Each adapter refuses what no call could use when it guards, not when the first one ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chopmark import Chopmark, Policy, RequestError

Guard = Callable[..., Any]


def langchain() -> tuple[Guard, Any]:
    models = pytest.importorskip("langchain_core.language_models")
    from chopmark_langchain import guard

    return guard, models.FakeListChatModel(responses=["It is so."])


def llamaindex() -> tuple[Guard, Any]:
    llms = pytest.importorskip("llama_index.core.llms")
    from chopmark_llamaindex import guard

    return guard, llms.MockLLM()


def openai() -> tuple[Guard, Any]:
    sdk = pytest.importorskip("openai")
    from chopmark_openai import guard

    return guard, sdk.OpenAI(api_key="none")


@pytest.fixture
def chop() -> Iterator[Chopmark]:
    made = Chopmark(Policy(name="t", plugins=("keyword",)))
    yield made
    made.close()


@pytest.mark.parametrize("adapter", [langchain, llamaindex, openai])
def test_what_cannot_be_told_or_done_is_refused(
    chop: Chopmark, adapter: Callable[[], tuple[Guard, Any]]
) -> None:
    guard, model = adapter()
    for told in ("f", lambda: None):
        with pytest.raises(RequestError, match="on_response is"):
            guard(model, chop, on_response=told)
    with pytest.raises((RequestError, ValueError), match="on_block is 'refused'; give"):
        guard(model, chop, on_block="refused")
    with pytest.raises(TypeError, match=r"a Chopmark is needed, not str; make one: Chopmark\(pol"):
        guard(model, "cn")
    assert guard(model, chop, on_response=[].append) is not model


@pytest.mark.parametrize("chain", [lambda text: text, "text"])
def test_a_chain_is_a_runnable(chop: Chopmark, chain: object) -> None:
    pytest.importorskip("langchain_core")
    from chopmark_langchain import guard_chain

    with pytest.raises(TypeError, match=r"takes a Runnable, not .*RunnableLambda\(function\)"):
        guard_chain(chain, chop)  # type: ignore[arg-type]
