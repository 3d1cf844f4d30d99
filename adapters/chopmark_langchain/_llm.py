"""Guards text LLMs: a prompt in, a text out.

A text LLM may get several prompts at once. Each is a call of its own here, so a provider that
has one request for many prompts gets one request for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache, partial, wraps
from typing import Any

from langchain_core.language_models import BaseLLM
from langchain_core.outputs import Generation, GenerationChunk, LLMResult

from chopmark import Chunk, Kind, Message, PolicyBlocked, Request, Response, Usage

from ._blocked import KEY
from ._bypass import blocked
from ._calls import Call, astream_method, guards, stream_method
from ._guarding import Guarding, class_of, subclass, swapped
from ._holding import GuardedModel
from ._messages import without_logprobs
from ._request import ADAPTER
from ._runs import whole_text


class GuardedLLM(GuardedModel):
    """What a guarded text LLM says of itself."""

    @staticmethod
    def _chopmark_again(bare: Any, guarding: Guarding) -> Any:
        return guard_llm(bare, guarding)


def guard_llm(model: Any, guarding: Guarding) -> Any:
    """Return a guarded copy of a text LLM, of a subclass of its own class."""
    guarded = swapped(model, _guarded_llm(class_of(model), guarding))
    if guarding.on_block == "refuse" and not guarding.chop.inert:
        guarded.cache = False  # as in `guard_chat`
    return guarded


@lru_cache(maxsize=256)
def _guarded_llm(cls: Any, guarding: Guarding) -> type:
    methods: dict[str, Any] = {
        "_generate": _generate(cls._generate, guarding),
        "_agenerate": _agenerate(cls._agenerate, guarding),
    }
    if cls._stream is not BaseLLM._stream:
        methods["_stream"] = stream_method(cls._stream, guarding, _LLMCall, TextChunkShape)
    if cls._stream is not BaseLLM._stream or cls._astream is not BaseLLM._astream:
        methods["_astream"] = astream_method(cls._astream, guarding, _LLMCall, TextChunkShape)
    return subclass(cls, GuardedLLM, guarding, methods)


class _LLMCall(Call):
    """A stream of one prompt."""

    name = "prompt"

    def make(self, stream: bool) -> Request:
        return self.request_for(self.asked, stream=stream)

    def first(self, screened: Request) -> Any:
        return _prompt(screened)

    def request_for(self, prompt: str, *, stream: bool) -> Request:
        return Request(
            messages=(Message(role="user", text=prompt),),
            adapter=ADAPTER,
            model=self.model,
            stream=stream,
            structured=self.structured,
            parameters=self.parameters,
        )


class _LLMCalls(_LLMCall):
    """A list of prompts."""

    name = "prompts"

    def make(self, stream: bool) -> Request:
        return Request()


def _prompt(screened: Request) -> str:
    return "".join(message.text for message in screened.messages)


def _generate(base: Callable[..., LLMResult], guarding: Guarding) -> Callable[..., LLMResult]:
    @wraps(base)
    def generate(self: Any, *args: Any, **kwargs: Any) -> LLMResult:
        if guarding.idle:
            return base(self, *args, **kwargs)
        call = _LLMCalls(self, guarding.chop, args, kwargs, stream=False)

        def ask(screened: Request) -> LLMResult:
            args, kwargs = call.arguments(base, [_prompt(screened)])
            return base(self, *args, **kwargs)

        results = [
            guarding.chop.run(
                call.request_for(prompt, stream=False),
                TextShape(structured=call.structured),
                ask,
                on_block=guarding.on_block,
                done=guarding.on_response,
            )
            for prompt in call.asked
        ]
        result = _joined(results)
        call.tell(partial(whole_text, result))
        return result

    return guards(generate)  # type: ignore[no-any-return]


def _agenerate(base: Callable[..., Any], guarding: Guarding) -> Callable[..., Any]:
    @wraps(base)
    async def agenerate(self: Any, *args: Any, **kwargs: Any) -> LLMResult:
        if guarding.idle:
            return await base(self, *args, **kwargs)  # type: ignore[no-any-return]
        call = _LLMCalls(self, guarding.chop, args, kwargs, stream=False)

        async def ask(screened: Request) -> LLMResult:
            args, kwargs = call.arguments(base, [_prompt(screened)])
            return await base(self, *args, **kwargs)  # type: ignore[no-any-return]

        results = await asyncio.gather(
            *(
                guarding.chop.arun(
                    call.request_for(prompt, stream=False),
                    TextShape(structured=call.structured),
                    ask,
                    on_block=guarding.on_block,
                    done=guarding.on_response,
                )
                for prompt in call.asked
            )
        )
        result = _joined(results)
        await call.atell(partial(whole_text, result))
        return result

    return guards(agenerate)  # type: ignore[no-any-return]


def _joined(results: Sequence[LLMResult]) -> LLMResult:
    """Return the results of several prompts as one; token counts are added up."""
    if len(results) == 1:
        return results[0]
    output: dict[str, Any] = {}
    for result in results:
        for key, value in (result.llm_output or {}).items():
            if key == "token_usage" and isinstance(value, dict):
                counts = output.setdefault(key, {})
                for name, count in value.items():
                    counts[name] = counts.get(name, 0) + count if isinstance(count, int) else count
            else:
                output[key] = value
    generations = [answers for result in results for answers in result.generations]
    return LLMResult(generations=generations, llm_output=output or None)


class _Text:
    def __init__(self, *, structured: bool = False) -> None:
        self._kind: Kind = "structured" if structured else "answer"

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)

    def _refusal(self, response: Response) -> dict[str, Any]:
        info = {"finish_reason": "content_filter", **response.carried(KEY)}
        return {"text": response.refusal, "generation_info": info}


class TextShape(_Text):
    """The whole answers to one prompt."""

    def read(self, raw: LLMResult) -> Sequence[Chunk]:
        """Return the text of each answer."""
        return [Chunk(g.text, self._kind, n, True) for n, g in enumerate(raw.generations[0])]

    def write(
        self, raw: LLMResult, texts: Sequence[str], tails: Sequence[Chunk]
    ) -> Sequence[LLMResult]:
        """Return the answers with their new texts."""
        rest = {tail.index: tail.text for tail in tails}
        answers = [
            _changed(generation, text + rest.get(n, ""))
            for n, (generation, text) in enumerate(zip(raw.generations[0], texts, strict=True))
        ]
        return (raw.model_copy(update={"generations": [answers]}),)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[LLMResult]:
        """Return nothing: a whole answer says itself where it ends."""
        return ()

    def seal(self, held: Sequence[LLMResult], response: Response) -> Sequence[LLMResult]:
        """Return the answers with the metadata in each `generation_info`."""
        metadata = response.carried(KEY)
        return [
            result.model_copy(
                update={
                    "generations": [
                        [
                            g.model_copy(
                                update={
                                    "generation_info": {**(g.generation_info or {}), **metadata}
                                }
                            )
                            for g in answers
                        ]
                        for answers in result.generations
                    ]
                }
            )
            for result in held
        ]

    def usage(self, raw: LLMResult) -> Usage | None:
        """Return the token counts, which text LLMs give under OpenAI's names."""
        counted = (raw.llm_output or {}).get("token_usage")
        if not isinstance(counted, dict):
            return None
        return Usage(
            input_tokens=counted.get("prompt_tokens") or 0,
            output_tokens=counted.get("completion_tokens") or 0,
        )

    def refuse(self, response: Response) -> Sequence[LLMResult]:
        """Return the refusal as the answer."""
        return (LLMResult(generations=[[Generation(**self._refusal(response))]]),)


class TextChunkShape(_Text):
    """The pieces of a streamed text; the stream ends without a word, so a last one is added."""

    _begun = False

    def read(self, raw: GenerationChunk) -> Sequence[Chunk]:
        """Return the text of one piece."""
        self._begun = True
        return (Chunk(raw.text, self._kind),)

    def write(
        self, raw: GenerationChunk, texts: Sequence[str], tails: Sequence[Chunk]
    ) -> Sequence[GenerationChunk]:
        """Return the piece with its new text."""
        return (_changed(raw, texts[0] + "".join(tail.text for tail in tails)),)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[GenerationChunk]:
        """Return the tails as pieces."""
        return [GenerationChunk(text=tail.text) for tail in tails]

    def seal(
        self, held: Sequence[GenerationChunk], response: Response
    ) -> Sequence[GenerationChunk]:
        """Return an empty last piece with the metadata; nothing where the model gave no piece."""
        if not self._begun:
            return held  # core's own error then
        metadata = response.carried(KEY)
        return (*held, GenerationChunk(text="", generation_info=metadata))

    def usage(self, raw: GenerationChunk) -> Usage | None:
        """Return None: there is no standard place for counts here."""
        return None

    def refuse(self, response: Response) -> Sequence[GenerationChunk]:
        """Return the refusal as a piece."""
        return (GenerationChunk(**self._refusal(response)),)


def _changed(generation: Any, text: str) -> Any:
    if text == generation.text:
        return generation
    info = generation.generation_info
    update = {"text": text, "generation_info": without_logprobs(info) if info else info}
    return generation.model_copy(update=update)
