"""One entry of the log for people: its proof, with all that checks it, and the texts it is of."""

from __future__ import annotations

import json
from contextlib import closing
from typing import NamedTuple

from chopmark import Content, LogError, Message

from ._content import record_id
from ._cosignatures import cosigned
from ._export import prove_entry
from ._folder import LogFolder
from ._handover import keys_under
from ._opened import Opener
from ._signing import read_verifier_key
from .verify import open_disclosure


class Proven(NamedTuple):
    """The proof that an entry is in the log, and what checks it: `chopmark_log.verify` does.

    Args:
        leaf: the bytes of the entry.
        proof: the text of a `.tlog-proof` file (C2SP tlog-proof), with the signed checkpoint.
        keys: of those who signed that, NAME+ID+KEY: the log's own first, then those of witnesses.
    """

    leaf: bytes
    proof: str
    keys: tuple[str, ...]


def proof_of(folder: LogFolder, index: int) -> Proven:
    """Return the proof of entry `index`.

    Raises:
        UnsoundError: it is not the entry that was signed.
        LogError: there is no such entry, it is under no checkpoint yet, or the log is damaged.
    """
    public = read_verifier_key(str(folder.public))
    with closing(folder.open()) as store:
        entry = store.entry(index)
        proof = prove_entry(store, entry)
        own = map(str, keys_under(folder, public, proof.note))
        return Proven(entry.leaf, str(proof), (*own, *cosigned(store, index + 1).keys))


def content_of(folder: LogFolder, id: str) -> Content:
    """Return the texts of record `id`, each compared with what the record commits to.

    Raises:
        ClosedError: they were not kept, were erased, or are restricted.
        LogError: there is no such record, or what is kept is not what was recorded.
    """
    with closing(folder.open()) as store:
        entry = store.find(record_id(id))
    if entry is None:
        raise LogError(f"record {id} is not in the log")
    leaf = json.loads(entry.leaf)
    with closing(Opener(folder)) as opener:
        found = {name: open_disclosure(text, leaf)[1] for name, text in opener.open(leaf).items()}
    asked = tuple(Message(role=role, text=text) for role, text in json.loads(found["request"]))
    return Content(messages=asked, answer=found["answer"], user=found["user"])
