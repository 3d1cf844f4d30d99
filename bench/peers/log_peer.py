"""Appends to another log as fast as it goes, each append committed before the next: bench/log.py.

    PEERS/bin/python bench/peers/log_peer.py pymerkle|auditchain|ledgerchain FOLDER SECONDS

Prints appends a second. Where an append commits for itself, threads that wait add nothing to it:
one thread is the most that these give.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable


def pymerkle(folder: str, leaf: bytes) -> Callable[[], object]:
    from pymerkle import SqliteTree

    tree = SqliteTree(os.path.join(folder, "tree.db"))
    return lambda: tree.append_entry(leaf)


def auditchain(folder: str, leaf: bytes) -> Callable[[], object]:
    from auditchain import SqliteBackend
    from auditchain.sync import SyncAuditLog

    log = SyncAuditLog(SqliteBackend(os.path.join(folder, "audit.db")))
    data = json.loads(leaf)
    return lambda: log.append("chopmark", "call", "", metadata=data)


def ledgerchain(folder: str, leaf: bytes) -> Callable[[], object]:
    import ledgerchain as ledger
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker

    engine = create_engine(f"sqlite:///{os.path.join(folder, 'ledger.db')}")
    ledger.create_all(engine)
    session = sessionmaker(bind=engine)
    data = json.loads(leaf)

    def append() -> None:
        with session() as one:
            ledger.LedgerWriter.append(
                one, event_type="call", payload=data, actor={"kind": "service", "sub": "chopmark"},
                tenant_id="t", subject_uri="/calls",
            )  # fmt: skip
            one.commit()

    return append


def main(name: str, folder: str, seconds: str) -> None:
    append = {"pymerkle": pymerkle, "auditchain": auditchain, "ledgerchain": ledgerchain}[name](
        folder, sys.stdin.buffer.read()
    )
    append()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        append()
        count += 1
    print(count / (time.perf_counter() - start))


if __name__ == "__main__":
    main(*sys.argv[1:])
