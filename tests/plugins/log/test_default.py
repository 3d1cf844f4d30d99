"""The policies that come along record into this log: no texts, or these for long enough."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.plugins.log.logs import faults_of, invoke, leaves

from chopmark import Chopmark, Content, PluginError, Policy, load_policy
from chopmark.testing import sample_record
from chopmark_log._erase import registrar
from chopmark_log._folder import LogFolder
from chopmark_log._log import make_log
from chopmark_log._master import Subject

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

BUILT_IN = ("cn", "eu", "record-only")
SECRET = "the lake lies west of the city"
DAY = 86_400_000


def light(name: str, folder: LogFolder, **options: object) -> Policy:
    """Return a built-in policy that loads no model, and records into `folder`."""
    policy = load_policy(name).with_options("log", path=str(folder.path), **options)
    return replace(policy, plugins=tuple(one for one in policy.plugins if one != "onnx"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_call_is_recorded_signed_and_nowhere_told(tmp_path: Path, name: str) -> None:
    folder = LogFolder(tmp_path / "log")
    chop = Chopmark(light(name, folder))
    answer = chop.guard(lambda prompt: SECRET)(f"Is it so that {SECRET}?")
    assert SECRET in answer
    chop.close()
    assert [leaf["k"] for leaf in leaves(folder)] == ["call"]
    assert faults_of(folder) == ()
    assert json.loads(invoke("log", "status", "--path", str(folder.path), "--json").stdout)[
        "signed_entries"
    ] == 1  # fmt: skip
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    assert [file.name for file in files if SECRET.encode() in file.read_bytes()] == []
    assert not (folder.path / "side.db").exists()


@pytest.mark.parametrize(("name", "days"), [("cn", 183), ("eu", 0)])
def test_texts_are_kept_where_they_are_asked_for_as_long_as_the_law_wants(
    tmp_path: Path, name: str, days: int
) -> None:
    folder = LogFolder(tmp_path / "log")
    log = make_log(light(name, folder, contents=True))
    record = replace(sample_record(), time=1_900_000_000_000)
    log.append_with(record, Content(answer=SECRET, user="anna-17"))
    log.close()
    with registrar(folder) as by:
        done = by.erase(Subject.of("anna-17", ""), "she asked")
    assert done.until == record.time + days * DAY
    assert (done.erased, done.restricted) == (0, 1)


@pytest.mark.parametrize(("missing", "told"), [("cryptography", "pip install"), ("fcntl", "jsonl")])
def test_what_is_missing_is_told_with_its_cure(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch, missing: str, told: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    for name in BUILT_IN:
        with pytest.raises(PluginError, match=rf"plugin 'log' needs .*{told}"):
            Chopmark(name)
    found = invoke("log", "status", "--path", str(folder.path))
    assert found.exit_code == 2
    assert told in found.output
