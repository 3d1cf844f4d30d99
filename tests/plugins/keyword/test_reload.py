"""Lists change while the detector is at work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from chopmark import Context, Policy
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
Written = Callable[..., Path]


@dataclass
class Clock:
    """Stands still until a test moves it."""

    seconds: float = 0.0
    day: date = field(default_factory=lambda: date(2026, 12, 1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(folder: Path, names: list[str], clock: Clock, every: float = 5.0) -> KeywordDetector:
    policy = Policy(name="p", folder=str(folder)).with_options(
        "keyword", lists=names, bundled=False, reload_seconds=every
    )
    return KeywordDetector.from_policy(policy, clock=lambda: clock.seconds, today=lambda: clock.day)


def found(detector: KeywordDetector, text: str = "炸药 bomb") -> list[str]:
    return [text[v.start : v.end] for v in detector.judge(text, CONTEXT)]


def test_a_changed_list_holds_from_the_next_look_on(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    path = written(tmp_path / "a.csv", ["炸药"])
    detector = made(tmp_path, ["a.csv"], clock)
    before = detector.version
    written(path, ["bomb shell", "bomb"])
    clock.seconds = 4.9
    assert (found(detector), detector.version) == (["炸药"], before)
    clock.seconds = 5.0
    assert found(detector) == ["bomb"]
    assert detector.version != before
    written(path, ["bomb shell", "炸药"])
    clock.seconds = 9.9
    assert found(detector) == ["bomb"]
    clock.seconds = 10.0
    assert found(detector) == ["炸药"]
    assert detector.needs.characters == len("bomb shell") + 64


def test_version_is_that_of_the_active_entries(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    path = written(tmp_path / "a.csv", ["炸药"])
    detector = made(tmp_path, ["a.csv"], clock, every=0)
    first = detector.version
    versions = {first}
    for terms in (["炸药", "bomb"], [("炸药", "warn")], ["bomb", "炸药"]):
        written(path, terms)
        found(detector)
        versions.add(detector.version)
    assert len(versions) == 4
    written(path, ["炸药"])
    found(detector)
    assert detector.version == first


def test_a_text_in_progress_keeps_the_list_it_began_with(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    path = written(tmp_path / "a.csv", ["炸药"])
    detector = made(tmp_path, ["a.csv"], clock, every=0)
    scanner = detector.open(CONTEXT)
    scanner.feed("炸")
    written(path, ["bomb"])
    assert found(detector) == ["bomb"]
    assert [(v.start, v.end) for v in scanner.feed("药 bomb ")] == [(0, 2)]


@pytest.mark.parametrize("damage", ["not,a\nlist,x", "", None])
def test_a_broken_list_keeps_the_old_one_and_warns_once(
    tmp_path: Path,
    written: Written,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    damage: str | None,
) -> None:
    path = written(tmp_path / "a.csv", ["炸药"])
    detector = made(tmp_path, ["a.csv"], clock, every=0)
    version = detector.version
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage, "utf-8")
    for _ in range(3):
        assert found(detector) == ["炸药"]
    assert detector.version == version
    assert len(caplog.records) == 1
    assert caplog.records[0].levelname == "WARNING"
    assert f"list {path}" in caplog.text
    written(path, ["bomb"])
    assert found(detector) == ["bomb"]


def test_one_broken_list_does_not_keep_another_from_changing(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    one = written(tmp_path / "a.csv", ["炸药"], name="a")
    two = written(tmp_path / "b.csv", ["gun"], name="b")
    detector = made(tmp_path, ["a.csv", "b.csv"], clock, every=0)
    one.write_text("broken", "utf-8")
    written(two, ["bomb"], name="b")
    assert found(detector) == ["炸药", "bomb"]


def test_lists_that_no_longer_go_together_change_nothing(
    tmp_path: Path, written: Written, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path / "a.csv", ["炸药"], name="a")
    two = written(tmp_path / "b.csv", ["gun"], name="b")
    detector = made(tmp_path, ["a.csv", "b.csv"], clock, every=0)
    written(two, ["bomb"], name="a")
    assert found(detector) == found(detector) == ["炸药"]
    assert "both named 'a'" in caplog.text
    assert len(caplog.records) == 1
    written(two, ["bomb"] * 1 + ["y" * 400], name="b")
    assert found(detector) == found(detector) == ["炸药"]
    assert "longest term has 400 characters" in caplog.text
    assert len(caplog.records) == 2


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_seen(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    path = written(tmp_path / "a.csv", ["gun"])
    detector = made(tmp_path, ["a.csv"], clock, every=0)
    times = path.stat()
    other = written(tmp_path / "new.csv", ["bom"])
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)
    assert found(detector, "gun bom") == ["bom"]


def test_entries_expire_while_the_detector_runs(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "a.csv").write_text(
        "# name: a\n# version: 1\n# language: zh\nterm,category,level,reviewer,expires\n"
        "炸药,x,block,Li,2026-12-01\nbomb,x,block,Li,2026-12-02\n",
        "utf-8",
    )
    detector = made(tmp_path, ["a.csv"], clock)
    assert found(detector) == ["炸药", "bomb"]
    clock.day = date(2026, 12, 2)
    assert found(detector) == ["炸药", "bomb"]
    clock.seconds = 6
    assert found(detector) == ["bomb"]
    clock.day, clock.seconds = date(2026, 12, 3), 12
    assert found(detector) == []


def test_threads_see_the_old_list_or_the_new_one_and_nothing_else(
    tmp_path: Path, written: Written, clock: Clock
) -> None:
    text = "炸药 bomb gun 手枪 " * 20
    sets = [["炸药", "bomb"], ["gun", "手枪"]]
    path = written(tmp_path / "a.csv", sets[0])
    detector = made(tmp_path, ["a.csv"], clock, every=0)
    allowed = []
    for terms in sets:
        written(path, terms)
        allowed.append(found(detector, text))
    assert allowed[0] != allowed[1]
    stop = threading.Event()

    def judge(streamed: bool) -> int:
        calls = 0
        while not stop.is_set():
            calls += 1
            if not streamed:
                assert found(detector, text) in allowed
                continue
            scanner = detector.open(CONTEXT)
            verdicts = [v for n in range(0, len(text), 7) for v in scanner.feed(text[n : n + 7])]
            verdicts += scanner.finish()
            assert [text[v.start : v.end] for v in verdicts] in allowed
        return calls

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(judge, n % 2 == 0) for n in range(4)]
        versions = set()
        for n in range(30):
            fresh = written(tmp_path / "fresh.csv", sets[n % 2])
            fresh.replace(path)
            found(detector, text)
            versions.add(detector.version)
        stop.set()
        assert all(future.result() > 0 for future in running)
    assert len(versions) == 2
