"""The evidence on credentials names who signs, shows no key, and has one that was read back."""

from __future__ import annotations

import json

import pytest
from tests.plugins.c2pa.issuing import Issued
from tests.plugins.evidence import rows, written

from chopmark import Policy
from chopmark.reading import gather_evidence
from chopmark_c2pa import find_credentials, load_credential


def policy(**options: object) -> Policy:
    return Policy(name="t", plugins=("c2pa",)).with_options("c2pa", **options)


@pytest.mark.parametrize("form", ["manifest", "pointer"])
def test_a_real_answer_is_signed_and_read_back(form: str, issued: Issued) -> None:
    more = {"url": "https://ai.example/c/", "store": "kept"} if form == "pointer" else {}
    files = {"certificate": str(issued.certificate), "key": str(issued.key)}
    found = written(policy(form=form, **files, **more), "c2pa")
    note = json.loads(found["example/read-back.json"])
    [read] = find_credentials(found["example/answer.txt"])
    assert read.problem == ""
    assert read.data["state"] == note["found_in_the_text"]["state"]
    signed = note["manifest_beside_it" if form == "pointer" else "found_in_the_text"]
    assert signed["state"] == "valid"
    assert "PRIVATE KEY" not in "".join(found.values())


def test_the_signers_certificate_is_named(issued: Issued) -> None:
    made = policy(form="manifest", certificate=str(issued.certificate), key=str(issued.key))
    said = rows(written(made, "c2pa")["scheme.md"])
    subject = next(name for name in said if "CN=Operator" in name)
    assert "CN=Root" in said[subject][0]
    assert load_credential(issued.certificate, issued.key).algorithm == "ed25519"
    assert "With ED25519" in written(made, "c2pa")["scheme.md"]


def test_what_is_not_signed_here_is_no_evidence_of_a_signature() -> None:
    [(_, one)] = gather_evidence(policy(url="https://ai.example/c/"))
    assert one.shows == ("eu50.2",)
    said = written(policy(url="https://ai.example/c/"), "c2pa")["scheme.md"]
    assert "No certificate is set" in said


def test_a_policy_that_only_reads_shows_nothing() -> None:
    [(_, one)] = gather_evidence(policy(form="read"))
    assert one.shows == ()
    assert not gather_evidence(Policy(name="t"), ["c2pa"])
