"""The log hands out the proof of an entry, and its texts, as who shows them needs them."""

from __future__ import annotations

import json

import pytest
from tests.plugins.log.logs import content_of, fill, log_of, settle

from chopmark import LogError
from chopmark.reading import paged
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log.verify import Proof, VerifierKey, VerifyError


def test_a_proof_is_checked_with_what_comes_with_it_and_not_with_another_leaf(
    folder: LogFolder,
) -> None:
    ids = fill(folder, 5)
    settle(folder)
    proven = log_of(folder).proof(3)
    keys = [VerifierKey.parse(key) for key in proven.keys]
    assert json.loads(proven.leaf)["id"] == ids[3]
    assert Proof.parse(proven.proof).check(proven.leaf, keys).checkpoint.size == 5
    with pytest.raises(VerifyError, match="not entry 3"):
        Proof.parse(proven.proof).check(proven.leaf + b" ", keys)


def test_an_entry_that_is_not_there_has_no_proof(folder: LogFolder) -> None:
    fill(folder, 1)
    settle(folder)
    with pytest.raises(LogError, match="no entry 1"):
        log_of(folder).proof(1)


def test_texts_are_those_of_the_call(folder: LogFolder) -> None:
    log, record, content = log_of(folder, contents=True), sample_record(), content_of()
    log.append_with(record, content)
    log.close()
    settle(folder)
    assert log.content(record.id) == content
    assert paged(log).get(record.id) is not None


@pytest.mark.parametrize("id", ["01234567-89ab-7def-8123-456789abcdef", "no id"])
def test_a_record_that_is_not_there_has_no_texts(folder: LogFolder, id: str) -> None:
    fill(folder, 1)
    settle(folder)
    with pytest.raises(LogError, match=id):
        log_of(folder).content(id)


def test_one_without_texts_says_so(folder: LogFolder) -> None:
    [id] = fill(folder, 1, contents=False)
    settle(folder)
    with pytest.raises(LogError, match="keeps no contents"):
        log_of(folder).content(id)


def test_who_waits_for_a_verification_hears_how_far_it_is(folder: LogFolder) -> None:
    fill(folder, 3)
    settle(folder)
    heard: list[int] = []
    assert log_of(folder).faults(heard.append) == []
    assert heard[-1] == 3
