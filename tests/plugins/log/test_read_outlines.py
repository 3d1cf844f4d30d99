"""What is taken of a leaf without reading all of it is what all of it says."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.jsonl.strange import every, strange
from tests.plugins.jsonl.test_format import RECORDS
from tests.plugins.log.logs import log_of
from tests.plugins.log.test_outlines import records

from chopmark import LogError, Mark, Record
from chopmark.outlining import LONGEST
from chopmark.reading import new_event, outlines
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import commitments_of, encode_event
from chopmark_log._read import _leaf, _outline
from chopmark_log._read_outlines import leaf_outliner
from chopmark_log._usual import encode_call

FAILED = records()[-1]
USUAL = records()[:-1]
MARKS = (Mark(marker="a", kind="b", where="start", placed=False, reason="c", data={"d": "e"}),)
WHOLE = replace(FAILED, failures=(), marks=MARKS, usage=USUAL[4].usage, audience="公众")
some = settings(max_examples=scaled(200), deadline=None, suppress_health_check=list(HealthCheck))


def encoded(record: Record) -> bytes:
    return encode_call(record, commitments_of(record), "writer", 7, 0)


def agrees(leaves: Iterable[bytes]) -> None:
    """Hold what is taken of `leaves` to what is made of all of each."""
    brief = leaf_outliner()  # one for all: it keeps the marks of the leaf before
    for leaf in leaves:
        found = brief(leaf)
        if found is not None:
            data = _leaf(leaf)
            assert data["k"] == "call"
            assert repr(found) == repr(_outline(data))  # 1, 1.0 and True differ in it


def test_usual_calls_are_taken_and_others_are_left_to_the_reader_of_leaves() -> None:
    brief = leaf_outliner()
    assert None not in [brief(encoded(record)) for record in (*USUAL, WHOLE, *USUAL)]
    agrees(encoded(record) for record in (*USUAL, WHOLE, *USUAL))
    long = replace(WHOLE, model="m" * LONGEST)
    event = encode_event(new_event("key.rotated"), "writer", 8, 0)
    others = [encoded(FAILED), encoded(long), event, b"", b"{}", b"3"]
    assert [brief(leaf) for leaf in others] == [None] * len(others)


@some
@given(st.lists(RECORDS, max_size=3))
def test_every_call_has_the_outline_of_its_whole_leaf(made: list[Record]) -> None:
    leaves = []
    for record in made:
        try:
            leaves.append(encoded(record))
        except LogError:  # a text that has no place in a leaf
            continue
    agrees(leaves)


def test_what_readers_of_json_differ_about_is_settled_by_one() -> None:
    agrees(every(encoded(WHOLE)))
    agrees(every(encoded(USUAL[0])))


@some
@given(st.lists(st.sampled_from(USUAL).map(encoded).flatmap(strange), min_size=1, max_size=3))
def test_nothing_is_taken_that_would_be_refused_or_read_in_another_way(leaves: list[bytes]) -> None:
    agrees(leaves)


def test_without_msgspec_the_same_is_said(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(folder)
    for record in (*USUAL, WHOLE, FAILED):
        log.append(record)
    log.close()
    found = list(outlines(log))
    monkeypatch.delitem(sys.modules, "chopmark_log._read_outlines")
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert list(outlines(log)) == found
    assert "chopmark_log._read_outlines" not in sys.modules
