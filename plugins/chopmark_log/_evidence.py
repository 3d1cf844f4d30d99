"""The log of a policy as evidence: records with proofs, the program that checks them, the keys."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import cell, page, table, writing

from ._command_line import shown_time
from ._evidence_signer import has_key
from ._options import NAME, LogOptions, read_options
from ._packages import check_packages

if TYPE_CHECKING:
    from ._store import Store

MOST = 10_000
"""The records that a pack holds at the most, the last ones: each has a proof of some 2 kB."""

_HALF_A_YEAR = 183 * 86_400_000  # milliseconds
_SHOWS = ("measures.11", "measures.14", "eucode.1.1.3")


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what the log is, and its last records; raise `PolicyError`.

    A log that is not there yet shows nothing: that it is not is said.
    """
    check_packages()
    options = read_options(policy.options(NAME), policy.folder)
    there = options.folder.is_log
    # What is kept without the explicit label is told by the records, which nothing deletes; the
    # option says that the operator means to, and keeps the texts that go with them.
    kept = ("labelling.9",) if options.retention >= _HALF_A_YEAR else ()
    yield Evidence(
        path="log.md",
        title="The log of calls: what it keeps and for how long, its keys, and how it is verified"
        if there
        else "The log of calls: there is none yet",
        write=writing(lambda: _about(options, there)),
        shows=(*_SHOWS, *kept) if there else (),
    )
    if there:
        yield Evidence(
            path="bundle",
            title="The last records of the log, without texts, with proofs and the program that "
            "checks them",
            write=lambda path: _bundle(options, path),
            shows=(*_SHOWS, *kept),
        )


def _bundle(options: LogOptions, path: Path) -> None:
    from ._export import export
    from ._signing import read_verifier_key

    store = options.folder.open()
    public = read_verifier_key(str(options.folder.public))
    export(store, public, max(0, store.size - MOST), store.size, path)


def _about(options: LogOptions, there: bool) -> str:
    where = cell(str(options.folder.path))
    if not there:
        return page(
            "The log of calls",
            f"There is no log at {where} yet: no call was recorded, and it has no key that could "
            "sign this pack.",
        )
    store = options.folder.open()
    faults = _faults(options, store)
    days = options.retention // 86_400_000
    rows = [
        ("name", store.origin),
        ("records", str(store.size)),
        ("last signed", _signed(store)),
        ("hashed again for this pack", "it holds" if not faults else "it does not hold"),
        ("texts of calls", "kept, each sealed under a key of its user" if options.contents
         else "not kept: records have commitments to them alone"),
        ("texts must be kept for", f"{days} days" if days else "no time that the policy names"),
        ("a call waits until its record is", "on disk" if options.to_disk
         else "with the operating system"),
        ("its key signs packs such as this one", "where the policy brings no other signer"
         if has_key(options.folder) else "not here: the key is not on this machine"),
        ("its key of ML-DSA-44, in `bundle/keys`", _second(options)),
        ("witnesses that cosign", ", ".join(one.key.name for one in options.witnesses) or "none"),
    ]  # fmt: skip
    key = options.folder.public.read_text("utf-8").strip()
    return page(
        "The log of calls",
        "Every call has a record, also one that was blocked, broke off or failed: time, model, "
        "policy, action, verdicts, marks, and commitments to request, answer and user. No record "
        "is changed or deleted: the log is a tree of hashes whose head is signed.",
        table(("WHAT", "VALUE"), [(one, cell(value)) for one, value in rows]),
        "".join(f"- {cell(fault)}\n" for fault in faults),
        f"## How to verify it\n\nThe key of the log is\n\n```text\n{key}\n```",
        f"The folder `bundle` holds the last {min(store.size, MOST)} of {store.size} records. "
        "With Python and the package `cryptography`, and without chopmark:",
        f"```sh\npython bundle/verify.py bundle --key '{key}'\n```",
        "The key must be known from elsewhere, from the operator or a witness: a bundle alone "
        "proves that it was not changed since it was signed, and not by whom. All records: "
        "`chopmark log export`; the whole log, hashed again: `chopmark log verify`.",
    )


def _second(options: LogOptions) -> str:
    """Return name and id of the log's key of ML-DSA-44, which has 1,755 characters."""
    file = options.folder.second.public
    return "+".join(file.read_text("utf-8").split("+")[:2]) if file.exists() else "none"


def _faults(options: LogOptions, store: Store) -> list[str]:
    from ._beside import audit_all
    from ._handover import public_keys

    return list(audit_all(options.folder, store, public_keys(options.folder)).faults)


def _signed(store: Store) -> str:
    last = store.checkpoint()
    if last is None:
        return "nothing yet"
    return f"{last.size} records, {shown_time(last.time)} UTC"
