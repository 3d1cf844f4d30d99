"""Whom an unlabelled answer was for stands in no leaf in clear, can be shown, and is forgotten."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.log.logs import content_of, faults_of, invoke, leaves, log_of

from chopmark import Chopmark, Mark, Policy, Record, calling
from chopmark.testing import sample_record
from chopmark_log import verify
from chopmark_log._content import SubjectKey, disclosures, read_payload, seal, unseal
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import decode
from chopmark_log._opened import Opener
from chopmark_log._recipient import apart

WHO = "C-4711-西湖"
KEY = SubjectKey(bytes(16), bytes(range(32)))
RECORD = bytes(range(16))


def unlabelled(who: str = WHO) -> Record:
    mark = Mark(
        marker="label", kind="visible", placed=False, reason="as agreed",
        data={"agreement": "A-17", "recipient": who},
    )  # fmt: skip
    return replace(sample_record(), marks=(mark,))


def shown(folder: LogFolder, record: str, *words: str) -> Any:
    done = invoke("log", "show", record, "--path", str(folder.path), *words)
    return done.exit_code, done.output


def traces(folder: LogFolder) -> list[str]:
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    needles = (WHO.encode(), json.dumps(WHO)[1:-1].encode())
    return [file.name for file in files if any(one in file.read_bytes() for one in needles)]


def test_it_is_committed_to_sealed_shown_and_forgotten(folder: LogFolder, tmp_path: Path) -> None:
    log = log_of(folder)
    id = log.append_with(unlabelled(), content_of("anna")).record
    other = log.append_with(sample_record(), content_of("bert")).record
    log.close()
    leaf, plain = leaves(folder, "call")
    assert leaf["marks"] == [
        {
            "marker": "label", "kind": "visible", "placed": False, "reason": "as agreed",
            "data": [["agreement", "A-17"]],
        }
    ]  # fmt: skip
    assert set(leaf["commit"]) == {"request", "answer", "user", "recipient"}
    assert set(plain["commit"]) == {"request", "answer", "user"}
    assert traces(folder) == []
    code, said = shown(folder, id, "--open", "recipient,user")
    assert (code, json.loads(said)["opened"]) == (0, {"recipient": WHO, "user": "anna"})
    code, said = shown(folder, other, "--open", "recipient")
    assert (code, json.loads(said)["opened"]) == (0, {})
    done = invoke("log", "verify", "--deep", "--path", str(folder.path))
    assert (done.exit_code, "holds: 2 records" in done.output) == (0, True), done.output
    bundle = tmp_path / "bundle"
    out = ("log", "export", str(bundle), "--path", str(folder.path), "--open", "recipient")
    assert invoke(*out).exit_code == 0
    assert verify.check_bundle(bundle).opened == 1
    assert WHO not in (bundle / "records.jsonl").read_text("utf-8")
    line = json.loads((bundle / "records.jsonl").read_text("utf-8").splitlines()[0])
    assert verify.open_disclosure(line["opened"][0], decode(line["leaf"].encode())) == (
        "recipient", WHO,
    )  # fmt: skip
    erase = ("log", "erase", "--subject", "anna", "--basis", "b", "--path", str(folder.path))
    assert invoke(*erase).exit_code == 0
    assert shown(folder, id, "--open", "recipient")[0] == 2
    assert faults_of(folder) == ()


def test_without_contents_it_stays_in_the_mark_for_nothing_else_would_keep_it(
    folder: LogFolder,
) -> None:
    log = log_of(folder, contents=False)
    log.append(unlabelled())
    log.close()
    (leaf,) = leaves(folder, "call")
    assert leaf["marks"][0]["data"] == [["agreement", "A-17"], ["recipient", WHO]]
    assert set(leaf["commit"]) == {"request", "answer", "user"}


def test_a_leaf_from_before_is_read_as_ever(folder: LogFolder) -> None:
    log = log_of(folder, contents=False)
    log.append(unlabelled())  # as it was written with contents, too
    log.close()
    entry = next(iter(log.read()))
    assert entry["marks"][0]["data"]["recipient"] == WHO
    with closing(log_of(folder)) as later:
        later.append_with(unlabelled(), content_of())
    assert [len(leaf["commit"]) for leaf in leaves(folder, "call")] == [3, 4]
    assert faults_of(folder) == ()


def test_the_label_plugin_says_it_and_the_caller_is_told(tmp_path: Path) -> None:
    policy = Policy(
        name="p", plugins=("label", "log"),
        settings={
            "label": {"may_leave_off": True},
            "log": {"path": str(tmp_path / "log"), "contents": True, "retention_days": 183},
        },
    )  # fmt: skip
    chop = Chopmark(policy)

    @chop.guard
    def answer(prompt: str) -> str:
        return "Hello."

    agreed = {"unlabelled": {"agreement": "A-17", "recipient": WHO}}
    with calling(user="anna", metadata=agreed):
        answer("Hi.")
    chop.close()
    folder = LogFolder(tmp_path / "log")
    assert traces(folder) == []
    (leaf,) = leaves(folder, "call")
    with closing(Opener(folder)) as opener:
        found = verify.open_disclosure(opener.open(leaf)["recipient"], leaf)
    assert found == ("recipient", WHO)


@given(st.text(max_size=200))
def test_whatever_it_is_it_comes_back_and_no_other_is_taken_for_it(who: str) -> None:
    content = content_of()
    _, apart_from = apart(unlabelled(who))
    assert apart_from == who
    sealed = seal(KEY, RECORD, content, 0, apart_from)
    (frame,) = sealed.frames
    texts = unseal(KEY, RECORD, read_payload(frame).data)
    assert texts.get("recipient", "") == who
    leaf = {"commit": dict(sealed.commitments)}
    disclosures(KEY, RECORD, read_payload(frame).data, leaf)
    other = seal(KEY, RECORD, content, 0, f"{who}x").commitments["recipient"]
    assert other != sealed.commitments.get("recipient")


def test_what_names_no_recipient_is_untouched() -> None:
    record = sample_record()
    found, who = apart(record)
    assert (found is record, who) == (True, "")
