"""The promises of a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest

from .._kept import Content, Event, Record
from .._record import new_id
from .._values import Message
from ..hookspecs import ContentLog, EventLog, Log, PagedLog, ReadableLog
from ..reading import outline, outlines
from ._sample import sample_record

_MAY_LACK = {"request", "answer", "user"}
"""Commitments, which a log may make in a form of its own."""


def settled(log: ReadableLog, count: int) -> list[Mapping[str, Any]]:
    """Return all that `log` says, as soon as that is as much as was appended."""
    deadline = time.monotonic() + 20
    while len(found := list(log.read())) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


class LogContract:
    """Subclass it, give `make` (a log in a folder) and `ids` (the record ids that it holds)."""

    def make(self, folder: Path) -> Log:
        """Return a log that keeps its files in `folder`."""
        raise NotImplementedError("give the log under test: def make(self, folder): ...")

    def ids(self, log: Log, folder: Path) -> Sequence[str]:
        """Return the ids of the records in the log, oldest first."""
        raise NotImplementedError("say what the log holds: def ids(self, log, folder): ...")

    @pytest.fixture
    def log(self, tmp_path: Path) -> Log:
        return self.make(tmp_path)

    def test_has_the_members_of_its_role(self, log: Log) -> None:
        assert isinstance(log, Log)

    def test_an_appended_record_is_there(self, log: Log, tmp_path: Path) -> None:
        record = sample_record()
        receipt = log.append(record)
        assert receipt.record == record.id
        assert receipt.log == log.name
        assert list(self.ids(log, tmp_path)) == [record.id]

    def test_one_that_takes_contents_takes_them_with_the_record(
        self, log: Log, tmp_path: Path
    ) -> None:
        if not getattr(log, "takes_content", False):
            return
        record = sample_record()
        content = Content(
            messages=(Message(role="user", text="request"),), answer="answer", user="someone"
        )
        receipt = cast(ContentLog, log).append_with(record, content)
        assert (receipt.log, receipt.record, receipt.salt) == (log.name, record.id, "")
        assert list(self.ids(log, tmp_path)) == [record.id]

    def test_one_that_can_be_read_says_what_was_recorded(self, log: Log, tmp_path: Path) -> None:
        if not hasattr(log, "read"):
            return
        record = sample_record()
        log.append(record)
        [found] = settled(cast(ReadableLog, log), 1)
        assert (found["k"], found["id"], found["time"]) == ("call", record.id, record.time)
        assert found["action"] == record.action
        assert found["verdicts"][0]["category"] == "pii.email"
        assert found["verdicts"][0]["score"] == 250
        assert found["verdicts"][0]["version"] == "3f2a"
        assert found["marks"][0]["data"] == {"language": "zh"}
        assert found["usage"] == {"input": 3, "output": 5}
        assert set(found) >= {field.name for field in fields(Record)} - _MAY_LACK

    def test_one_that_takes_events_gives_them_back_among_the_calls(
        self, log: Log, tmp_path: Path
    ) -> None:
        if not hasattr(log, "append_event"):
            return
        first, last = sample_record(), sample_record()
        event = Event(
            id=new_id(), time=first.time + 1, kind="complaint.received", about=(first.id,),
            actor="desk", data={"days": 15, "urgent": True, "channel": "网页"},
        )  # fmt: skip
        log.append(first)
        receipt = cast(EventLog, log).append_event(event)
        assert (receipt.log, receipt.record) == (log.name, event.id)
        log.append(last)
        if not hasattr(log, "read"):
            return
        found = settled(cast(ReadableLog, log), 3)
        assert [one["id"] for one in found] == [first.id, event.id, last.id]
        assert {key: found[1][key] for key in ("k", "time", "kind", "about", "actor", "data")} == {
            "k": "event",
            "time": event.time,
            "kind": "complaint.received",
            "about": [first.id],
            "actor": "desk",
            "data": {"days": 15, "urgent": True, "channel": "网页"},
        }

    def test_one_that_can_be_read_reads_a_span_of_time(self, log: Log, tmp_path: Path) -> None:
        if not hasattr(log, "read"):
            return
        records = [replace(sample_record(), time=1_700_000_000_000 + n) for n in range(5)]
        for record in records:
            log.append(record)
        settled(cast(ReadableLog, log), 5)
        start = records[1].time
        found = [one["id"] for one in cast(ReadableLog, log).read(start, start + 2)]
        assert found == [record.id for record in records[1:3]]

    def test_one_that_has_outlines_makes_them_of_what_it_reads(
        self, log: Log, tmp_path: Path
    ) -> None:
        if not hasattr(log, "outlines"):
            return
        whole = sample_record()
        bare = replace(
            sample_record(), time=whole.time + 1, stream=False, judged=False, verdicts=(),
            marks=(), failures=(), usage=None,
        )  # fmt: skip
        log.append(whole)
        log.append(bare)
        if hasattr(log, "append_event"):
            event = Event(id=new_id(), time=whole.time + 2, kind="key.rotated")
            cast(EventLog, log).append_event(event)
        readable = cast(ReadableLog, log)
        settled(readable, 3 if hasattr(log, "append_event") else 2)
        for since, until in ((0, None), (bare.time, None), (0, bare.time), (bare.time + 9, None)):
            read = readable.read(since, until)
            expected = [outline(one) if one["k"] == "call" else one for one in read]
            assert list(outlines(readable, since, until)) == expected

    def test_one_that_says_where_it_was_looked_for_does_so_until_it_is_there(
        self, log: Log, tmp_path: Path
    ) -> None:
        if not hasattr(log, "missing"):
            return
        readable = cast(Any, log)
        for _ in range(2):  # to ask does not make it
            place = readable.missing()
            assert isinstance(place, str)
            assert place
        log.append(sample_record())
        assert readable.missing() is None
        assert cast(Any, self.make(tmp_path)).missing() is None, "another one finds it, too"

    def test_one_that_is_paged_reads_the_same_from_both_ends(
        self, log: Log, tmp_path: Path
    ) -> None:
        paged = self._paged(log)
        if paged is None:
            return
        assert (paged.end(), list(paged.forward()), list(paged.backward())) == (0, [], [])
        for _ in range(5):
            log.append(sample_record())
        found = settled(paged, 5)
        onward = list(paged.forward())
        assert [entry.said for entry in onward] == found
        assert list(paged.backward()) == onward[::-1]
        places = [entry.place for entry in onward]
        assert places == sorted(set(places))
        assert 0 <= places[0] <= places[-1] < paged.end()

    def test_one_that_is_paged_goes_on_from_every_place(self, log: Log, tmp_path: Path) -> None:
        paged = self._paged(log)
        if paged is None:
            return
        for _ in range(4):
            log.append(sample_record())
        settled(paged, 4)
        whole = list(paged.forward())
        for place in (whole[1].place, whole[1].place + 1, whole[3].place + 1, paged.end() + 9):
            onward = [entry for entry in whole if entry.place >= place]
            assert list(paged.forward(place)) == onward
            assert list(paged.backward(place)) == [one for one in whole if one not in onward][::-1]

    def test_one_that_is_paged_finds_an_entry_by_its_id(self, log: Log, tmp_path: Path) -> None:
        paged = self._paged(log)
        if paged is None:
            return
        assert paged.get(new_id()) is None
        records = [sample_record() for _ in range(3)]
        for record in records:
            log.append(record)
        settled(paged, 3)
        whole = list(paged.forward())
        assert [paged.get(record.id) for record in records] == whole
        assert paged.get(new_id()) is None
        assert paged.get("no id") is None

    def _paged(self, log: Log) -> PagedLog | None:
        return cast(PagedLog, log) if hasattr(log, "backward") else None

    def test_records_stay_in_order(self, log: Log, tmp_path: Path) -> None:
        records = [sample_record(str(n)) for n in range(20)]
        positions = [log.append(record).position for record in records]
        assert list(self.ids(log, tmp_path)) == [record.id for record in records]
        assert positions == sorted(set(positions))

    def test_threads_lose_nothing(self, log: Log, tmp_path: Path) -> None:
        records = [[sample_record(f"{t}.{n}") for n in range(25)] for t in range(4)]
        threads = [
            threading.Thread(target=lambda own: [log.append(r) for r in own], args=(own,))
            for own in records
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = sorted(record.id for own in records for record in own)
        assert sorted(self.ids(log, tmp_path)) == expected

    def test_an_append_after_close_is_not_lost(self, log: Log, tmp_path: Path) -> None:
        first, second = sample_record(), sample_record()
        log.append(first)
        log.close()
        log.append(second)
        assert list(self.ids(log, tmp_path)) == [first.id, second.id]

    def test_a_second_object_goes_on_where_the_first_stopped(
        self, log: Log, tmp_path: Path
    ) -> None:
        first, second = sample_record(), sample_record()
        log.append(first)
        log.close()
        again = self.make(tmp_path)
        again.append(second)
        assert list(self.ids(again, tmp_path)) == [first.id, second.id]
