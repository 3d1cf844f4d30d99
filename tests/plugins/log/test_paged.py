"""The log is read from any place on; what is damaged in it, or no call, is told in its place."""

from __future__ import annotations

import sqlite3

from tests.plugins.log.logs import fill, log_of, settle

from chopmark.reading import paged
from chopmark_log._contents import leaf_of
from chopmark_log._folder import LogFolder


def test_places_are_indices_across_bundles(folder: LogFolder) -> None:
    ids = fill(folder, 600)
    settle(folder)
    log = paged(log_of(folder))
    assert log.end() == 600
    assert [(e.place, e.said["id"]) for e in log.forward(250)][:10] == [
        (n, ids[n]) for n in range(250, 260)
    ]
    assert [(e.place, e.said["id"]) for e in log.backward(260)][:10] == [
        (n, ids[n]) for n in range(259, 249, -1)
    ]
    found = log.get(ids[511])
    assert found is not None
    assert found.place == 511


def test_a_damaged_bundle_is_one_fault_and_hides_no_other(folder: LogFolder) -> None:
    fill(folder, 520)
    settle(folder)
    with sqlite3.connect(folder.base) as base:
        base.execute("UPDATE bundles SET leaves = x'00' WHERE number = 1")
    base.close()
    log = paged(log_of(folder))
    whole = list(log.forward())
    assert [entry.place for entry in whole] == [*range(257), *range(512, 520)]
    assert whole[256].said["k"] == "fault"
    assert "damaged" in whole[256].said["why"]
    assert list(log.backward()) == whole[::-1]


def test_what_is_no_call_and_no_event_comes_under_its_own_kind(folder: LogFolder) -> None:
    store = folder.open(writing=True)
    store.take([leaf_of("gap", {"why": "the disk was full"})], {})
    store.close()
    [entry] = paged(log_of(folder)).forward()
    assert {name: entry.said[name] for name in ("k", "why")} == {
        "k": "gap", "why": "the disk was full",
    }  # fmt: skip
    assert entry.said["time"] > 0
    assert entry.said["id"]
    assert "w" not in entry.said
    assert list(log_of(folder).read()) == []
