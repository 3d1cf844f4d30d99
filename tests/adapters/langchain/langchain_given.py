"""A model that answers with what it is given, and what comes of that behind a guard."""

from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_models import ChatScript
from pydantic import Field

from chopmark_langchain import LangChainBlocked, guard


class Given(ChatScript):
    """Answers with the message, or the chunks, that it is given."""

    message: Any = None
    chunks: list[Any] = Field(default_factory=list)
    more: list[Any] = Field(default_factory=list)
    info: Any = None

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        messages = [self.message, *self.more]
        return ChatResult(
            generations=[ChatGeneration(message=m, generation_info=self.info) for m in messages]
        )

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk, generation_info=self.info)


def answer(message, chop, **options):
    return guard(Given(message=message, **options), chop).invoke("hi")


def streamed(chunks, chop, **options):
    got = list(guard(Given(chunks=chunks, **options), chop).stream("hi"))
    whole = got[0]
    for chunk in got[1:]:
        whole += chunk
    return got, whole


def until_blocked(chunks, chop):
    """What a stream delivered, as JSON, until the policy ended it."""
    delivered = []
    try:
        for chunk in guard(Given(chunks=list(chunks)), chop).stream("hi"):
            delivered.append(chunk.model_dump_json())  # noqa: PERF401  an error follows
    except LangChainBlocked:
        return "".join(delivered)
    raise AssertionError("it was not blocked")


def tool_chunks(args, size, *, twin):
    for n in range(0, len(args), size):
        part = args[n : n + size]
        first = {"name": "send", "id": "c"} if n == 0 else {"name": None, "id": None}
        content = [{"type": "function_call", "arguments": part, "index": 0}] if twin else ""
        yield AIMessageChunk(content, tool_call_chunks=[{**first, "args": part, "index": 0}])
