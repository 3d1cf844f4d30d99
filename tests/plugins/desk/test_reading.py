"""What pages read of the log: everything once, in order, and never more than a page may."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chopmark import Content, Message, Record, Verdict
from chopmark.hookspecs import Entry
from chopmark.private import write_private
from chopmark.reading import new_event
from chopmark.testing import sample_record
from chopmark_desk import _search
from chopmark_desk._running import Running
from chopmark_desk._search import LOOKED, PAGE, Sought, search
from chopmark_desk._sound import SoundLog
from chopmark_desk._spans import opened, pieces
from chopmark_desk._stretches import LENGTH, Stretches
from chopmark_desk._verification import KIND
from chopmark_jsonl import JsonlLog, encode
from chopmark_jsonl._format import encode_event
from chopmark_report import DAY, count, packed

BASE = replace(sample_record(), verdicts=(), marks=(), failures=())
WHOLE = 20.0
"""Seconds for which a test waits until a log is read."""


def record(n: int, *, action: str = "allow", category: str = "", model: str = "m") -> Record:
    verdicts = (Verdict(category=category, start=0, end=1, detector="d"),) if category else ()
    return replace(
        BASE, id=f"{n:032x}", time=n * 1000, action=action, model=model, verdicts=verdicts,
    )  # type: ignore[arg-type]  # fmt: skip


def log_of(folder: Path, records: Sequence[Record]) -> JsonlLog:
    (folder / "log.jsonl").write_bytes(b"".join(map(encode, records)))
    return JsonlLog({"path": str(folder / "log.jsonl")})


class OneEntry(JsonlLog):
    """A log with one entry, which may be anything."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said

    def forward(self, place: int = 0) -> Iterator[Entry]:
        yield Entry(0, self.said)


class NotBefore(JsonlLog):
    """A log that is not to be read forward from before the place `least`."""

    least = 0

    def forward(self, place: int = 0) -> Iterator[Entry]:
        assert place >= self.least
        return super().forward(place)


class CountingLog(JsonlLog):
    """A log that counts the entries that are asked of it."""

    given = 0

    def backward(self, place: int | None = None) -> Any:
        for entry in super().backward(place):
            self.given += 1
            yield entry


def whole(log: JsonlLog, sought: Sought, drawn: Stretches) -> list[Entry]:
    """Return all that is sought, page by page."""
    entries: list[Entry] = []
    before: int | None = None
    while True:
        found = search(SoundLog(log), drawn.all(), sought, before)
        assert len(found.entries) <= PAGE
        assert found.looked <= LOOKED
        entries += found.entries
        if found.rest is None:
            return entries
        before = found.rest


@settings(max_examples=40)
@given(
    made=st.lists(
        st.tuples(
            st.sampled_from(["allow", "block"]),
            st.sampled_from(["", "pii.email", "pii.phone", "piio"]),
            st.sampled_from(["a", "b"]),
        ),
        max_size=40,
    ),
    asked=st.fixed_dictionaries(
        {
            "action": st.sampled_from(["", "block", "modify"]),
            "category": st.sampled_from(["", "pii", "pii.email"]),
            "model": st.sampled_from(["", "a"]),
            "all": st.sampled_from(["", "yes"]),
        }
    ),
    drawn_share=st.floats(0, 1),
    page=st.integers(1, 7),
    looked=st.integers(1, 9),
    length=st.integers(1, 6),
)
def test_pages_have_all_that_is_sought_once_and_in_order_however_far_the_map_goes(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[str, str, str]],
    asked: dict[str, str],
    drawn_share: float,
    page: int,
    looked: int,
    length: int,
) -> None:
    records = [record(n, action=a, category=c, model=m) for n, (a, c, m) in enumerate(made)]
    log = log_of(tmp_path_factory.mktemp("log"), records)
    with pytest.MonkeyPatch.context() as patch:  # sizes at which a few entries are many pages
        patch.setattr(_search, "PAGE", page)
        patch.setattr(_search, "LOOKED", looked)
        patch.setattr("chopmark_desk._stretches.LENGTH", length)
        drawn = Stretches()
        drawn.add(list(log.forward())[: round(drawn_share * len(records))])
        found = whole(log, Sought.of(asked), drawn)
    expected = [
        one.id for one in reversed(records)
        if asked["action"] in ("", one.action) and asked["model"] in ("", one.model)
        and (not asked["category"] or any(
            f"{v.category}.".startswith(f"{asked['category']}.") for v in one.verdicts
        ))
    ]  # fmt: skip
    assert [entry.said["id"] for entry in found] == expected


def test_a_day_begins_at_midnight_and_the_last_one_is_included(tmp_path: Path) -> None:
    times = [DAY - 1, DAY, 2 * DAY - 1, 2 * DAY]
    log = log_of(tmp_path, [replace(record(n), time=time) for n, time in enumerate(times)])
    drawn = Stretches()
    drawn.add(log.forward())
    found = whole(log, Sought.of({"from": "1970-01-02", "to": "1970-01-02"}), drawn)
    assert [entry.said["time"] for entry in found] == [2 * DAY - 1, DAY]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "'; DROP TABLE ids", "99999-01-01"]
)
def test_what_is_no_day_asks_for_all_times(text: str) -> None:
    assert Sought.of({"from": text, "to": text}) == Sought((("k", "call"),))


def test_a_rare_value_costs_its_own_stretch_and_no_other(tmp_path: Path) -> None:
    count = 8 * LENGTH
    log = CountingLog({"path": str(tmp_path / "log.jsonl")})
    rare = {LENGTH + 7: record(LENGTH + 7, category="rare")}
    log_of(tmp_path, [rare.get(n) or record(n) for n in range(count)])
    drawn = Stretches()
    drawn.add(log.forward())
    found = search(SoundLog(log), drawn.all(), Sought.of({"category": "rare"}))
    assert [entry.said["id"] for entry in found.entries] == [rare[LENGTH + 7].id]
    assert (found.rest, found.looked) == (None, LENGTH)
    assert log.given <= LENGTH + 2  # one behind the map, and one that ends the stretch


def test_what_nobody_has_mapped_is_looked_at_in_bounds_and_gone_on_with(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(n) for n in range(LOOKED + 5)])
    first = search(SoundLog(log), (), Sought.of({"category": "rare"}))
    assert (first.entries, first.looked, first.is_cut) == ((), LOOKED, True)
    last = search(SoundLog(log), (), Sought.of({"category": "rare"}), first.rest)
    assert (last.entries, last.looked, last.rest) == ((), 5, None)


def test_what_cannot_be_read_is_among_all_entries_of_every_day(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(1)])
    with open(tmp_path / "log.jsonl", "ab") as file:
        file.write(b"torn\n")
    drawn = Stretches()
    drawn.add(log.forward())
    for asked in ({"all": "yes"}, {"all": "yes", "from": "2026-01-01", "to": "2026-01-01"}):
        assert whole(log, Sought.of(asked), drawn)[0].said["k"] == "fault"
    assert [entry.said["k"] for entry in whole(log, Sought.of({}), drawn)] == ["call"]


def test_a_map_with_too_many_values_lets_everything_be_looked_for(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(n, model=f"model {n}") for n in range(LENGTH)])
    drawn = Stretches()
    drawn.add(log.forward())
    assert [one.values for one in drawn.all()] == [None]
    [found] = whole(log, Sought.of({"model": "model 3"}), drawn)
    assert found.said["model"] == "model 3"


# --- counting


def test_counts_go_on_where_they_stopped(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(n) for n in range(700)])
    running = Running(SoundLog(log))
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: tally.actions["allow"]) == 700
    log.append(record(900, action="block"))
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: dict(tally.actions)) == {"allow": 700, "block": 1}
    assert running.follow(0).share == 1
    running.close()


def test_an_older_copy_in_the_place_of_the_log_is_counted_anew(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(n) for n in range(20)])
    running = Running(SoundLog(log))
    running.follow(WHOLE)
    log_of(tmp_path, [record(n) for n in range(3)])
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: tally.actions["allow"]) == 3
    assert running.stretches()[-1].end <= log.end()
    running.close()


@settings(max_examples=8)
@given(st.integers(0, 600), st.integers(0, 600))
def test_the_next_desk_goes_on_where_this_one_stopped(
    tmp_path_factory: pytest.TempPathFactory, before: int, behind: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    records = [
        record(n, category="pii.email" if n % 7 == 0 else "", model=f"m{n % 3}")
        for n in range(before + behind)
    ]
    log_of(folder, records[:before])
    first = Running(SoundLog(log_of(folder, records[:before])), file=folder / "counts")
    first.follow(WHOLE)
    first.close()
    log = NotBefore({"path": str(folder / "log.jsonl")})
    log_of(folder, records)
    next_one, anew = Running(SoundLog(log), file=folder / "counts"), Running(SoundLog(log))
    log.least = int(before > 1)
    assert next_one.follow(WHOLE).is_whole
    log.least = 0
    anew.follow(WHOLE)
    assert next_one.ask(packed) == anew.ask(packed)
    assert next_one.stretches() == anew.stretches()
    next_one.close()
    anew.close()


@pytest.mark.parametrize(
    "saved",
    [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b'{"form": "of another version"}')],
    ids=["nothing", "no gzip", "a list", "another version"],  # gzip has the time in it
)
def test_a_file_that_is_of_no_use_is_passed_over(tmp_path: Path, saved: bytes) -> None:
    write_private(tmp_path / "counts", saved)
    running = Running(SoundLog(log_of(tmp_path, [record(1)])), file=tmp_path / "counts")
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: tally.actions["allow"]) == 1
    running.close()


@given(
    st.sampled_from(["mark", "tally", "map", "others", "last"]),
    st.one_of(st.none(), st.integers(), st.lists(st.integers(), max_size=2), st.just({"gap": []}),
        st.just({KIND: []}), st.just({KIND: {"k": "event"}}),
    ),
)  # fmt: skip
def test_a_file_that_somebody_changed_breaks_no_count(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: object
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log = log_of(folder, [record(1)])
    first = Running(SoundLog(log), file=folder / "counts")
    first.follow(WHOLE)
    first.close()
    data = json.loads(gzip.decompress((folder / "counts").read_bytes()))
    write_private(folder / "counts", gzip.compress(json.dumps({**data, name: value}).encode()))
    running = Running(SoundLog(log), file=folder / "counts")
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: tally.actions["allow"]) == 1
    assert running.last(KIND) is None
    assert running.other("gap") == 0
    running.close()


def test_counts_of_another_log_are_not_taken_for_those_of_this_one(tmp_path: Path) -> None:
    first = Running(SoundLog(log_of(tmp_path, [record(1), record(2)])), file=tmp_path / "counts")
    first.follow(WHOLE)
    first.close()
    log = log_of(tmp_path, [record(3), record(4), record(5)])
    running = Running(SoundLog(log), file=tmp_path / "counts")
    assert running.follow(WHOLE).is_whole
    assert running.ask(lambda tally: tally.actions["allow"]) == 3
    running.close()


def test_a_log_that_cannot_be_read_says_so_and_is_tried_again(tmp_path: Path) -> None:
    log = log_of(tmp_path, [record(1)])
    (tmp_path / "log.jsonl").rename(tmp_path / "aside")
    (tmp_path / "log.jsonl").mkdir()
    running = Running(SoundLog(log))
    extent = running.follow(WHOLE)
    assert not extent.is_whole
    assert "log.jsonl" in extent.fault
    (tmp_path / "log.jsonl").rmdir()
    (tmp_path / "aside").rename(tmp_path / "log.jsonl")
    assert running.follow(WHOLE).fault == ""
    assert running.ask(lambda tally: tally.actions["allow"]) == 1
    running.close()


anything = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**62), st.text(max_size=3), st.lists(st.none()),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=1),
    st.just([{"category": 7}]), st.just([[]]), st.just({"deadline": "x"}),
)  # fmt: skip
WHOLE_RECORD = json.loads(encode(sample_record()))
WHOLE_EVENT = json.loads(encode_event(new_event("complaint.received", data={"deadline": 1})))


@given(
    line=st.sampled_from([WHOLE_RECORD, WHOLE_EVENT]),
    name=st.sampled_from(sorted({*WHOLE_RECORD, *WHOLE_EVENT} - {"k", "v", "commit"})),
    value=anything,
)
def test_whatever_somebody_wrote_into_an_entry_no_count_and_no_map_breaks(
    line: dict[str, Any], name: str, value: object
) -> None:
    changed = {**line, name: value} if name in line else line
    [entry] = SoundLog(OneEntry(changed)).forward()
    drawn = Stretches()
    drawn.add([entry])
    if entry.said["k"] != "fault":
        count([entry.said])
    assert Sought.of({"all": "yes"}).takes(entry.said)
    Sought.of({"category": "pii"}).takes(entry.said)


def test_an_entry_that_somebody_wrote_by_hand_stops_no_count(tmp_path: Path) -> None:
    line = json.loads(encode(record(1)))
    line["verdicts"] = [{"category": 7}]
    log = log_of(tmp_path, [])
    (tmp_path / "log.jsonl").write_bytes(json.dumps(line).encode() + b"\n")
    log.append(record(2))
    running = Running(SoundLog(log))
    assert running.follow(WHOLE).is_whole
    assert running.other("fault") == 1
    assert running.ask(lambda tally: tally.actions["allow"]) == 1
    running.close()


# --- spans


@given(
    text=st.text(max_size=30),
    spans=st.dictionaries(
        st.integers(1, 5), st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=4
    ),
)
def test_pieces_are_the_text_and_each_character_has_the_spans_that_it_is_in(
    text: str, spans: dict[int, tuple[int, int]]
) -> None:
    found = pieces(text, spans)
    assert "".join(piece.text for piece in found) == text
    at = 0
    for piece in found:
        for _ in piece.text:
            assert set(piece.verdicts) == {n for n, (a, b) in spans.items() if a <= at < b}
            at += 1


def _verdict(start: int, end: int, **more: Any) -> dict[str, Any]:
    usual = {"direction": "output", "kind": "answer", "part": 0, "outcome": "warn"}
    return {**usual, "start": start, "end": end, **more}


def test_a_verdict_is_shown_where_it_was_found_and_nowhere_else() -> None:
    content = Content(
        messages=(Message(role="system", text="be kind"), Message(role="user", text="my number")),
        answer="LABEL it is 123 and more",
    )
    found = opened(
        content,
        "it is 123 and more",
        [
            _verdict(3, 9, direction="input", part=1),
            _verdict(0, 5),
            _verdict(6, 9, outcome="modify"),
            _verdict(10, 13),
            _verdict(0, 2, kind="tool_call"),
            _verdict(0, 99),
            _verdict(0, 1, direction="input", part=2),
        ],
    )
    shown = [[(p.text, p.verdicts) for p in text.pieces if p.verdicts] for text in found.texts]
    assert [text.role for text in found.texts] == ["system", "user", ""]
    assert shown == [[], [("number", (1,))], [("it is", (2,))]]
    assert found.lost == (3, 4, 5, 6, 7)
