"""What the lines say of their calls to be counted is what they say of them to be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.jsonl.strange import every, strange
from tests.plugins.jsonl.test_format import RECORDS

from chopmark import LogError, Mark, Record, Usage, Verdict
from chopmark.outlining import LONGEST
from chopmark.reading import Outline, new_event, outline, outlines
from chopmark.testing import sample_record
from chopmark_jsonl import JsonlLog, decode, encode
from chopmark_jsonl._format import _KEYS, CALL, encode_event
from chopmark_jsonl._outlines import Call, line_outliner
from chopmark_report import count

TIME = 1_732_000_000_000
FOUND = Verdict(category="pii.email", start=1, end=4, detector="pii", direction="input")
USUAL = replace(sample_record(), failures=(), verdicts=())
some = settings(max_examples=scaled(200), deadline=None, suppress_health_check=list(HealthCheck))


def usual() -> list[Record]:
    """Return records that differ, each, in something else that is counted."""
    made = [
        USUAL,
        replace(USUAL, usage=None),
        replace(USUAL, usage=Usage(), stream=False, judged=False, audience="公众"),
        replace(USUAL, action="block", ending="blocked", verdicts=(FOUND,)),
        replace(USUAL, verdicts=(FOUND, replace(FOUND, outcome="warn", version="7", detail="\n"))),
        replace(USUAL, marks=()),
        replace(USUAL, marks=(Mark(marker="a", kind="b", placed=False, reason="json"),) * 2),
        USUAL,
        replace(USUAL, model='m"\\\u2028😀'),
    ]
    return [replace(one, id=sample_record().id, time=TIME + n) for n, one in enumerate(made)]


def test_usual_calls_are_taken_without_the_rest_of_their_lines() -> None:
    brief = line_outliner()
    for record in usual():
        line = encode(record)
        assert repr(brief(line)) == repr(outline(decode(line)))


def test_what_is_not_usual_is_left_to_the_reader_of_lines() -> None:
    long = replace(USUAL, model="m" * LONGEST)
    lines = [encode(sample_record()), encode(long), encode_event(new_event("x")), b"\n", b"{}\n"]
    assert [line_outliner()(line) for line in lines] == [None] * len(lines)


def test_a_call_needs_every_field_that_a_record_has() -> None:
    assert set(Call.__struct_fields__) == _KEYS[CALL]


def agrees(lines: list[bytes]) -> None:
    """Hold what is taken of `lines` to what `decode` makes of them."""
    brief = line_outliner()  # one for all: it keeps the marks of the line before
    for line in lines:
        found = brief(line)
        if found is not None:
            assert repr(found) == repr(outline(decode(line)))  # 1, 1.0 and True differ in it


@some
@given(st.lists(RECORDS, max_size=3))
def test_every_record_has_the_outline_of_its_whole(records: list[Record]) -> None:
    agrees([encode(record) for record in records])


@some
@given(st.lists(st.sampled_from(usual()).map(encode).flatmap(strange), min_size=1, max_size=3))
def test_nothing_is_taken_that_would_be_refused_or_read_in_another_way(lines: list[bytes]) -> None:
    agrees(lines)


def test_what_readers_of_json_differ_about_is_settled_by_one() -> None:
    mark = Mark(marker="a", kind="b", where="start", data={"c": "d"})
    agrees([*every(encode(replace(USUAL, verdicts=(FOUND,), marks=(mark,))))])


def said(entries: Iterator[Any]) -> tuple[list[Any], str]:
    """Return what comes, and the error with which it ends."""
    found: list[Any] = []
    try:
        for entry in entries:
            found.append(outline(entry) if _is_call(entry) else entry)  # noqa: PERF401
    except (LogError, TypeError, KeyError) as error:
        return found, repr(error)
    return found, ""


def _is_call(entry: Any) -> bool:
    return isinstance(entry, dict) and entry["k"] == CALL


@pytest.mark.parametrize(
    "last",
    [
        b'{"torn', b"{}\n", b"3\n", b"\xff\n", encode(USUAL).replace(b'"v":1', b'"v":2'),
        encode(USUAL).replace(b'"time":', b'"time":"x","y":'),
        encode(USUAL).replace(b'"model":', b'"x":'),
        encode(USUAL).replace(b'"digest":"', b'"digest":"\xff'),
        encode(USUAL).replace(b'"marks":', b'"marks":3,"x":'),
        encode(USUAL).replace(b'"usage":', b'"usage":{"input":1},"x":'),
        encode(USUAL)[:-1], b"", b"\n \n",
    ],
)  # fmt: skip
def test_a_file_ends_with_the_same_error_at_the_same_place(tmp_path: Path, last: bytes) -> None:
    path = tmp_path / "log.jsonl"
    event = encode_event(new_event("complaint.received", data={"deadline": 3}))
    whole = b"".join(map(encode, [*usual(), sample_record()]))
    path.write_bytes(whole + event + b"\n" + last)
    log = JsonlLog({"path": str(path)})
    assert said(outlines(log)) == said(log.read())
    assert said(outlines(log, TIME + 2, TIME + 5)) == said(log.read(TIME + 2, TIME + 5))
    if not said(outlines(log))[1]:
        assert count(outlines(log)) == count(log.read())


def test_files_that_were_moved_away_come_first(tmp_path: Path) -> None:
    log = JsonlLog({"path": str(tmp_path / "log.jsonl"), "rotate_bytes": 4096})
    for record in usual() * 3:
        log.append(record)
    assert len(list(tmp_path.iterdir())) > 2
    assert list(outlines(log)) == [outline(one) for one in log.read()]


def test_without_msgspec_the_same_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = JsonlLog({"path": str(tmp_path / "log.jsonl")})
    for record in usual():
        log.append(record)
    found: list[Outline | Any] = list(outlines(log))
    monkeypatch.delitem(sys.modules, "chopmark_jsonl._outlines")
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert list(outlines(log)) == found
    assert "chopmark_jsonl._outlines" not in sys.modules
