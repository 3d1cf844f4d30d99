"""The promises of an adapter on calls that somebody ends early: one record says what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .._chopmark import Chopmark
from ._adapter_base import AdapterBase, about
from ._fakes import MemoryLog
from ._paths import Path, Script
from ._walks import cancel_on_asyncio, cancel_on_trio, leave

_LONG = tuple("0123456789" * 5)
_LEFT_AFTER = 25
"""Pieces: more than are held back of the first ones."""


class EndingPromises(AdapterBase):
    """A reader leaves a stream, forgets it, or its task is cancelled."""

    @about("leaving")
    def test_leaving_a_stream_leaves_one_record_of_what_was_delivered(
        self, stream_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        model = self.guard(self.bare(Script(_LONG)), chop)
        got = leave(stream_path, model, _LEFT_AFTER, close=True)
        self._is_recorded(log, "abandoned", got)

    @about("forgetting")
    def test_forgetting_a_stream_leaves_one_record_of_what_was_delivered(
        self, stream_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        model = self.guard(self.bare(Script(_LONG)), chop)
        got = leave(stream_path, model, _LEFT_AFTER, close=False)
        self._is_recorded(log, "abandoned", got)

    @about("cancelling")
    def test_cancelling_a_task_leaves_one_record_of_what_was_delivered(
        self, async_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        model = self.guard(self.bare(Script(_LONG, waits=True)), chop)
        got = cancel_on_asyncio(async_path, model, self._begun(async_path, model))
        self._is_recorded(log, "cancelled", got)

    @about("trio")
    def test_cancelling_a_scope_of_trio_leaves_one_record_of_what_was_delivered(
        self, async_path: Path, chop: Chopmark, log: MemoryLog
    ) -> None:
        pytest.importorskip("trio", reason="trio is not installed")
        model = self.guard(self.bare(Script(_LONG, waits=True)), chop)
        got = cancel_on_trio(async_path, model, self._begun(async_path, model))
        self._is_recorded(log, "cancelled", got)

    def _begun(self, path: Path, model: Any) -> Callable[[Sequence[str]], bool]:
        """Return what tells that the model is at work."""
        return lambda got: bool("".join(got) if path.streams else self.seen(model))

    def _is_recorded(self, log: MemoryLog, ending: str, got: Sequence[str]) -> None:
        assert [(r.action, r.ending) for r in log.records] == [("allow", ending)]
        assert log.records[0].answer.characters == len("".join(got))
