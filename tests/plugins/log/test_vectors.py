"""The formats of the log are those that are published by example, and do not drift."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.plugins.log.vectors import FILE, OPENED, REFUSED, made

from chopmark import LogError
from chopmark_log._canonical import encode
from chopmark_log._leaf import decode, filled
from chopmark_log.verify import (
    Handover,
    Proof,
    VerifierKey,
    hash_leaf,
    open_checkpoint,
    open_disclosure,
)

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


def test_this_code_makes_what_is_published() -> None:
    assert made() == VECTORS


def test_what_is_published_holds() -> None:
    key = VerifierKey.parse(VECTORS["key"])
    head = open_checkpoint(VECTORS["checkpoint"], [key]).checkpoint
    assert head.root.hex() == VECTORS["roots"][str(head.size)]
    leaf = VECTORS["leaf_of_everything"]
    assert hash_leaf(leaf.encode()).hex() == VECTORS["leaf_hashes"][1]
    assert Proof.parse(VECTORS["proof"]).check(leaf.encode(), [key]).checkpoint == head
    opened = [open_disclosure(one, json.loads(leaf)) for one in VECTORS["disclosures"].values()]
    assert dict(opened) == OPENED
    handover = Handover.open(VECTORS["handover"])
    assert (handover.old, handover.new.name) == (key, key.name)
    line = json.loads(VECTORS["bundle_line"])
    assert (line["index"], line["leaf"]) == (1, leaf)
    assert line["proof"] == VECTORS["proof"].split("\n\n")[0].split("\n")[2:]


@pytest.mark.parametrize("name", ["leaf_of_little", "leaf_of_everything", "leaf_of_a_gap"])
def test_a_published_leaf_is_read_and_written_again(name: str) -> None:
    data = decode(VECTORS[name].encode())
    assert encode(data) == VECTORS[name].encode()
    whole = filled(data)
    assert set(data) <= set(whole)
    assert filled(whole) == whole


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_no_leaf_is_refused(why: str) -> None:
    with pytest.raises(LogError):
        decode(REFUSED[why].encode())
