"""What is told inside a block belongs to the calls in it, and to no other."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextvars import copy_context

import pytest

from chopmark import Chopmark, Policy, Request, RequestError, Response, calling
from chopmark.sources import Source, gathering, sources_of, tell
from chopmark.testing import plugin

ONE, TWO = Source(id="1", title="One", text="a text"), Source(id="2")


def ask(chop: Chopmark) -> str:
    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    return answer("q")


def seen() -> tuple[Chopmark, list[tuple[Source, ...]]]:
    found: list[tuple[Source, ...]] = []

    def look(request: Request) -> Generator[Request, Response, Response]:
        found.append(sources_of(request))
        return (yield request)

    return Chopmark(Policy(name="p"), plugins=[plugin(wrappers=[look])]), found


def test_a_call_has_what_was_told_before_it() -> None:
    chop, found = seen()
    with gathering():
        ask(chop)
        tell([ONE, TWO, ONE])
        tell([ONE])
        ask(chop)
    ask(chop)
    assert found == [(), (ONE, TWO), ()]


def test_what_is_told_in_a_thread_of_the_block_counts() -> None:
    with gathering() as found:
        thread = threading.Thread(target=copy_context().run, args=(tell, [ONE]))
        thread.start()
        thread.join()
    assert found == [ONE]


def test_an_inner_block_gathers_for_itself() -> None:
    with gathering() as outer:
        tell([ONE])
        with gathering() as inner:
            tell([TWO])
    assert (outer, inner) == ([ONE], [TWO])


def test_a_call_may_name_its_sources_itself() -> None:
    chop, found = seen()
    with calling(metadata={"sources": [{"id": "7", "title": "Seven"}]}):
        ask(chop)
    assert found == [(Source(id="7", title="Seven"),)]


@pytest.mark.parametrize(
    "given", ["text", {"id": "1"}, [{"title": "x"}], [3], [{"id": "1", "x": 2}]]
)
def test_what_is_no_source_is_an_error_with_its_cure(given: object) -> None:
    request = Request(metadata={"sources": given})
    with pytest.raises(RequestError, match=r'give a list of Source\(id="..."\)'):
        sources_of(request)


def test_no_text_is_in_the_repr_of_a_source() -> None:
    assert "a text" not in repr(ONE)
