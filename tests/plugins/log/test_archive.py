"""Closed months of a log as Parquet files: whole, verified without the log, and without a text."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.plugins.log.logs import content_of, fill, invoke, log_of, signed

from chopmark import Event, LogError, Usage, Verdict
from chopmark._record import new_id
from chopmark.testing import sample_record
from chopmark_log import _archive, _archive_file
from chopmark_log._archive import write
from chopmark_log._archive_check import verify
from chopmark_log._archive_file import digest_of
from chopmark_log._archive_manifest import MANIFEST, Manifest
from chopmark_log._archive_proof import find, prove
from chopmark_log._canonical import encode
from chopmark_log._contents import leaf_of
from chopmark_log._files import write_whole
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import call_leaf, commitments_of, decode, event_leaf, filled
from chopmark_log._signing import SigningKey, read_verifier_key, sign_note
from chopmark_log._store import id_of
from chopmark_log.verify import Checkpoint, VerifierKey

pytestmark = pytest.mark.usefixtures("one_duckdb")
SAME = (
    "policy", "model", "audience", "stream", "action", "ending", "judged", "messages", "holdback",
    "duration", "verdicts", "failures", "sdk",
)  # fmt: skip


def milliseconds(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp() * 1000)


def grow(folder: LogFolder, day: str, leaves: Sequence[bytes]) -> None:
    """Take leaves, and sign them on a day that may be past."""
    store = folder.open(writing=True)
    size = store.take([(id_of(leaf), leaf) for leaf in leaves], {})
    head, last = Checkpoint(store.origin, size, store.tree(size).root()), store.checkpoint()
    note = sign_note(head, [folder.signing_key()])
    store.publish(head, milliseconds(day), note, last.size if last else 0)
    write_whole(folder.head, note)
    store.close()


def calls(day: str, count: int, start: int = 0) -> list[bytes]:
    made = []
    for n in range(start, start + count):
        record = replace(sample_record(str(n)), time=milliseconds(day) + n)
        made.append(encode(call_leaf(record, "w1", n, commitments_of(record))))
    return made


def key_of(folder: LogFolder) -> VerifierKey:
    return read_verifier_key(str(folder.public))


def bring(folder: LogFolder, **options: Any) -> Manifest:
    store = folder.open()
    try:
        return write(store, key_of(folder), folder.path.with_name("archive"), **options)
    finally:
        store.close()


def asked(archive: Path, what: str) -> list[Any]:
    query = what.replace("ARCHIVE", f"read_parquet('{archive}/*.parquet')")
    with duckdb.connect() as base:
        return base.execute(query).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three months, which are over, beside its archive of four files."""
    folder = LogFolder(tmp_path_factory.mktemp("made") / "log")
    folder.create("example.com/log")
    for at, day in enumerate(("2026-01-05", "2026-01-31", "2026-02-10", "2026-04-01")):
        grow(folder, day, calls(day, 300, 300 * at))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(_archive, "MOST", 500)
        bring(folder)
    return folder.path.parent


@pytest.fixture
def archive(made: Path, folder: LogFolder) -> Path:
    """A copy of that archive; its log is in the place of the empty one."""
    shutil.rmtree(folder.path)
    shutil.copytree(made, folder.path.parent, dirs_exist_ok=True)
    return folder.path.with_name("archive")


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_archive, "MOST", 500)


def test_a_month_ends_with_its_last_checkpoint_and_is_archived_when_it_is_over(
    folder: LogFolder, archive: Path
) -> None:
    found = Manifest.read(archive)
    assert [(one.name, one.first, one.end, len(one.files)) for one in found.periods] == [
        ("2026-01", 0, 600, 2), ("2026-02", 600, 900, 1), ("2026-04", 900, 1200, 1),
    ]  # fmt: skip
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    grow(folder, today, calls(today, 50, 1200))
    assert bring(folder) == found
    assert bring(folder, open_month=True).size == 1250
    grow(folder, today, calls(today, 20, 1250))
    assert bring(folder, open_month=True).size == 1270
    assert verify(archive, [key_of(folder)]) == []
    (told,) = asked(archive, "SELECT count(*), count(DISTINCT entry), max(entry) FROM ARCHIVE")
    assert told == (1270, 1270, 1269)


def test_columns_say_what_leaves_do_and_what_they_leave_out(folder: LogFolder) -> None:
    day = "2026-01-05"
    plain = replace(
        sample_record(), verdicts=(), marks=(), failures=(), usage=None, action="allow", holdback=0
    )
    bare = Verdict(detector="d", category="c", outcome="deny", start=1, end=4)
    records = [
        sample_record(),
        plain,
        replace(plain, verdicts=(bare, replace(bare, score=0.25, detail='"x\n'))),
        replace(
            plain,
            usage=Usage(input_tokens=3, output_tokens=0),
            ending="cancelled",
            judged=False,
            audience="minor",
        ),
    ]
    event = Event(
        id=new_id(),
        time=5,
        kind="complaint",
        about=("a", "b"),
        actor="staff",
        data={"state": "new"},
    )
    leaves = [
        *(encode(call_leaf(one, "w", n, commitments_of(one))) for n, one in enumerate(records)),
        encode(event_leaf(event, "w", 4)),
        leaf_of("erase", {"count": 3, "basis": "law"})[1],
        encode({"v": 1, "k": "gap", "t": 5, "w": {"h": "r", "n": 0}, "why": "a crash"}),
    ]
    grow(folder, day, leaves)
    bring(folder)
    there = folder.path.with_name("archive")
    assert [bytes(one) for (one,) in asked(there, "SELECT leaf FROM ARCHIVE ORDER BY entry")] == (
        leaves
    )
    with duckdb.connect() as base:
        rows = base.execute(f"FROM read_parquet('{there}/*.parquet') ORDER BY entry").fetchall()
        names = [one[0] for one in base.description or []]
    for leaf, row in zip(leaves, (dict(zip(names, row, strict=True)) for row in rows), strict=True):
        said = filled(decode(leaf))
        assert row["kind"] == said["k"]
        assert (row["writer"], row["number"]) == (said["w"]["h"], said["w"]["n"])
        assert row["time"].replace(tzinfo=timezone.utc).timestamp() * 1000 == said["t"]
        assert str(row["record"]) == str(said.get("id"))
        if said["k"] != "call":
            assert row["action"] is None
            assert row["verdicts"] is None
            continue
        for name in SAME:
            assert row[name] == said[name], name
        assert row["marks"] == [
            {name: value for name, value in one.items() if name != "data"} for one in said["marks"]
        ]
        tokens = said["tokens"] or {"in": None, "out": None}
        assert (row["input_tokens"], row["output_tokens"]) == (tokens["in"], tokens["out"])
        assert row["answer_characters"] == said["characters"]["answer"]
        assert row["has_content"] == bool(said["payload"])
    assert (rows[4][names.index("event")], rows[4][names.index("about")]) == (
        "complaint", ["a", "b"],
    )  # fmt: skip


def test_a_record_is_proved_out_of_the_archive_alone(folder: LogFolder, archive: Path) -> None:
    key, public = key_of(folder), folder.path.with_name("log.pub")
    shutil.copy(folder.public, public)
    shutil.rmtree(folder.path)
    for entry in (0, 256, 1199):
        found = prove(archive, entry)
        assert decode(found.leaf)["w"]["n"] == entry
        assert found.proof.check(found.leaf, [key])[0].size == 1200
        assert find(archive, decode(found.leaf)["id"]) == entry
    id = decode(prove(archive, 700).leaf)["id"]
    out = archive.with_name("x.tlog-proof")
    assert invoke("log", "archive", "prove", str(archive), id, "-o", str(out)).exit_code == 0
    checked = ["log", "verify-proof", str(out), str(out.with_suffix(".leaf")), "--key", str(public)]
    assert invoke(*checked).output.startswith("holds: entry 700 of example.com/log")
    for wrong in ("1200", "00000000-0000-7000-8000-000000000000", "no id"):
        done = invoke("log", "archive", "prove", str(archive), wrong)
        assert (done.exit_code, "the archive has" in done.output) == (2, True)


@pytest.mark.parametrize("at", [0, 3])
def test_what_was_cut_short_goes_on_with_the_same_file(
    folder: LogFolder, archive: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    whole = Manifest.read(archive)
    shutil.rmtree(archive)
    done = _archive_file.write_leaves
    times = iter(range(100))

    def cut(base: Any, store: Any, path: Path, *given: Any) -> Any:
        if next(times) == at:
            path.with_name(f"{path.name}.part").write_bytes(b"half of a file")
            raise KeyboardInterrupt
        return done(base, store, path, *given)

    command = ["log", "archive", "write", str(archive), "--path", str(folder.path), "--json"]
    with monkeypatch.context() as broken:
        broken.setattr(_archive, "write_leaves", cut)
        stopped = invoke(*command)
        assert (stopped.exit_code, "the same command goes on" in stopped.output) == (130, True)
    kept = {file: file.stat().st_mtime_ns for file in archive.glob("*.parquet")}
    assert len(kept) == at
    told = json.loads(invoke(*command).output)
    assert (told["entries"], told["months"]) == (1200, ["2026-01", "2026-02", "2026-04"])
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    found = Manifest.read(archive)
    assert [replace(one, files=()) for one in found.periods] == [
        replace(one, files=()) for one in whole.periods
    ]
    assert sorted(one.suffix for one in archive.iterdir()) == ["", ".json", *[".parquet"] * 4]
    assert verify(archive, [key_of(folder)]) == []


def rewrite(archive: Path, change: str) -> None:
    """Change a file by DuckDB, and have the manifest say that it is so."""
    manifest = Manifest.read(archive)
    file = manifest.periods[1].files[0]
    path = archive / file.name
    with duckdb.connect() as base:
        base.execute(f"CREATE OR REPLACE TABLE t AS FROM read_parquet('{path}') ORDER BY entry")
        base.execute(change)
        base.execute(f"COPY (FROM t ORDER BY entry) TO '{path}' (FORMAT parquet)")
    size, digest = digest_of(path)
    data = json.loads((archive / MANIFEST).read_text())
    data["periods"][1]["files"][0] |= {"bytes": size, "sha256": digest}
    (archive / MANIFEST).write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE t SET model = 'another' WHERE entry = 700", "1 rows whose columns are not"),
        ("UPDATE t SET verdicts = [] WHERE entry = 700", "1 rows whose columns are not"),
        ("DELETE FROM t WHERE entry = 700", "has not the entries from 600 on"),
        ("DELETE FROM t WHERE entry = 899", "ends with entry 898, not with 899"),
        ("ALTER TABLE t DROP COLUMN action", "does not have a column named \"action\""),
        (
            "UPDATE t SET leaf = encode(replace(decode(leaf), '\"m\"', '\"n\"')), model = 'n'",
            "the entries up to 900 are not those that were signed",
        ),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(
    folder: LogFolder, archive: Path, change: str, said: str
) -> None:
    rewrite(archive, change)
    (fault, *_) = verify(archive, [key_of(folder)])
    assert said in fault
    done = invoke("log", "archive", "verify", str(archive), "--key", str(folder.public))
    assert (done.exit_code, said in done.output) == (1, True)


@pytest.mark.parametrize("harm", ["byte", "file", "manifest", "key", "period", "outside"])
def test_what_is_damaged_or_missing_is_named(folder: LogFolder, archive: Path, harm: str) -> None:
    path = archive / Manifest.read(archive).periods[1].files[0].name
    data = json.loads((archive / MANIFEST).read_text())
    key, exit_code = str(folder.public), 1
    if harm == "byte":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        said = f"file '{path.name}' is not the one that was written"
    elif harm == "file":
        path.unlink()
        said = f"file '{path.name}': No such file"
    elif harm == "key":
        key = str(SigningKey.new("example.com/log").public)
        said = "checkpoint of 2026-01"
    elif harm == "period":
        data["periods"][1]["checkpoint"] = data["periods"][0]["checkpoint"]
        (archive / MANIFEST).write_text(json.dumps(data))
        said = "checkpoint of 2026-02 is one of example.com/log, 600"
    else:
        exit_code, said = 2, "is no manifest of an archive"
        data["periods"][1]["files"][0]["name"] = "../../etc/passwd"
        (archive / MANIFEST).write_text("{" if harm == "manifest" else json.dumps(data))
    done = invoke("log", "archive", "verify", str(archive), "--key", key)
    assert (done.exit_code, said in done.output) == (exit_code, True), done.output


def test_a_log_that_does_not_hold_is_not_archived(folder: LogFolder, archive: Path) -> None:
    shutil.rmtree(archive)
    store = folder.open(writing=True)
    assert hasattr(store, "tables")
    store.tables.rows("UPDATE entries SET leaf = replace(leaf, 'test', 'rest') WHERE at = 1199")
    store.close()
    with pytest.raises(LogError, match="entry 1199 is not the one that was taken"):
        bring(folder)
    assert Manifest.read(archive).size == 900


def test_an_archive_is_of_one_log(folder: LogFolder, archive: Path, tmp_path: Path) -> None:
    other = LogFolder(tmp_path / "other" / "log")
    other.create("example.com/other")
    with pytest.raises(LogError, match=r"the archive is of log 'example\.com/log'"):
        write(other.open(), key_of(other), archive)
    again = LogFolder(tmp_path / "again" / "log")
    again.create("example.com/log")
    grow(again, "2026-01-05", calls("2026-01-05", 600))
    with pytest.raises(LogError, match="the log was set back, or it is another one"):
        write(again.open(), key_of(again), archive)


def test_no_text_and_no_key_is_ever_in_it(folder: LogFolder) -> None:
    log = log_of(folder)
    for user in ("anna", "bert"):
        log.append_with(sample_record(), content_of(user, f"an answer to {user} alone"))
    log.close()
    before = signed(folder)
    bring(folder, open_month=True)
    there = folder.path.with_name("archive")
    (told,) = asked(there, "SELECT count(*), bool_and(has_content) FROM ARCHIVE")
    assert told == (before, True)
    said = json.dumps(asdict(Manifest.read(there)))
    with duckdb.connect() as base:
        rows = base.execute(f"FROM read_parquet('{there}/*.parquet')").fetchall()
    said += repr(rows)
    for secret in ("anna", "bert", "an answer to", "a question of"):
        assert secret not in said


def test_the_command_says_what_there_is(folder: LogFolder, archive: Path) -> None:
    path = ["--path", str(folder.path)]
    shown = invoke("log", "archive", "write", str(archive), *path)
    assert shown.exit_code == 0
    assert "1200 entries of example.com/log, 0 of them new" in shown.output
    told = json.loads(invoke("log", "archive", "verify", str(archive), *path, "--json").output)
    assert told == {"holds": True, "origin": "example.com/log", "entries": 1200, "faults": []}
    nothing = invoke("log", "archive", "verify", str(archive.with_name("none")), *path)
    assert (nothing.exit_code, "is no archive" in nothing.output) == (2, True)
    nothing = invoke("log", "archive", "write", str(archive), "--path", str(archive))
    assert (nothing.exit_code, "is no log" in nothing.output) == (2, True)


def test_a_folder_that_duckdb_takes_for_a_pattern_is_refused(folder: LogFolder) -> None:
    fill(folder, 2)
    path = folder.path.with_name("a[rchive]")
    command = ["log", "archive", "write", str(path), "--open-month", "--path", str(folder.path)]
    done = invoke(*command)
    assert (done.exit_code, "choose another folder" in done.output) == (2, True)


def test_who_has_no_duckdb_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.delitem(sys.modules, "chopmark_log._archive_file")
    with pytest.raises(LogError, match=r"pip install 'chopmark\[archive\]'"):
        importlib.import_module("chopmark_log._archive_file")
