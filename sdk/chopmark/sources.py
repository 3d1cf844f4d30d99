"""What an answer rests on: the texts that a retrieval chain found and put into the prompt.

    with gathering():
        chain.invoke(...)       # its retriever tells what it found, its model's call carries that

A retriever, or the step behind it, calls `tell`; adapters have steps that do. Where no block
gathers, nothing is kept. Plugin `sources` puts what was told beside the answer and into its record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from ._calling import calling, said_around
from ._errors import RequestError
from ._values import Request

KEY = "sources"
"""The name of the sources in a call's `metadata`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One text that an answer rests on; `id` is how the operator's store knows it."""

    id: str
    title: str = ""
    text: str = field(default="", repr=False)


@contextmanager
def gathering() -> Iterator[list[Source]]:
    """Gather what is told in this block, for every guarded call in it; yield the list."""
    found: list[Source] = []
    with calling(metadata={KEY: found}):
        yield found


def tell(sources: Iterable[Source]) -> None:
    """Say what was found; a source that was told already counts once."""
    found = said_around().get(KEY)
    if isinstance(found, list):
        found += [source for source in dict.fromkeys(sources) if source not in found]


def sources_of(request: Request) -> tuple[Source, ...]:
    """Return the sources of a call: those gathered, or those that it names in its `metadata`.

    There they may be `Source` objects, or mappings with an `id` and, if known, `title` and `text`.

    Raises:
        RequestError: they are something else.
    """
    given = request.metadata.get(KEY, ())
    if not isinstance(given, (list, tuple)):
        raise _wrong(given)
    return tuple(map(_source, given))


_KNOWN = {"id", "title", "text"}


def _source(given: object) -> Source:
    if isinstance(given, Source):
        return given
    if (
        not isinstance(given, Mapping)
        or not given.get("id")
        or set(given) - {"id", "title", "text"}
    ):
        raise _wrong(given)
    return Source(**{str(key): str(value) for key, value in given.items()})


def _wrong(given: object) -> RequestError:
    return RequestError(
        f"metadata {KEY!r} holds a {type(given).__name__} that names no source; give a list of "
        'Source(id="...") or of {"id": "...", "title": "...", "text": "..."}'
    )
