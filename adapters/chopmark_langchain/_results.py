"""The shape of a chat model's whole answer."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from chopmark import Chunk, PolicyBlocked, Response, Usage

from ._blocked import refusal_fields
from ._bypass import blocked
from ._messages import labelled, put, shared, without_logprobs
from ._places import Place, Places
from ._usage import Count


class ResultShape:
    """One `ChatResult`; each of its generations is an answer of its own."""

    def __init__(self, *, structured: bool = False) -> None:
        self._places = Places(structured=structured)
        self._found: list[list[Place]] = []
        self._count = Count()

    def read(self, raw: ChatResult) -> Sequence[Chunk]:
        """Return all texts; the last one of each channel ends it."""
        self._found = [self._places.of(g.message, n) for n, g in enumerate(raw.generations)]
        places = [place for found in self._found for place in found]
        ends = {(place.kind, place.index): n for n, place in enumerate(places)}
        chunks = [
            Chunk(p.text, p.kind, p.index, ends[p.kind, p.index] == n) for n, p in enumerate(places)
        ]
        return chunks or (Chunk("", self._places.prose, last=True),)

    def write(
        self, raw: ChatResult, texts: Sequence[str], tails: Sequence[Chunk]
    ) -> Sequence[ChatResult]:
        """Return the result with its new texts."""
        rest = {(tail.kind, tail.index): tail.text for tail in tails}
        generations = []
        start = 0
        for generation, places in zip(raw.generations, self._found, strict=True):
            new = shared(places, texts[start : start + len(places)], rest)
            start += len(places)
            generations.append(_changed(generation, places, new))
        return (raw.model_copy(update={"generations": generations}),)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[ChatResult]:
        """Return nothing: a whole answer says itself where it ends."""
        return ()

    def seal(self, held: Sequence[ChatResult], response: Response) -> Sequence[ChatResult]:
        """Return the result with the metadata on every message."""
        return [
            result.model_copy(
                update={
                    "generations": [
                        g.model_copy(update={"message": labelled(g.message, response)})
                        for g in result.generations
                    ]
                }
            )
            for result in held
        ]

    def usage(self, raw: ChatResult) -> Usage | None:
        """Return the token counts of all messages."""
        usage = None
        for generation in raw.generations:
            usage = self._count.add(getattr(generation.message, "usage_metadata", None)) or usage
        return usage

    def refuse(self, response: Response) -> Sequence[ChatResult]:
        """Return a result whose message is the refusal text."""
        message = AIMessage(**refusal_fields(response))
        return (ChatResult(generations=[ChatGeneration(message=message)]),)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)


def _changed(
    generation: ChatGeneration, places: Sequence[Place], texts: Sequence[str]
) -> ChatGeneration:
    message = put(generation.message, places, texts)
    if message is generation.message:
        return generation
    info = generation.generation_info
    return type(generation)(
        message=message, generation_info=without_logprobs(info) if info else info
    )
