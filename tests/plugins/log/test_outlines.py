"""What a log says of its calls to be counted is what it says of them to be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.log.logs import log_of

from chopmark import Failure, LogError, Mark, Record, Usage, Verdict
from chopmark.reading import Outline, new_event, outline, outlines
from chopmark.testing import LogContract, sample_record
from chopmark_log._canonical import encode
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import event_leaf
from chopmark_log._log import TransparencyLog
from chopmark_report import count

TIME = 1_732_000_000_000


def records() -> list[Record]:
    """Return records that leave out, each, something else of what is usual."""
    bare = replace(
        sample_record(), time=TIME, verdicts=(), marks=(), failures=(), usage=None, stream=False,
        action="allow", ending="completed", judged=True, audience="",
    )  # fmt: skip
    found = Verdict(category="pii.email", start=1, end=4, detector="pii")
    made = [
        bare,
        replace(bare, stream=True, audience="public", judged=False),
        replace(bare, action="block", ending="blocked", verdicts=(found,)),
        replace(bare, verdicts=(replace(found, direction="input", version="7", outcome="warn"),)),
        replace(bare, usage=Usage(input_tokens=3, output_tokens=5)),
        replace(bare, usage=Usage()),
        replace(bare, marks=(Mark(marker="label", kind="visible", data={"language": "zh"}),)),
        replace(bare, marks=(Mark(marker="a", kind="b", placed=False, reason="json"),)),
        replace(
            bare, verdicts=(found, found),
            failures=(Failure(role="detector", name="x", error="ValueError", handled="allow"),),
        ),
    ]  # fmt: skip
    return [replace(one, id=sample_record().id, time=TIME + n) for n, one in enumerate(made)]


def test_an_outline_is_that_of_the_whole_call_and_counts_the_same(folder: LogFolder) -> None:
    log = log_of(folder)
    for record in records():
        log.append(record)
    log.append_event(new_event("complaint.received", about=["a"], data={"deadline": 3}))
    log.close()
    whole = list(log.read())
    assert len(whole) == len(records()) + 1
    brief = list(outlines(log))
    assert brief == [outline(one) if one["k"] == "call" else one for one in whole]
    assert count(brief) == count(whole)
    assert len(list(outlines(log, TIME + 2, TIME + 5))) == 3


def test_a_leaf_that_is_none_is_named_after_all_that_came_before(folder: LogFolder) -> None:
    log = log_of(folder)
    for record in records()[:4]:
        log.append(record)
    log.close()
    with sqlite3.connect(folder.base) as base:
        base.execute(
            "UPDATE entries SET leaf = replace(leaf, '\"duration\"', '\"x\"') WHERE at = 2"
        )
    base.close()
    found = outlines(log)
    assert [next(found) for _ in range(2)] == [outline(one) for one in log.read(0, TIME + 2)]
    with pytest.raises(LogError, match="entry 2 is no leaf"):
        next(found)


class Forgetful(TransparencyLog):
    """A log whose outlines leave out the first entry of each span."""

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        return islice(super().outlines(since, until), 1, None)


def test_the_contract_finds_outlines_that_are_not_those_of_the_entries(tmp_path: Path) -> None:
    contract = LogContract().test_one_that_has_outlines_makes_them_of_what_it_reads
    contract(TransparencyLog({"path": str(tmp_path / "right")}), tmp_path)
    with pytest.raises(AssertionError):
        contract(Forgetful({"path": str(tmp_path / "wrong")}), tmp_path)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_slices_one_behind_the_other_are_all_of_the_log(tmp_path: Path, count: int) -> None:
    made = LogFolder(tmp_path / "log")
    made.create("example.com/log")
    store = made.open(writing=True)
    leaves = [
        encode(event_leaf(new_event("key.rotated", actor=str(n)), "w", n)) for n in range(700)
    ]
    store.take([(None, leaf) for leaf in leaves], {})
    store.prune(256)
    store.close()
    log = TransparencyLog({"path": str(made.path)})
    cut = log.slices(count)
    assert len(cut) == min(count, 2)
    assert all(map(len, cut))
    assert [one for each in cut for one in each.outlines()] == list(log.outlines())
    assert sum(map(len, cut)) == 444
