"""Records calls of models that are not guarded."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

from chopmark import Chopmark, PolicyError, Request, Usage

from ._guarding import Done, a_chopmark
from ._prompts import prompt_request
from ._request import request
from ._texts import TextPieces
from ._usage import Count

_ADAPTER = "langchain.callback"


class RecordOnlyCallback(BaseCallbackHandler):
    """Leaves a record of every model call that it hears of. It can neither block nor mark.

    model.invoke(prompt, config={"callbacks": [RecordOnlyCallback(Chopmark("record-only"))]})

    LangChain ignores what a callback returns, and tells it an answer when the caller has it:
    in a stream each token is with the caller before the callback could object, and an
    `AsyncCallbackHandler` in a sync call cannot even raise. So a policy with detectors or
    markers is refused here: a record that says "blocked" of a text that was delivered would be
    false. To enforce a policy use `guard(model, chop)`.

    A stream that its reader leaves early is recorded as `abandoned`, a model error as
    `model_error`. Of an async call without a stream that is cancelled LangChain tells callbacks
    nothing, so it leaves no record. Where the log cannot take a record and the policy says
    `on_error.log = "block"`, the model call fails, in sync and async.

    Args:
        chop: a policy without detectors and markers, such as `record-only`.
        on_response: told how each call ended.

    Raises:
        PolicyError: the policy has detectors or markers.
    """

    limit = 10_000
    """How many calls may be in progress at once; the oldest is given up beyond that."""

    raise_error = True
    run_inline = True  # else every call of async code would hop to a thread

    def __init__(self, chop: Chopmark, *, on_response: Done | None = None) -> None:
        found = [d.name for d in a_chopmark(chop).detectors] + [m.name for m in chop.markers]
        if found:
            raise PolicyError(
                f"policy {chop.policy.name!r} brings {', '.join(found)}, and a callback can "
                "neither block nor mark; use guard(model, chop), or give the callback a policy "
                'that only records: Chopmark("record-only")'
            )
        self._chop = chop
        self._done = on_response
        self._asked: dict[UUID, Request] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep what a chat model is asked until the call ends."""
        asked = [message for batch in messages for message in batch]
        self._begin(run_id, request(asked), kwargs)

    def on_llm_start(
        self, serialized: dict[str, Any], prompts: list[str], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Keep what a text LLM is asked until the call ends."""
        asked = prompt_request({str(n): prompt for n, prompt in enumerate(prompts)})
        self._begin(run_id, asked, kwargs)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note that the answer comes in pieces."""
        asked = self._asked.get(run_id)
        if asked is not None and not asked.stream:
            self._asked[run_id] = replace(asked, stream=True)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Record a call that was answered."""
        asked = self._asked.pop(run_id, None)
        if asked is not None and not self._chop.inert:
            text = _text(response)
            pieces = self._chop.stream(
                asked, _Told(_usage(response)), lambda sent: (text,), done=self._done
            )
            for _ in pieces:
                pass

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Record a call that its reader left, or that failed. The error itself goes on."""
        asked = self._asked.pop(run_id, None)
        if asked is None or self._chop.inert:
            return
        partial = kwargs.get("response")
        text = _text(partial) if isinstance(partial, LLMResult) else ""

        def answer(sent: Request) -> Iterator[str]:
            yield text
            raise error

        pieces = self._chop.stream(asked, _Told(None), answer, done=self._done)
        with suppress(BaseException):
            next(pieces)
            if isinstance(error, GeneratorExit | CancelledError):
                pieces.close()
            else:
                next(pieces)

    def _begin(self, run_id: UUID, asked: Request, kwargs: Mapping[str, Any]) -> None:
        name = (kwargs.get("metadata") or {}).get("ls_model_name") or kwargs.get("name") or ""
        self._asked[run_id] = replace(asked, adapter=_ADAPTER, model=str(name))
        while len(self._asked) > self.limit:
            self._asked.pop(next(iter(self._asked)), None)


class _Told(TextPieces):
    """An answer that was delivered already."""

    def __init__(self, usage: Usage | None) -> None:
        super().__init__(whole=False)
        self._usage = usage

    def usage(self, raw: str) -> Usage | None:
        return self._usage


def _text(result: LLMResult) -> str:
    return "".join(answer.text for answers in result.generations for answer in answers)


def _usage(result: LLMResult) -> Usage | None:
    count, usage = Count(), None
    for answers in result.generations:
        for answer in answers:
            message = getattr(answer, "message", None)
            usage = count.add(getattr(message, "usage_metadata", None)) or usage
    return usage
