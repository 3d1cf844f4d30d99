"""One process appends: offsets, torn ends, moved files, options and failures."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chopmark import LogError, Policy, PolicyError
from chopmark.hookspecs import Log
from chopmark.testing import LogContract, sample_record
from chopmark_jsonl import JsonlLog, decode, read


class TestJsonl(LogContract):
    def make(self, folder: Path) -> Log:
        return JsonlLog({"path": str(folder / "log.jsonl")})

    def ids(self, log: Log, folder: Path) -> list[str]:
        return [str(line.record["id"]) for line in read(folder / "log.jsonl") if line.record]


class TestJsonlAlways(TestJsonl):
    def make(self, folder: Path) -> Log:
        return JsonlLog({"path": str(folder / "log.jsonl"), "fsync": "always"})


class TestJsonlRotating(LogContract):
    def make(self, folder: Path) -> Log:
        return JsonlLog({"path": str(folder / "log.jsonl"), "rotate_bytes": 1_000_000})

    def ids(self, log: Log, folder: Path) -> list[str]:
        return [str(line.record["id"]) for line in read(folder / "log.jsonl") if line.record]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def test_receipt_names_the_offset_of_its_line(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    records = [sample_record(str(n)) for n in range(3)]
    receipts = [log.append(record) for record in records]
    data = path.read_bytes()
    for record, receipt in zip(records, receipts, strict=True):
        end = data.index(b"\n", receipt.position) + 1
        assert decode(data[receipt.position : end])["id"] == record.id


@pytest.mark.parametrize("torn", [b"{", b'{"id":"x', b"\0\0\0", b"\xe4\xb8", b'{"a":1}'])
def test_torn_last_line_spoils_no_other(path: Path, torn: bytes) -> None:
    log = JsonlLog({"path": str(path)})
    first, second = sample_record("1"), sample_record("2")
    log.append(first)
    with open(path, "ab") as other:  # as a writer that was killed leaves it
        other.write(torn)
    receipt = log.append(second)
    lines = list(read(path))
    assert [line.record and line.record["id"] for line in lines] == [first.id, None, second.id]
    assert lines[1].problem
    assert receipt.position == lines[2].position


def test_other_writer_that_ends_its_line_needs_no_mending(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    log.append(sample_record())
    size = path.stat().st_size
    with open(path, "ab") as other:
        other.write(b"{}\n")
    assert log.append(sample_record()).position == size + 3


def test_file_that_was_moved_away_is_opened_anew(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    log.append(sample_record())
    path.rename(path.with_suffix(".old"))
    second = sample_record()
    assert log.append(second).position == 0
    assert [line.record and line.record["id"] for line in read(path)] == [second.id]


def test_file_that_was_removed_or_replaced_is_opened_anew(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    log.append(sample_record())
    path.unlink()
    assert log.append(sample_record()).position == 0
    path.unlink()
    path.write_bytes(b"")
    assert log.append(sample_record()).position == 0
    assert len(list(read(path))) == 1


def test_file_that_was_truncated_goes_on_at_its_end(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    log.append(sample_record())
    os.truncate(path, 0)
    assert log.append(sample_record()).position == 0
    os.truncate(path, 10)
    log.append(sample_record())
    assert [bool(line.problem) for line in read(path)] == [True, False]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot move an open file")
def test_rotation_keeps_every_record_under_the_size(path: Path) -> None:
    log = JsonlLog({"path": str(path), "rotate_bytes": 5000})
    records = [sample_record() for _ in range(20)]
    for record in records:
        log.append(record)
    numbered = sorted(path.parent.glob("log.*.jsonl"), key=lambda p: int(p.name.split(".")[1]))
    assert len(numbered) >= 3
    files = [*numbered, path]
    assert all(file.stat().st_size <= 5000 for file in files)
    found = [str(line.record["id"]) for file in files for line in read(file) if line.record]
    assert found == [record.id for record in records]


def test_a_reader_goes_through_the_files_that_were_moved_away_first(path: Path) -> None:
    log = JsonlLog({"path": str(path), "rotate_bytes": 4096})
    records = [sample_record(str(n)) for n in range(80)]
    for record in records:
        log.append(record)
    assert (path.parent / "log.11.jsonl").exists()
    assert [found["id"] for found in log.read()] == [record.id for record in records]


def test_a_reader_that_comes_to_a_torn_line_says_where(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    log.append(sample_record())
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b'{"id":')
    reading = log.read()
    next(reading)
    with pytest.raises(LogError, match=f"byte {size}: not a whole line.*being written"):
        next(reading)


def test_a_log_is_there_as_long_as_one_of_its_files_is(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    assert log.missing() == str(path)
    log.append(sample_record())
    path.rename(path.with_name("log.1.jsonl"))
    assert log.missing() is None


def test_record_longer_than_the_rotation_is_still_stored(path: Path) -> None:
    log = JsonlLog({"path": str(path), "rotate_bytes": 4096})
    log.append(replace(sample_record(), model="m" * 9000))
    log.append(replace(sample_record(), model="m" * 9000))
    assert len(list(path.parent.iterdir())) == 2


@pytest.mark.parametrize("fsync", ["never", "interval", "always"])
def test_close_is_repeatable_and_leaves_no_descriptor(path: Path, fsync: str) -> None:
    log = JsonlLog({"path": str(path), "fsync": fsync})
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    for _ in range(3):
        log.append(sample_record())
        log.close()
        log.close()
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)


def test_interval_syncs_when_it_is_overdue(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chopmark_jsonl import _file

    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(_file, "_sync", lambda fd: (synced.append(fd), real(fd)))
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    log = JsonlLog({"path": str(path)})
    for _ in range(5):
        log.append(sample_record())
    assert len(synced) == 0
    now[0] += 0.2
    log.append(sample_record())
    log.append(sample_record())
    assert len(synced) == 1
    log.close()
    assert len(synced) == 2


def test_failed_sync_is_reported_and_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chopmark_jsonl import _file

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    log = JsonlLog({"path": str(path), "fsync": "always"})
    with monkeypatch.context() as patched:
        patched.setattr(_file, "_sync", broken)
        with pytest.raises(LogError, match="Input/output error"):
            log.append(sample_record())
        with pytest.raises(LogError, match="Input/output error"):
            log.close()
    log.append(sample_record())
    log.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pth": "x"}, "pth; the options of jsonl are path, fsync, rotate_bytes"),
        ({"fsync": "sometimes"}, "fsync is 'sometimes'; it may be never, interval, always"),
        ({"fsync": True}, "fsync is True"),
        ({"rotate_bytes": 1}, "rotate_bytes is 1; it must be a whole number of bytes, 4096"),
        ({"rotate_bytes": True}, "rotate_bytes is True"),
        ({"rotate_bytes": "1M"}, "rotate_bytes is '1M'"),
        ({"path": ""}, "path is ''"),
        ({"path": 3}, "path is 3"),
        ({"path": "a\0b"}, "which is no file"),
        ({"path": "."}, "which is no file"),
        ({"path": "no/such/folder/log.jsonl"}, "there is no folder"),
    ],
)
def test_wrong_option_is_named_with_its_cure(options: dict[str, object], says: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(says)):
        JsonlLog(options)


def test_paths_start_at_the_policy_and_the_default_at_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import chopmark_jsonl

    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    plain = Policy(name="p", plugins=("jsonl",), folder=str(there))
    named = plain.with_options("jsonl", path="log.jsonl")
    for policy in (plain, named):
        log = chopmark_jsonl.chopmark_log(policy)
        log.append(sample_record())
        log.close()
    assert [file.name for file in here.iterdir()] == ["chopmark-records.jsonl"]
    assert [file.name for file in there.iterdir()] == ["log.jsonl"]


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    if not os.path.exists("/dev/null"):
        pytest.skip("no device to write to")
    log = JsonlLog({"path": "/dev/null"})
    with pytest.raises(LogError, match="not a regular file"):
        log.append(sample_record())


def test_record_that_is_not_json_is_refused_and_nothing_is_written(path: Path) -> None:
    log = JsonlLog({"path": str(path)})
    record = sample_record()
    bad = replace(record, verdicts=(replace(record.verdicts[0], score=float("nan")),))
    with pytest.raises(LogError, match="cannot be written as JSON"):
        log.append(bad)
    assert not path.exists()
