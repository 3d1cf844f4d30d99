"""What a policy keeps no longer goes: texts, and entries that the archive has; proofs hold."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from tests.plugins.log.logs import content_of, invoke, leaves, log_of, settle
from tests.plugins.log.test_archive import calls, grow, key_of

from chopmark import LogError, PolicyError
from chopmark._record import new_id
from chopmark.testing import sample_record
from chopmark_log._audit import audit
from chopmark_log._beside import audit_all
from chopmark_log._care import fsck
from chopmark_log._epochs import epoch_of, epochs_in
from chopmark_log._erase import registrar
from chopmark_log._export import prove
from chopmark_log._find import find
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject
from chopmark_log._options import read_options
from chopmark_log._retention import check_there
from chopmark_log._side import Side

NOW = time.time_ns() // 1_000_000
DAY = 86_400_000
LAW = "erasure as the law wants it"


def said(folder: LogFolder, user: str, days: float, text: str = "", **options: object) -> str:
    """Record a call of a user, so many days ago; return its id."""
    at = NOW - int(days * DAY)
    id = f"{at >> 16:08x}-{at & 0xFFFF:04x}{new_id()[13:]}"
    log = log_of(folder, **options)
    log.append_with(
        replace(sample_record(), id=id, time=at), content_of(user, text or f"said to {user}")
    )
    log.close()
    return id


def pruned(folder: LogFolder, **options: object) -> Result:
    policy = folder.path.with_name("policy.toml")
    given = "\n".join(f"{name} = {json.dumps(value)}" for name, value in options.items())
    policy.write_text(
        f'name = "p"\nplugins = ["log"]\n[settings.log]\npath = "{folder.path}"\n{given}\n'
    )
    return invoke("log", "prune", "--policy", str(policy), "--json")


def faults_of(folder: LogFolder) -> list[str]:
    one = folder.open()
    try:
        return [*audit_all(folder, one, [key_of(folder)]).faults, *fsck(one, [key_of(folder)])]
    finally:
        one.close()


def opened(folder: LogFolder, record: str) -> str:
    return invoke("log", "show", record, "--path", str(folder.path), "--open", "answer").output


def test_texts_that_are_old_enough_go_and_no_others(folder: LogFolder) -> None:
    old, new = said(folder, "anna", 31), said(folder, "anna", 29)
    kept = said(folder, "bert", 31, retention_days=40)
    held = said(folder, "carl", 31)
    restricted = said(folder, "dora", 31)
    with registrar(folder) as by:
        by.hold("case 4", Subject.of("carl", ""))
        by.erase(Subject.of("dora", ""), LAW, NOW + DAY)
    found = json.loads(pruned(folder, texts_days=30).output)
    assert (found["erased"], found["restricted"], found["pruned"]) == (1, 1, 0)
    assert "was erased" in opened(folder, old)
    assert "is restricted" in opened(folder, restricted)
    for record in (new, kept, held):
        assert '"opened"' in opened(folder, record)
    (leaf,) = leaves(folder, "erase")
    assert (leaf["count"], leaf["basis"]) == (1, "texts_days of the policy: 30")
    assert json.loads(pruned(folder, texts_days=30).output)["erased"] == 0
    assert json.loads(pruned(folder).output)["erased"] == 0
    assert faults_of(folder) == []


def test_a_hold_of_a_subject_keeps_what_came_after_an_erasure_too(folder: LogFolder) -> None:
    said(folder, "anna", 31)
    with registrar(folder) as by:
        by.hold("case 4", Subject.of("anna", ""))
        by.erase(Subject.of("anna", ""), LAW)
    again = said(folder, "anna", 31)
    pruned(folder, texts_days=30)
    assert '"opened"' in opened(folder, again)


def test_fingerprints_go_with_texts_and_their_key_with_the_last_of_them(folder: LogFolder) -> None:
    words = "the ferry to the island leaves from the old pier at a quarter past seven in summer"
    said(folder, "anna", 100, words)
    said(folder, "bert", 1, words.replace("ferry", "small boat"))
    assert find(folder, words).matches[0].index == 0
    now = epoch_of(NOW)
    assert len(epochs_in(folder.path / "fp")) == 2
    pruned(folder, texts_days=90)
    assert epochs_in(folder.path / "fp") == {epoch_of(NOW - DAY)} <= {now - 1, now}
    assert [one.index for one in find(folder, words).matches] == [1]


def old_log(folder: LogFolder) -> None:
    """Fill a log with 700 entries of months that are over, and 200 of today."""
    for at, day in ((0, "2026-01-05"), (300, "2026-02-10")):
        grow(folder, day, calls(day, 350, at + at // 6))
    grow(folder, time.strftime("%Y-%m-%d", time.gmtime(NOW / 1000)), calls("2026-11-01", 200, 700))


def days_since(day: str) -> int:
    return int((NOW / 1000 - time.mktime(time.strptime(day, "%Y-%m-%d"))) / 86_400)


def test_entries_go_when_the_archive_has_them_and_all_proofs_hold(
    folder: LogFolder, tmp_path: Path
) -> None:
    old_log(folder)
    one = folder.open()
    before = {at: (one.entry(at).leaf, prove(one, at)) for at in (0, 511, 512, 899)}
    one.close()
    archive = str(tmp_path / "archive")
    days = days_since("2026-03-01")
    refused = pruned(folder, entries_days=days, archive=archive)
    assert (refused.exit_code, "is no archive" in refused.output) == (2, True)
    write = ["log", "archive", "write", archive, "--path", str(folder.path)]
    assert invoke(*write).exit_code == 0
    found = json.loads(pruned(folder, entries_days=days, archive=archive).output)
    assert found["pruned"] == 512
    assert json.loads(pruned(folder, entries_days=days, archive=archive).output)["pruned"] == 0
    told = json.loads(invoke("log", "status", "--path", str(folder.path), "--json").output)
    assert (told["entries"], told["pruned_entries"]) == (901, 512)
    (leaf,) = leaves(folder, "prune")
    assert (leaf["before"], leaf["basis"]) == (512, f"entries_days of the policy: {days}")
    assert faults_of(folder) == []
    one = folder.open()
    assert [entry.index for entry in one.entries(0, 900)] == list(range(512, 900))
    key = key_of(folder)
    for at, (bytes_, proof) in before.items():
        proof.check(bytes_, [key])
        if at >= 512:
            assert prove(one, at).check(bytes_, [key])[0].size == 901
            continue
        with pytest.raises(LogError, match=f"entry {at} of log .* was pruned; an archive may have"):
            prove(one, at)
        assert one.tree(901).inclusion(at)
    one.close()
    out = tmp_path / "x.tlog-proof"
    assert invoke("log", "archive", "prove", archive, "511", "-o", str(out)).exit_code == 0
    checked = ["log", "verify-proof", str(out), str(out.with_suffix(".leaf")), "--key", str(key)]
    assert invoke(*checked).output.startswith("holds: entry 511")
    record = json.loads(before[0][0])["id"]
    for words in (("show", record), ("prove", "3"), ("export", str(tmp_path / "b"), "--from", "3")):
        done = invoke("log", *words, "--path", str(folder.path))
        assert (done.exit_code, "pruned" in done.output) == (2, True), done.output
    bundle = invoke("log", "export", str(tmp_path / "c"), "--path", str(folder.path))
    assert "389 records" in bundle.output
    log = log_of(folder)
    log.append(sample_record())
    log.close()
    settle(folder)
    assert faults_of(folder) == []
    assert invoke(*write, "--open-month").exit_code == 0
    assert invoke("log", "archive", "verify", archive, "--key", str(key)).exit_code == 0


def test_entries_stay_that_the_archive_has_otherwise(folder: LogFolder, tmp_path: Path) -> None:
    old_log(folder)
    archive = tmp_path / "archive"
    write = ["log", "archive", "write", str(archive), "--path", str(folder.path)]
    assert invoke(*write).exit_code == 0
    first, second = sorted(archive.glob("*.parquet"))
    first.write_bytes(second.read_bytes())
    done = pruned(folder, entries_days=days_since("2026-03-01"), archive=str(archive))
    assert (done.exit_code, "has not the entries from 0" in done.output) == (2, True)
    one = folder.open()
    assert (one.minimum, one.entry(0).index) == (0, 0)
    one.close()


def test_entries_stay_as_long_as_their_texts(folder: LogFolder) -> None:
    grow(folder, "2026-01-05", calls("2026-01-05", 520))
    held = said(folder, "anna", 300)
    one = folder.open(writing=True)
    leaf = one.entry(one.size - 1).leaf
    one.close()
    other = LogFolder(folder.path)  # the same log, in which that entry was signed long ago
    grow(other, "2026-01-06", calls("2026-01-06", 600, 520))
    assert json.loads(leaf)["id"] == held
    found = json.loads(pruned(folder, entries_days=1).output)
    assert found["pruned"] == 512
    with registrar(folder) as by:
        by.erase(Subject.of("anna", ""), LAW)
    assert json.loads(pruned(folder, entries_days=1).output)["pruned"] == 512
    assert audit(folder.open(), [key_of(folder)]).faults == ()


def test_what_changed_in_a_pruned_log_is_named(folder: LogFolder) -> None:
    old_log(folder)
    pruned(folder, entries_days=1)
    one = folder.open(writing=True)
    assert hasattr(one, "tables")
    assert one.minimum == 512
    first = "(SELECT hashes FROM tiles WHERE level = 0 AND number = 0)"
    one.tables.rows(f"UPDATE tiles SET hashes = {first} WHERE level = 0 AND number = 1")
    one.close()
    assert any("not those that were signed" in fault for fault in faults_of(folder))


def test_a_log_that_was_not_pruned_misses_an_entry(folder: LogFolder) -> None:
    old_log(folder)
    one = folder.open(writing=True)
    assert hasattr(one, "tables")
    one.tables.rows("DELETE FROM bundles WHERE number = 0")
    assert "entry 0 is missing" in audit(one, [key_of(folder)]).faults
    check_there(one, 0)
    one.close()


@pytest.mark.parametrize(
    "options",
    [
        {"texts_days": 182, "retention_days": 183},
        {"entries_days": 100, "retention_days": 183},
        {"entries_days": 100, "texts_days": 200},
        {"texts_days": -1},
        {"archive": 3},
    ],
)
def test_a_policy_cannot_end_what_it_must_keep(options: dict[str, object]) -> None:
    with pytest.raises(PolicyError, match=r"texts_days|entries_days|archive"):
        read_options(options)


def test_what_is_kept_for_ever_is_the_default() -> None:
    assert read_options({"retention_days": 183}).texts == 0
    assert read_options({"texts_days": 190, "retention_days": 183}).texts == 190 * DAY


def test_what_is_erased_is_said_also_where_it_is_cut_short(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = said(folder, "anna", 31)
    done = Side.remove

    def cut(*given: object) -> None:
        done(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Side, "remove", cut)
        assert pruned(folder, texts_days=30).exit_code != 0
    assert "was erased" in opened(folder, old)
    pruned(folder, texts_days=30)
    assert [leaf["count"] for leaf in leaves(folder, "erase")] == [1]
