"""A program that reads a PDF by itself is bounded as the command is, and told what was too much."""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

import pikepdf
import pytest
from tests.plugins.label.hostile.__main__ import measured
from tests.plugins.label.hostile._pdf import many_objects

from chopmark import MarkError
from chopmark_label import bound_pdf, inspect_file, read_labels
from chopmark_label._files._errors import within_memory
from chopmark_label._files._pdf_objects import check_objects

FEW = 11 * 500
"""Bytes of objects of a document that is honest."""


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    path = tmp_path / "honest.pdf"
    path.write_bytes(many_objects(FEW))
    return path


def limit(most: int) -> int:
    """Bound what qpdf unpacks, and return what it was bounded to."""
    return int(pikepdf.settings.set_qpdf_limits(flate_max_memory=most)["flate_max_memory"])


def test_a_reader_bounds_qpdf_once_and_leaves_what_the_program_sets_then(honest: Path) -> None:
    bound_pdf.cache_clear()
    before = limit(0)
    try:
        inspect_file(honest, ())
        assert limit(2**30) == 64 * 2**20
        read_labels(honest)
        assert limit(2**30) == 2**30
    finally:
        limit(before)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (b"<</Type/ObjStm/N 200001/First 9>>stream", "200,001 objects in one stream"),
        (b"<</N\r\n200001/First 9/Type /Obj#53tm>>stream", "200,001 objects in one stream"),
        (b"<</#4e 200001/Type/#4fbjStm>>stream", "200,001 objects in one stream"),
        (b"<</Type/XRef/Size 2000001>>stream", "2,000,001 objects in all"),
        (b"<</Si#7Ae 2000001/Type/XRef>>stream", "2,000,001 objects in all"),
    ],
)
def test_objects_are_counted_as_declared(tmp_path: Path, entries: bytes, told: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n1 0 obj " + entries.replace(b"2000001", b"2000000"))
    if b"XRef" in entries:
        check_objects(path)
    path.write_bytes(b"%PDF-1.7\n1 0 obj " + entries)
    with pytest.raises(MarkError, match=told) as raised:
        check_objects(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    "entries",
    [
        b"<</Type/ObjStm/N 200000/First 9>>stream",
        b"<</Type/ObjStm/N 300000 0 R>>stream",
        b"<</Type/EmbeddedFile/Params<</Size 9000000>>>>stream",
        b"<</N 300000>>endobj 2 0 obj<</Type/ObjStm/N 9>>stream /N 300000",
    ],
)
def test_other_numbers_are_no_counts(tmp_path: Path, entries: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n1 0 obj " + entries)
    check_objects(path)


@pytest.mark.skipif(sys.platform != "linux", reason="asks how much address space there is")
def test_a_want_of_memory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    os.truncate(path, 2**30)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, _, said = measured(path, 60, pages * resource.getpagesize() + 2**29)
    assert re.match(r"refused: .*a\.pdf' takes more memory to read than there is; ", said), said
    with pytest.raises(MarkError, match="takes more memory"), within_memory(path):
        bytes(2**62)
