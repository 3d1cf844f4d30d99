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
    ("name", "content", "failure"),
    [
        ("a.pdf", bombs.pdf(), "broken"),  # PDFium ends where it gets no memory
        ("a.png", bombs.png(), "unreadable"),
        ("a.docx", bombs.docx(), None),
    ],
    ids=["pdf", "png", "docx"],
)
def test_a_bomb_ends_alone(
    inspector: Inspector, name: str, content: bytes, failure: str | None
) -> None:
    assert len(content) < 2**21
    looked = inspector.file(io.BytesIO(content), name)
    assert looked.failure == failure, looked
    if looked.report is not None:
        [note] = looked.report.notes
        assert "ZIP bomb" in note
        assert note.startswith("its visible text was not looked into: 'a.docx' unfolds")


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
