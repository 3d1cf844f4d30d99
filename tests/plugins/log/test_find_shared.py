"""Of a shared log each machine has an index, and none finds what another machine erased."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.log.postgres_storm import log_of, machine, settle
from tests.plugins.log.test_find import best, english, traces

from chopmark import Content
from chopmark.testing import sample_record
from chopmark_log._erase import registrar
from chopmark_log._find import find
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject


def test_an_erasure_reaches_the_index_of_another_machine_when_that_is_next_used(
    tmp_path: Path, store: str
) -> None:
    here = machine(tmp_path, store)
    there: LogFolder = machine(tmp_path, store, "b", here)
    log = log_of(here, store)
    for user, seed in (("anna", 1), ("bert", 2)):
        log.append_with(sample_record(), Content(messages=(), answer=english(seed), user=user))
    log.close()
    settle(here)
    for folder in (here, there):
        assert best(find(folder, english(1))).how == "identical"
        assert traces(folder, english(1)) > 10
    with registrar(here) as by:
        by.erase(Subject.of("anna", ""), "erasure as the law wants it")
    assert traces(here, english(1)) == 0
    assert find(there, english(1)).matches == ()
    assert traces(there, english(1)) == 0
    assert best(find(there, english(2))).how == "identical"
