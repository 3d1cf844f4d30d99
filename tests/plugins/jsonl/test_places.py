"""Files of records are read from any place on, and what is broken in them hides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_jsonl import JsonlLog, encode
from chopmark_jsonl._places import Places


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_places_go_on_through_files_that_were_moved_away(path: Path) -> None:
    log = JsonlLog({"path": str(path), "rotate_bytes": 4096})
    ids = [log.append(sample_record(str(n))).record for n in range(20)]
    assert len(list(path.parent.glob("log.*.jsonl"))) > 2
    whole = list(log.forward())
    assert [entry.said["id"] for entry in whole] == ids
    assert list(log.backward()) == whole[::-1]
    for entry in whole:
        assert next(log.forward(entry.place)) == entry
        assert next(log.backward(entry.place + 1)) == entry
        assert log.get(entry.said["id"]) == entry


def test_a_broken_line_is_told_in_its_place_and_hides_no_other(path: Path) -> None:
    records = [sample_record(str(n)) for n in range(2)]
    path.write_bytes(encode(records[0]) + b'{"torn\n' + encode(records[1]))
    log = JsonlLog({"path": str(path)})
    first, fault, last = log.forward()
    assert [first.said["id"], last.said["id"]] == [record.id for record in records]
    assert fault.said["k"] == "fault"
    assert f"byte {fault.place}" in fault.said["why"]
    assert list(log.backward()) == [last, fault, first]


def test_a_line_that_is_being_written_is_not_there_yet(path: Path) -> None:
    whole = encode(sample_record())
    path.write_bytes(whole + encode(sample_record())[:-1])
    log = JsonlLog({"path": str(path)})
    [entry] = log.forward()
    assert [entry] == list(log.backward())
    assert next(log.forward(len(whole)), None) is None


def test_an_id_inside_another_value_is_not_that_of_the_line(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    path.write_bytes(encode(sample_record()).replace(b'"language":"zh"', b'"id":"inside"'))
    assert log.get("inside") is None


def test_what_cannot_be_opened_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LogError, match=r"log\.jsonl"):
        list(Places(str(path)).backward(None))


@given(
    lines=st.lists(st.binary(max_size=200_000).map(lambda b: b.replace(b"\n", b" ")), max_size=4)
)
def test_backward_is_forward_turned_round_whatever_the_lines_are(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "log.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    onward = [entry.place for entry in Places(str(path)).forward(0)]
    assert [entry.place for entry in Places(str(path)).backward(None)] == onward[::-1]
