"""A file is labelled whole or not at all, and every refusal names file and cure."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chopmark_label import Aigc, label_file, read_labels
from chopmark_label._files._errors import FileError
from chopmark_label._files._formats import format_of

BLOCK = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="7")
OTHER = Aigc(label="1", content_producer="001191110102MAD55U9H0F10002", produce_id="8")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text("# Title\n")
    return path


def refused(source: Path, target: Path, says: str) -> None:
    """Refuse by name, and leave the folder as it is."""
    before = sorted(source.parent.rglob("*"))
    data = {path: path.read_bytes() for path in before if path.is_file()}
    with pytest.raises(FileError, match=says) as error:
        label_file(source, target, BLOCK)
    assert str(source) in str(error.value) or str(target) in str(error.value)
    assert sorted(source.parent.rglob("*")) == before
    assert {path: path.read_bytes() for path in before if path.is_file()} == data


def test_name_may_be_as_long_as_the_system_takes(tmp_path: Path) -> None:
    path = tmp_path / ("大" * 84 + ".md")
    path.write_text("x")
    label_file(path, path, BLOCK)
    assert len(read_labels(path)[1]) == 1
    assert os.listdir(tmp_path) == [path.name]


def test_link_stays_one_and_what_it_leads_to_is_labelled(page: Path) -> None:
    link = page.with_name("link.md")
    link.symlink_to(page.name)
    label_file(link, link, BLOCK)
    assert link.is_symlink()
    assert len(read_labels(page)[1]) == 1


def test_rights_and_owner_stay(page: Path) -> None:
    page.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(page, 12345, 12345)
    before = page.stat()
    label_file(page, page, BLOCK)
    after = page.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid
    )  # fmt: skip
    out = page.with_name("out.md")
    label_file(page, out, OTHER, replace=True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


def test_places_where_nothing_can_be_written_are_named(page: Path) -> None:
    (page.parent / "folder.md").mkdir()
    refused(page, page.parent / "none" / "a.md", "check the folder")
    refused(page, page.with_name("folder.md"), "no file that can be replaced")
    refused(page, page.with_name("x" * 300 + ".md"), "check the folder")
    with pytest.raises(FileError, match="check the folder"):
        label_file(page, page.with_name("a\0b.md"), BLOCK)


@pytest.mark.skipif(os.name != "posix", reason="no FIFO there")
def test_what_is_no_file_is_named_and_not_waited_for(page: Path) -> None:
    pipe = page.with_name("pipe.md")
    os.mkfifo(pipe)
    with pytest.raises(FileError, match="no regular file"):
        label_file(pipe, pipe, BLOCK)
    with pytest.raises(FileError, match="no regular file"):
        read_labels(pipe)
    with pytest.raises(FileError, match="no file that can be replaced"):
        label_file(page, pipe, BLOCK)
    with pytest.raises(FileError, match="cannot be read"):
        read_labels(page.with_name("a\0b.md"))
    assert sorted(os.listdir(page.parent)) == ["page.md", "pipe.md"]


@pytest.fixture
def folder_of_another() -> Iterator[Path]:
    """Give a folder, and the rights of its owner, who may not do everything as root may."""
    with tempfile.TemporaryDirectory() as name:
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="no such rights there")
def test_file_and_folder_that_are_read_only_are_named(folder_of_another: Path) -> None:
    page = folder_of_another / "page.md"
    page.write_text("# Title\n")
    page.chmod(0o444)
    refused(page, page, "may not be written")
    folder_of_another.chmod(0o555)
    refused(page, page.with_name("out.md"), "check the folder")
    page.chmod(0o644)
    refused(page, page, "check the folder")
    folder_of_another.chmod(0o755)
    page.chmod(0o000)
    with pytest.raises(FileError, match="cannot be read"):
        label_file(page, page, BLOCK)


@pytest.mark.parametrize("name", ["out.txt", "out", "out.html", "out.pdf"])
def test_name_by_which_nobody_would_read_the_block_is_refused(page: Path, name: str) -> None:
    refused(page, page.with_name(name), r"\.markdown")


def test_file_that_is_not_what_its_name_says_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_text("<html>")
    refused(path, path, "does not begin as a file ending in .docx does")
    other = tmp_path / "a.txt"
    other.write_text("x")
    refused(other, other, "of no format")


def test_blocks_that_are_there_are_counted_and_named(page: Path) -> None:
    page.write_text("---\nAIGC:\n  Label: '1'\n---\n\n---\nAIGC:\n  Label: '2'\n---\n")
    refused(page, page, r"has 2 blocks already \(in YAML front matter, YAML front matter 2\)")
    label_file(page, page, BLOCK, replace=True)
    assert [found.reading.fields for found in read_labels(page)[1]] == [BLOCK.fields()]


def test_disk_that_is_full_is_named_with_the_file_that_was_asked_for(page: Path) -> None:
    resource = pytest.importorskip("resource")
    page.write_text("# Title\n" * 20_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        refused(page, page.with_name("out.md"), r"out\.md' cannot be written")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_file_that_changes_meanwhile_is_left_as_it_is(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = format_of(page)
    assert form is not None
    write = type(form).write

    def saved_by_another(self: object, source: Path, target: Path, block: str) -> str:
        where = write(form, source, target, block)
        source.write_text("# Another's text\n")
        return where

    monkeypatch.setattr(type(form), "write", saved_by_another)
    with pytest.raises(FileError, match="was changed while it was labelled"):
        label_file(page, page, BLOCK)
    assert page.read_text() == "# Another's text\n"
    assert os.listdir(page.parent) == ["page.md"]


def sparse(path: Path, head: bytes, size: int) -> Path:
    path.write_bytes(head)
    os.truncate(path, size)
    return path


HUGE = [
    ("a.md", b"# Title\n" + b"x" * 5000),
    ("a.html", b"<!doctype html>" + b"x" * 5000),
    ("a.docx", b"PK\x03\x04[Content_Types].xml"),
    ("a.pdf", b"%PDF-1.7\n"),
]


@pytest.mark.parametrize(("name", "head"), HUGE)
def test_two_gigabytes_are_refused_without_being_read(
    tmp_path: Path, name: str, head: bytes
) -> None:
    path = sparse(tmp_path / name, head, 2**31 + 5)
    with pytest.raises(FileError, match=name):
        label_file(path, path, BLOCK)
    if not name.endswith(".pdf"):  # which is looked through for what it declares, as it says
        with pytest.raises(FileError, match=name):
            read_labels(path)
    assert path.stat().st_blocks < 100
    assert os.listdir(tmp_path) == [name]
