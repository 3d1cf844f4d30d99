"""What content credentials a policy puts behind answers, who signs them, and a real one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from chopmark import MarkError, Policy, Request
from chopmark.hookspecs import Evidence
from chopmark.showing import cell, page, table, writing

from ._claim import SOURCES
from ._credential import Credential
from ._detect import find_credentials
from ._marker import Credentials
from ._options import NAME, Form, Options, read_options
from ._reader import read_detached

_FORMS: dict[Form, str] = {
    "manifest": "a whole signed manifest behind each answer, which nobody sees (C2PA 2.4, A.8)",
    "pointer": "the hash of each answer and the address of its manifest, behind it and unseen",
    "read": "nothing: the policy only reads what others wrote",
}
_ANSWER = "西湖在杭州市西湖区，三面环山。\n\nWest Lake is in Hangzhou."
_SHOWS = ("eucode.1", "eucode.1.1.1", "eu50.2")


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what is written and who signs; raise `PolicyError`. Nothing without options."""
    if not policy.options(NAME):
        return
    options = read_options(policy)
    credential = options.credential
    signed = credential is not None
    yield Evidence(
        path="scheme.md",
        title="Content credentials: what is put behind answers, and who signs",
        write=writing(lambda: _scheme(options)),
        shows=_SHOWS if signed else ("eu50.2",) if options.form == "pointer" else (),
    )
    if credential is not None:
        yield Evidence(
            path="example",
            title="Content credentials: an answer that was signed for this pack, and read back",
            write=lambda folder: _example(options, credential, folder),
            shows=_SHOWS,
        )


def _scheme(options: Options) -> str:
    claim = options.claim
    rows = [
        ("put behind an answer", _FORMS[options.form]),
        ("where manifests are", options.url or "in the text"),
        ("digital source type", SOURCES + claim.source),
        ("model", claim.model_name or "as each call names it"),
        ("format of the model", claim.model_type),
        ("identifier of the model", claim.model_identifier or "not stated"),
        ("human oversight", claim.oversight or "not stated"),
        ("time", "that of the machine, in the manifest; no time stamp of an authority"),
    ]
    if options.form == "read":
        rows = rows[:1]
    return page(
        "Content credentials (C2PA)",
        table(("WHAT", "VALUE"), [(one, cell(value)) for one, value in rows]),
        "" if options.form == "read" else _signer(options.credential),
    )


def _signer(credential: Credential | None) -> str:
    if credential is None:
        return (
            "No certificate is set here: the manifests are made elsewhere, and this policy does "
            "not know by whom. A pointer by itself is not signed."
        )
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificates

    chain = load_pem_x509_certificates(credential.chain.encode())
    rows = [
        (
            cell(one.subject.rfc4514_string()),
            cell(one.issuer.rfc4514_string()),
            f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}",
            f"`{one.fingerprint(SHA256()).hex()}`",
        )
        for one in chain
    ]
    head = ("SUBJECT", "ISSUER", "VALID", "SHA-256 OF THE CERTIFICATE")
    return (
        f"## Who signs\n\nWith {credential.algorithm.upper()}, by the first of these "
        f"certificates:\n\n{table(head, rows)}"
    )


def _example(options: Options, credential: Credential, folder: Path) -> None:
    """Mark a text as answers are marked, and say what a reader finds in it."""
    folder.mkdir()
    here = folder if options.form == "pointer" else None
    marking = Credentials(replace(options, store=here)).open(Request(messages=(), model="example"))
    given = marking.feed(_ANSWER)
    tail, marks = marking.finish()
    (folder / "answer.txt").write_text(given + tail, "utf-8", newline="")
    (folder / "chain.pem").write_text(credential.chain, "utf-8")
    found = find_credentials(given + tail, options.anchors)
    if len(found) != 1 or found[0].problem:
        raise MarkError("the credential that was written was not read back")
    note = {
        "written": [dict(mark.data) for mark in marks],
        "found_in_the_text": {"form": found[0].form, **found[0].data},
    }
    for store in sorted(folder.glob("*.c2pa")):
        reading = read_detached((given + tail).encode(), store.read_bytes(), options.anchors)
        note["manifest_beside_it"] = reading.data()
    text = json.dumps(note, indent=2, ensure_ascii=False) + "\n"
    (folder / "read-back.json").write_text(text, "utf-8")
