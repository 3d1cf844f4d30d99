"""`chopmark records` reads files, whole and torn ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chopmark import Record
from chopmark._cli import cli
from chopmark.testing import sample_record
from chopmark_jsonl import JsonlLog, read


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["records", *arguments])


def write(path: Path, count: int, **changes: object) -> list[Record]:
    log = JsonlLog({"path": str(path)})
    records = [replace(sample_record(), **changes) for _ in range(count)]  # type: ignore[arg-type]
    for record in records:
        log.append(record)
    log.close()
    return records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.mark.parametrize("number", [1, 3, 199, 200, 201])
def test_tail_shows_the_last_records_in_order(path: Path, number: int) -> None:
    records = write(path, 200)
    done = run("tail", "-n", str(number), "--path", str(path), "--json")
    assert done.exit_code == 0
    found = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert found == [record.id for record in records[-number:]]


def test_tail_is_a_table_without_json(path: Path) -> None:
    (record,) = write(path, 1, model="通义千问")
    lines = run("tail", "--path", str(path)).stdout.splitlines()
    head = lines[0].split()
    assert head == ["TIME", "(UTC)", "ID", "ACTION", "ENDING", "MODEL", "VERDICTS", "MARKS", "MS"]
    assert record.id[-12:] in lines[1]
    assert "2023-11-14 22:13:20" in lines[1]
    assert "通义千问  pii.email  label  12" in lines[1]


def test_tail_counts_a_last_line_without_its_end(path: Path) -> None:
    records = write(path, 3)
    with open(path, "ab") as file:
        file.write(b'{"torn')
    done = run("tail", "-n", "2", "--path", str(path))
    assert records[-1].id[-12:] in done.stdout
    assert records[-2].id[-12:] not in done.stdout
    assert "being written" in done.stderr


def test_show_prints_all_of_one_record(path: Path) -> None:
    records = write(path, 3)
    by_end = run("show", records[1].id[-12:], "--path", str(path))
    assert by_end.exit_code == 0
    assert records[1].id in by_end.stdout
    assert records[0].id not in by_end.stdout
    assert "category=pii.email" in by_end.stdout
    as_json = run("show", records[1].id, "--path", str(path), "--json")
    assert json.loads(as_json.stdout)["id"] == records[1].id


def test_show_says_where_ids_are_found(path: Path) -> None:
    write(path, 1)
    done = run("show", "nothing", "--path", str(path))
    assert done.exit_code == 1
    assert "chopmark records tail" in done.output


def test_stats_count_what_is_there(path: Path) -> None:
    write(path, 3)
    write(path, 1, action="block", ending="blocked", duration=100)
    with open(path, "ab") as file:
        file.write(b"torn\n")
    found = json.loads(run("stats", "--path", str(path), "--json").stdout)
    assert found["records"] == 4
    assert found["action"] == {"modify": 3, "block": 1}
    assert found["category"] == {"pii.email modify": 4}
    assert found["mark"] == {"label start placed": 4}
    assert found["failure"] == {"detector d RuntimeError": 4}
    assert found["duration"] == {"p50": 12, "p95": 100}
    assert sum(found["problem"].values()) == 1
    table = run("stats", "--path", str(path)).stdout
    assert "pii.email modify" in table


def test_missing_file_is_a_message_and_no_traceback(tmp_path: Path) -> None:
    for command in (["tail"], ["stats"], ["show", "x"]):
        done = run(*command, "--path", str(tmp_path / "none.jsonl"))
        assert done.exit_code == 1
        assert "give the path of a file of records" in done.output


@pytest.mark.parametrize("command", [["tail"], ["stats"]])
def test_empty_file_is_said_to_be_empty(path: Path, command: list[str]) -> None:
    path.write_bytes(b"")
    done = run(*command, "--path", str(path))
    assert (done.exit_code, done.stdout) == (0, f"no records in {path}\n")


def test_record_cannot_steer_the_terminal(path: Path) -> None:
    write(path, 1, model="\x1b[31mred\n\u202e")
    for command in (["tail"], ["stats"], ["show", "0"], ["tail", "--json"]):
        out = run(*command, "--path", str(path)).stdout
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_reader_starts_where_it_is_told(path: Path) -> None:
    write(path, 3)
    lines = list(read(path))
    assert list(read(path, lines[1].position)) == lines[1:]
