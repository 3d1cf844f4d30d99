"""Says what an answer rests on, beside it and in its record, and which sentences rest on nothing.

Options of `[settings.sources]`: `list` (false): the titles behind the answer, for people to see;
`support` (0.4): a sentence of which a smaller share stands in the sources has the verdict
`unsupported`, which warns; 0 switches that off. A stream waits for none of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from chopmark import Policy, Request, Response, Verdict, hookimpl
from chopmark.hookspecs import Marker, Wrapper
from chopmark.options import Table
from chopmark.sources import sources_of

from ._beside import SourcesBeside
from ._list import SourceList, without_list
from ._support import sentences

__all__ = ["SourceList", "SourcesBeside"]

CATEGORY = "unsupported"
SUPPORT = 0.4


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return what puts the sources beside an answer, and behind it where people shall see them."""
    given = Table.of(policy, "sources", ("list", "support"))
    return (SourcesBeside(), SourceList()) if given.switch("list", False) else (SourcesBeside(),)


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return what looks for support when an answer is whole."""
    given = Table.of(policy, "sources", ("list", "support"))
    least = given.number("support", SUPPORT, least=0, most=1)
    return (_looking(least),) if least else ()


def _looking(least: float) -> Wrapper:
    version = f"1:{least:g}"

    def look(request: Request) -> Generator[Request, Response, Response]:
        texts = [source.text for source in sources_of(request) if source.text]
        response = yield request
        if not texts or response.action in ("block", "escalate"):
            return response
        found = [
            Verdict(
                category=CATEGORY, start=one.start, end=one.end, score=round(1 - one.support, 3),
                outcome="warn", detector="sources", version=version,
            )
            for one in sentences(without_list(response.text), texts)
            if one.support < least
        ]  # fmt: skip
        return replace(response, verdicts=(*response.verdicts, *found)) if found else response

    return look
