"""The promises of an adapter on what programs read: JSON answers, tool calls, and metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .._chopmark import Chopmark
from .._errors import PolicyBlocked
from ..hookspecs import Marker
from ..policy import Policy
from ._adapter_base import DENIED, SECRET, AdapterBase, about
from ._fakes import BesideMarker, MemoryLog, SuffixMarker, WordDetector, plugin
from ._paths import Form, Path, Said, Script

GIVEN = f'{{"name": "a \\"number\\", {SECRET} \\u4f60\\n", "count": 3}}'
WANTED = {"name": 'a "number", *** 你\n', "count": 3}
_ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in DENIED)


def beside(pieces: Sequence[str]) -> Mapping[str, Any]:
    """Return what stands beside the one piece that carries the metadata."""
    found = [p.beside for p in pieces if isinstance(p, Said) and "chopmark" in p.beside]
    assert len(found) == 1, f"{len(found)} pieces carry the key chopmark; one must"
    return found[0]


class DataPromises(AdapterBase):
    """Marks and labels never get into what a program parses; metadata says where they are."""

    @pytest.fixture
    def marking(self, log: MemoryLog) -> Chopmark:
        words = WordDetector({DENIED: "deny", SECRET: "modify"})
        markers: list[Marker] = [SuffixMarker("<<", ">>"), BesideMarker("label")]
        brought = plugin(detectors=[words], markers=markers, log=log)
        return Chopmark(Policy(name="marking"), plugins=[brought])

    def _told(self, path: Path, form: Form, marking: Chopmark, text: str = GIVEN) -> Any:
        return self.ask(path, self.guard(self.bare(Script.letters(text, form)), marking))

    @about("json")
    def test_a_json_answer_stays_json_and_its_record_says_why_it_bears_no_mark(
        self, json_path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        pieces, error = self._told(json_path, "json", marking)
        assert error is None
        assert json.loads("".join(pieces)) == WANTED
        assert unplaced(log) == ["suffix"]

    @about("call")
    def test_a_tool_call_comes_as_the_model_made_it_and_its_record_says_why_it_bears_no_mark(
        self, call_path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        pieces, error = self._told(call_path, "call", marking)
        assert error is None
        assert json.loads("".join(pieces)) == json.loads(GIVEN)
        assert unplaced(log) == ["suffix"]
        assert [verdict.outcome for verdict in log.records[0].verdicts] == ["warn"]

    @about("json")
    @pytest.mark.parametrize("word", [DENIED, _ESCAPED], ids=["plain", "escaped"])
    def test_no_denied_json_answer_is_delivered(
        self, json_path: Path, marking: Chopmark, log: MemoryLog, word: str
    ) -> None:
        self._is_denied(json_path, "json", marking, log, word)

    @about("call")
    @pytest.mark.parametrize("word", [DENIED, _ESCAPED], ids=["plain", "escaped"])
    def test_no_denied_tool_call_is_delivered(
        self, call_path: Path, marking: Chopmark, log: MemoryLog, word: str
    ) -> None:
        self._is_denied(call_path, "call", marking, log, word)

    def _is_denied(
        self, path: Path, form: Form, marking: Chopmark, log: MemoryLog, word: str
    ) -> None:
        text = GIVEN.replace(SECRET, word)
        pieces, error = self._told(path, form, marking, text)
        assert isinstance(error, PolicyBlocked)
        assert isinstance(error, self.blocked)
        said = "".join(pieces)
        assert word[:4] not in said
        assert DENIED[:4] not in said
        assert [(r.action, r.ending) for r in log.records] == [("block", "blocked")]

    @about("metadata")
    def test_the_receipt_stands_beside_the_answer(
        self, path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        pieces, error = self.ask(path, self.guard(self.bare(Script(("a ", "b"))), marking))
        assert error is None
        self._is_told(pieces, log, [True, True])

    @about("metadata")
    def test_the_receipt_and_what_became_of_the_marks_stand_beside_a_json_answer(
        self, json_path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        self._is_told(self._told(json_path, "json", marking)[0], log, [False])

    @about("metadata")
    def test_the_receipt_and_what_became_of_the_marks_stand_beside_a_tool_call(
        self, call_path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        self._is_told(self._told(call_path, "call", marking)[0], log, [False])

    @about("metadata")
    def test_the_receipt_stands_beside_a_refusal(
        self, path: Path, marking: Chopmark, log: MemoryLog
    ) -> None:
        model = self.guard(self.bare(Script(("fine",))), marking, on_block="refuse")
        told = beside(self.ask(path, model, f"please {DENIED} now")[0])
        assert told["chopmark"]["action"] == "block"
        assert told["chopmark"]["receipt"] == {"log": "memory", "position": 0}
        assert "label" not in told, "no model generated the refusal"

    def _is_told(self, pieces: Sequence[str], log: MemoryLog, placed: list[bool]) -> None:
        (record,) = log.records
        told = beside(pieces)
        assert told["chopmark"]["id"] == record.id
        assert told["chopmark"]["receipt"] == {"log": "memory", "position": 0}
        marks = [mark for mark in told["chopmark"]["marks"] if mark["marker"] == "suffix"]
        assert [mark["placed"] for mark in marks] == placed
        assert all(mark["placed"] or mark["reason"] for mark in marks)
        assert told["label"] == {"call": record.id}


def unplaced(log: MemoryLog) -> list[str]:
    """Return the markers of the one record whose marks are not there, each with its reason."""
    (record,) = log.records
    missing = [mark for mark in record.marks if not mark.placed]
    assert all("JSON" in mark.reason for mark in missing), missing
    return [mark.marker for mark in missing]
