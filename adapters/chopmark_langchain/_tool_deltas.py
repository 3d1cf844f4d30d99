"""Holds back what a tool sends of its result while it runs, until all of it was screened."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from chopmark import Chopmark, Screening

from ._tool_results import as_text

_SENDS = "emit_output_delta"


class Held:
    """The deltas of one run of a tool.

    A word that the policy denies may be cut anywhere between them, and a tool says nothing of
    its end, so they wait until it ended. They go on as they came where the policy leaves their
    text; else as one, with what is left of it, which may be nothing.
    """

    def __init__(self, chop: Chopmark) -> None:
        self._chop = chop
        self._sent: list[tuple[Callable[[Any], None], Any]] = []

    def in_place(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a tool, with a `ToolRuntime` among them that holds back."""
        return {
            name: self._holding(value) if hasattr(type(value), _SENDS) else value
            for name, value in kwargs.items()
        }

    def release(self) -> None:
        """Send what the policy lets go on."""
        if self._sent:
            self._send(self._chop.screen(self._text(), role="tool"))

    async def arelease(self) -> None:
        """Send what the policy lets go on."""
        if self._sent:
            self._send(await self._chop.ascreen(self._text(), role="tool"))

    def _holding(self, runtime: Any) -> Any:
        held = copy.copy(runtime)
        emit = getattr(runtime, _SENDS)
        object.__setattr__(held, _SENDS, lambda delta: self._sent.append((emit, delta)))
        return held

    def _text(self) -> str:
        return "".join(as_text(delta) for _, delta in self._sent)

    def _send(self, screening: Screening) -> None:
        whole = self._text()
        sent, self._sent = self._sent, []
        if screening.action in ("block", "escalate"):
            return
        if screening.text == whole:
            for emit, delta in sent:
                emit(delta)
        else:
            sent[0][0](screening.text)
