"""The benchmarks of the labels run, and what they count is what happened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"
pytest.importorskip("c2pa", reason="the marks of c2pa are among those that are carried")


def run(name: str, *args: str) -> dict[str, Any]:
    """Run it where no other program can be found, so that it is fast and the same everywhere."""
    done = subprocess.run(
        [sys.executable, BENCH / name, "--json", *args],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fate(row: dict[str, Any], transport: str) -> str:
    counts = row[transport]
    assert sum(counts.values()) == 2
    return next((name for name, count in counts.items() if count == 2), "mixed")


def test_survival_counts_what_is_left() -> None:
    found = run("survival.py", "--texts", "1", "--only", ",")  # no files
    marks = found["marks"]
    for row in marks.values():
        assert fate(row, "NFC") == fate(row, "JSON") == "survived"
        assert row["browser copy"] == row["PDF"] == "not run"
    start, end = marks["label, start"], marks["label, end"]
    assert [fate(start, part) for part in ("first half", "last half")] == ["survived", "lost"]
    assert [fate(end, part) for part in ("first half", "last half")] == ["lost", "survived"]
    assert fate(start, "one line") == "damaged"
    assert fate(marks["AIGC, HTML meta"], "one line") == "survived"
    manifest = marks["C2PA manifest, A.8"]
    assert [fate(manifest, way) for way in ("one line", "BMP only")] == ["damaged", "lost"]
    assert fate(manifest, "DOCX") == "survived"


def test_stream_bench_has_a_figure_for_every_place() -> None:
    found = run("label_stream.py", "--rounds", "1")
    assert found["without_us"] > 0
    assert len(found["over"]) == 11
    assert {"markdown, every", "plain, start", "html, both"} <= found["over"].keys()
