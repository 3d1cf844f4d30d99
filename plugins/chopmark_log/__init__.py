"""A log of every call that a stranger can verify: a transparency log of C2SP's formats.

Enable it with `plugins = ["log"]` and set it up under `[settings.log]`:

    path = "chopmark-log"           # a folder, made where it is not there
    durability = "os"               # or "disk": a call waits until its record survives a power cut
    profile = "usual"               # or "regulated": no call goes on without a record on the disk
    origin = "example.com/chopmark/2026"    # the log's name, where it is made
    ml_dsa = false                  # or true: made with a key of ML-DSA-44 beside that of Ed25519
    integrate = true                # or false, where another process takes the records in
    contents = true                 # keep the texts beside it, sealed under a key of each user
    retention_days = 0              # how long the law wants them kept: 183 under China's rules
    texts_days = 0                  # how long they are kept at the most, if `log prune` ends that
    entries_days = 0                # how long entries are, whose hashes stay
    archive = "/archive"            # a folder that must have entries first: `log archive write`
    store = "postgresql://user@host/name"   # where machines share it; `path` is of this one then
    store_seconds = 10              # for how long a call waits for that before it counts as away
    buffer_mb = 0                   # what this machine may keep on its disk while that is away
    witnesses = [{ url = "https://witness.example.org", key = "witness.example.org+..." }]
    witness_seconds = 0.5           # until they are asked about a new checkpoint
    find = false                    # or true: `chopmark inspect --policy` asks it for texts

Each process appends to a file of its own, and one of them takes all of these into the log: a tree
of RFC 6962 whose head is signed every second while records come. `chopmark log prove` makes of a
receipt a proof that needs neither chopmark nor the log to be checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, Log, Marker, Signer

from ._errors import UnsoundError as UnsoundError
from ._packages import check_finding, check_packages


@hookimpl
def chopmark_log(policy: Policy) -> Log | None:
    """Return the log that `policy` asks for."""
    check_packages()
    from ._log import make_log

    return make_log(policy)


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return what lets `chopmark inspect` ask the log, where `find = true`."""
    options = policy.options("log")
    if not options.get("find"):
        return ()
    check_packages()
    check_finding()
    from ._find_marker import LogMarker
    from ._options import read_options

    return (LogMarker(read_options(options, policy.folder).folder),)


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what the log is, and its last records with their proofs."""
    from ._evidence import evidence

    return evidence(policy)


@hookimpl
def chopmark_evidence_signer(policy: Policy) -> Signer | None:
    """Return the log's own key, where it is on this machine: it signs packs of evidence alone."""
    check_packages()
    from ._evidence_signer import evidence_signer

    return evidence_signer(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark log` and `chopmark witness`."""
    # Here, for click is wanted by the command line alone.
    from ._commands import log
    from ._commands_archive import archive
    from ._commands_care import COMMANDS as CARE
    from ._commands_erase import COMMANDS as ERASE
    from ._commands_find import find
    from ._commands_keys import keys
    from ._commands_migrate import migrate
    from ._commands_parent import parent
    from ._commands_proof import COMMANDS as PROOF
    from ._commands_tiles import tiles
    from ._commands_witness import log_witness, witness

    for command in (*PROOF, *CARE, *ERASE):
        log.add_command(command)
    log.add_command(archive)
    log.add_command(find)
    log.add_command(keys)
    log.add_command(log_witness)
    log.add_command(migrate)
    log.add_command(parent)
    log.add_command(tiles)
    cli.add_command(log)
    cli.add_command(witness)
