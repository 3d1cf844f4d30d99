"""A file is looked into by a process of its own, which has an end, and so much memory."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.desk import bombs

from chopmark import load_policy
from chopmark_desk._inspecting import BusyError, Inspector, Room, ending_of, shown, without_secrets
from chopmark_label import Aigc, inspect_file, label_file, readers, suffixes

SMALL = 512 * 2**20


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector(policy=load_policy("inspect"), seconds=60, memory=SMALL)


def test_a_file_is_looked_into_as_the_command_does(inspector: Inspector, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<!doctype html><html><head></head><body><p>（AI生成）</p>大海</body></html>")
    label_file(path, path, Aigc(label="1", content_producer="Maker", produce_id="7"))
    here = inspect_file(path, readers("inspect"), name="a.html")
    with path.open("rb") as file:
        there = inspector.file(file, "../../a.html")
    assert there.report == here
    assert {finding.kind for finding in here.findings} == {"visible", "metadata"}
    assert (here.format, "大海" in here.text) == ("HTML", True)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", bombs.pdf(), "unfolds page 1 to more than it can honestly have"),
        ("a.docx", bombs.docx(), "'a.docx' unfolds 'word/document.xml' to 1,073,741,824 bytes"),
        ("a.png", bombs.png(), "longer than 16,777,216 bytes"),
    ],
    ids=["pdf", "docx", "png"],
)
def test_a_bomb_is_named_and_not_unpacked(
    inspector: Inspector, name: str, content: bytes, told: str
) -> None:
    assert len(content) < 2**21
    looked = inspector.file(io.BytesIO(content), name)
    notes = looked.report.notes if looked.report else (looked.detail,)
    assert told in notes[0], looked
    assert looked.failure == (None if looked.report else "unreadable")


def test_what_takes_too_much_memory_ends_alone() -> None:
    inspector = Inspector(policy=load_policy("inspect"), seconds=60, memory=SMALL // 2)
    picture = bombs.png(9_999, 10_000, text=0)  # as large as is looked at: 400 MB
    assert inspector.file(io.BytesIO(picture), "a.png").failure in ("memory", "broken")


def test_what_takes_too_long_is_killed() -> None:
    inspector = Inspector(policy=load_policy("inspect"), seconds=0.2)
    looked = inspector.file(io.BytesIO(b"<html><body>" + b"<" * 10_000_000), "a.html")
    assert looked.failure == "time"
    assert list(_looking()) == []


def _looking() -> Iterator[Path]:
    """Yield the processes of this test that look into a file."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            if b"_inspect_process" in process.joinpath("cmdline").read_bytes():
                yield from [process] * (parent == str(os.getpid()))


def test_what_is_wrong_with_a_file_is_told_by_its_own_name(inspector: Inspector) -> None:
    broken = b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 9/W[1 2 1]/Root 2 0 R/Length 4>>stream\nabcd"
    looked = inspector.file(
        io.BytesIO(broken + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"), "a.pdf"
    )
    assert looked.failure == "unreadable"
    assert "damaged or cut off" in looked.detail
    assert "chopmark-desk-" not in looked.detail, looked.detail


def test_the_desk_s_own_log_is_not_asked_by_the_markers(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text('plugins = ["label", "log"]\n[settings.log]\npath = "log"\nfind = true\n')
    report = Inspector(policy=load_policy(policy)).text("Tea is made of leaves and water.")
    assert "log" not in report.looked
    assert "label" in report.looked


@given(st.text())
def test_a_name_opens_nothing(name: str) -> None:
    assert ending_of(name) in ("", *suffixes())
    called = shown(name)
    assert len(called) <= 81
    assert called.isprintable()
    assert not {"/", "\\"} & {*called}


@pytest.mark.parametrize(
    ("name", "ending", "called"),
    [
        ("../../etc/passwd", "", "passwd"),
        ("C:\\Users\\me\\a.PDF", ".pdf", "a.PDF"),
        ("a.py", "", "a.py"),
        ("a.docx\0.sh", "", "a.docx\ufffd.sh"),
        ("gpj\u202e.exe", "", "gpj\ufffd.exe"),
        ("", "", ""),
    ],
)
def test_of_a_name_a_known_ending_is_used(name: str, ending: str, called: str) -> None:
    assert (ending_of(name), shown(name)) == (ending, called)


def test_whoever_comes_while_others_are_looked_into_waits_and_is_sent_away() -> None:
    room = Room(patience=0.01)
    with room.taken(), room.taken(), pytest.raises(BusyError, match="again"), room.taken():
        pytest.fail("there was room for three")
    with room.taken():
        pass


def test_who_reads_a_file_is_not_told_the_secrets_of_the_desk() -> None:
    told = without_secrets(
        {"CHOPMARK_DESK_SECRET": "x", "CHOPMARK_DESK_PASSWORD": "y", "PATH": "z"}
    )
    assert told == {"PATH": "z"}
