"""Verifies proofs and bundles of a log of chopmark, with Python and `cryptography` alone.

    python verify.py BUNDLE [--key VKEY]...      a folder that `chopmark log export` wrote
    python verify.py PROOF.tlog-proof LEAF --key VKEY [--handovers FILE]

This file stands by itself, so that an auditor may read it, copy it, and run it on a machine without
chopmark; the log of chopmark uses it too. Formats: C2SP signed-note, tlog-checkpoint, tlog-proof,
tlog-cosignature; trees of RFC 6962, section 2.1; disclosures of RFC 9901, section 4.2.

Exits with 0 where everything holds, with 1 where something does not, and with 2 where it could not
be checked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_LEAF, _NODE = hashlib.sha256(b"\x00"), hashlib.sha256(b"\x01")
# Begun once and copied for each leaf and node: a tenth less time than to begin, and no text joined.
HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()
ED25519, ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE = 0x01, 0x04, 0x06
LOG_KEYS = {ED25519: "Ed25519", ML_DSA_44_COSIGNATURE: "ML-DSA-44"}
"""The types of the keys by which a log signs its own checkpoints. What one of the second type signs
is a cosignature: C2SP knows no other form of it."""
MOST_SIGNATURES = 64
_MOST_KNOWN = 4096
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
HANDOVER = "chopmark/log/key/1"
"""The first line of a note by which a log's key is handed over to the next one."""
_OTHER_TYPE = b"\xff" + HANDOVER.encode()
"""The type of ML-DSA-44's signature under such a note: C2SP names that of checkpoints alone."""
HOLDS, FAILS, UNCHECKED = 0, 1, 2


class VerifyError(ValueError):
    """Something does not hold, or is not of the form that it should have."""


class UnknownError(VerifyError):
    """Nobody can say here whether it holds: `cryptography` is too old for the key."""


# --- the tree: RFC 6962, section 2.1


def hash_leaf(entry: bytes) -> bytes:
    """Return the hash of an entry of the log."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def hash_leaves(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each entry."""
    begin, found = _LEAF.copy, []
    for entry in entries:
        one = begin()
        one.update(entry)
        found.append(one.digest())
    return found


def hash_pairs(nodes: Iterable[bytes]) -> list[bytes]:
    """Return the hashes of the inner nodes over `nodes`, two by two; an odd one out has none."""
    begin, found = _NODE.copy, []
    rest = iter(nodes)
    for left, right in zip(rest, rest):  # noqa: B905
        one = begin()
        one.update(left)
        one.update(right)
        found.append(one.digest())
    return found


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of the tree over hashes of leaves."""
    stack: list[tuple[int, bytes]] = []  # full subtrees from the left, by height
    for leaf in leaves:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = hash_node(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    if not stack:
        return EMPTY_ROOT
    _, root = stack.pop()
    while stack:
        root = hash_node(stack.pop()[1], root)
    return root


def root_by_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root of the tree of `size` entries in which `leaf` stands at `index`.

    Raises:
        VerifyError: the index is not in the tree, or the proof has another length than it must.
    """
    way = list(_way_up(index, size))
    if len(proof) > len(way):
        raise VerifyError(f"the proof has {len(proof)} hashes, {len(way)} suffice")
    if len(proof) < len(way):
        raise VerifyError(f"the proof has {len(proof)} hashes, which are too few")
    node = leaf
    for (_, _, right), hashed in zip(way, proof, strict=True):
        node = hash_node(hashed, node) if right else hash_node(node, hashed)
    return node


def _way_up(index: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the nodes from a leaf up to below the root that have a sibling.

    Of each its place in its row, that of the last one there, and whether it is a right one.

    Raises:
        VerifyError: the index is not in the tree.
    """
    if not 0 <= index < size:
        raise VerifyError(f"entry {index} is not in a tree of {size}")
    at, last = index, size - 1
    while last:
        right = bool(at & 1) or at == last
        yield at, last, right
        while right and not at & 1 and at:  # no sibling on these levels
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1


def check_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise unless the tree of `old_size` entries is the beginning of that of `size`.

    Raises:
        VerifyError: it is not, or the proof does not show it.
    """
    if not 0 <= old_size <= size:
        raise VerifyError(f"a tree of {old_size} entries cannot be the beginning of one of {size}")
    if old_size == size:
        if proof or old_root != root:
            raise VerifyError(f"two trees of {size} entries have different roots: the log forked")
        return
    if old_size == 0:
        if proof or old_root != EMPTY_ROOT:
            raise VerifyError("a proof from the empty tree is empty")
        return
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    hashes = list(proof)
    if at:
        if not hashes:
            raise VerifyError("the consistency proof is too short")
        old = new = hashes.pop(0)
    else:
        old = new = old_root
    for hashed in hashes:
        if last == 0:
            raise VerifyError("the consistency proof is too long")
        if at & 1 or at == last:
            old, new = hash_node(hashed, old), hash_node(hashed, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = hash_node(new, hashed)
        at, last = at >> 1, last >> 1
    if last:
        raise VerifyError("the consistency proof is too short")
    if old != old_root or new != root:
        raise VerifyError(
            f"the tree of {size} entries does not begin with that of {old_size}: entries were "
            "changed or taken out"
        )


# --- notes and checkpoints


class Signature(NamedTuple):
    """A signature line of a note."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a key that signs notes.

    Args:
        name: that of the key; for the log's own it is the log's origin.
        kind: 0x01 Ed25519, 0x04 Ed25519 cosignature, 0x06 ML-DSA-44 cosignature.
        public: the bytes of the public key.
    """

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a note."""
        content = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(content).digest()[:4]

    def __str__(self) -> str:
        data = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{data}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key that `text` is, NAME+ID+KEY.

        Raises:
            VerifyError: it is none, or its id is not that of the key. A private key is not shown.
        """
        if "PRIVATE+KEY" in text or "PRIVATE KEY" in text:
            raise VerifyError(
                "that is a private key, which signs; give the public one, NAME+ID+KEY"
            )
        name, _, rest = text.strip().partition("+")
        given, _, encoded = rest.partition("+")
        data = _base64(encoded, "a key")
        if not name or len(data) < 2 or any(c.isspace() for c in name):
            raise VerifyError(f"{text!r} is no key; it has the form NAME+ID+KEY")
        key = cls(name, data[0], data[1:])
        if key.key_id.hex() != given:
            raise VerifyError(f"{text!r}: the id is not that of the key; was it cut short?")
        if key.kind not in (ED25519, ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE):
            raise VerifyError(f"{text!r} is a key of type {key.kind:#04x}, which is not known here")
        return key

    def check(self, body: str, signature: bytes) -> int | None:
        """Check `signature` of a note's `body`; return its time, seconds since 1970, if it has one.

        Raises:
            VerifyError: it does not hold.
        """
        if self.kind == ED25519:
            self._verify(signature, body.encode())
            return None
        time = int.from_bytes(signature[:8], "big")
        self._verify(signature[8:], cosigned_message(self, time, body))
        return time

    @property
    def handover_id(self) -> bytes:
        """The four bytes that name the key in a note about keys, which is no checkpoint."""
        if self.kind == ED25519:
            return self.key_id
        return hashlib.sha256(self.name.encode() + b"\n" + _OTHER_TYPE + self.public).digest()[:4]

    def check_handover(self, body: str, signature: bytes) -> None:
        """Check `signature` of the body of a note about keys.

        Raises:
            VerifyError: it does not hold.
        """
        context = b"" if self.kind == ED25519 else HANDOVER.encode()
        self._verify(signature, body.encode(), context)

    def _verify(self, signature: bytes, message: bytes, context: bytes = b"") -> None:
        try:
            if self.kind == ML_DSA_44_COSIGNATURE:
                from cryptography.hazmat.primitives.asymmetric import mldsa

                key = mldsa.MLDSA44PublicKey.from_public_bytes(self.public)
                key.verify(signature, message, context or None)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (ImportError, UnsupportedAlgorithm) as error:
            raise UnknownError(
                f"the key {self.name}+{self.key_id.hex()} is one of ML-DSA-44, which wants "
                f"`cryptography` 48 or later ({error}): update it, or give the log's key of "
                "Ed25519 alone"
            ) from error
        except (InvalidSignature, ValueError) as error:
            raise VerifyError(f"the signature of {self.name!r} does not hold") from error


def cosigned_message(key: VerifierKey, time: int, body: str) -> bytes:
    """Return what a cosigner signs of a checkpoint's `body` at `time`."""
    if key.kind == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{body}".encode()
    found = Checkpoint.parse_body(body)
    name, origin = key.name.encode(), found.origin.encode()
    if len(name) > 255 or len(origin) > 255:
        raise VerifyError("the name of a cosigner, and that of its log, have at most 255 bytes")
    return b"".join(
        (
            b"subtree/v1\n\0",
            len(name).to_bytes(1, "big"), name,
            time.to_bytes(8, "big"),
            len(origin).to_bytes(1, "big"), origin,
            (0).to_bytes(8, "big"), found.size.to_bytes(8, "big"), found.root,
        )
    )  # fmt: skip


def split_note(note: str) -> tuple[str, list[Signature]]:
    """Return the body of a signed note and its signatures.

    Raises:
        VerifyError: it is no signed note.
    """
    if _CONTROL.search(note):
        raise VerifyError("a signed note has no control characters")
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise VerifyError("a signed note ends in signatures behind an empty line")
    signatures = []
    for line in tail[:-1].split("\n"):
        dash, name, encoded, *rest = (*line.split(" "), "", "", "")
        data = _base64(encoded, "a signature")
        if dash != "—" or not name or any(rest) or len(data) < 5:
            raise VerifyError(f"{line[:60]!r} is no signature line")
        signatures.append(Signature(name, data[:4], data[4:]))
    if len(signatures) > MOST_SIGNATURES:
        raise VerifyError(f"more than {MOST_SIGNATURES} signatures")
    return head + "\n", signatures


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head: how many entries log `origin` has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse_body(cls, body: str) -> Checkpoint:
        """Return the checkpoint that the body of a note is.

        Raises:
            VerifyError: it is none.
        """
        lines = body.split("\n")
        if len(lines) < 4 or not lines[0] or not _is_number(lines[1]):
            raise VerifyError("a checkpoint has an origin, a size and a root, a line each")
        root = _base64(lines[2], "a root")
        if len(root) != HASH_BYTES:
            raise VerifyError(f"a root has {HASH_BYTES} bytes, not {len(root)}")
        return cls(lines[0], int(lines[1]), root)


class Signed(NamedTuple):
    """A checkpoint that was checked: which known keys signed it, and when, where they say so."""

    checkpoint: Checkpoint
    signers: dict[str, int | None]


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Signed:
    """Return the checkpoint in a signed note. Signatures of unknown keys are passed over.

    Where `keys` has keys of the log of both types, Ed25519 and ML-DSA-44, one of each must have
    signed: else whoever breaks the one would leave the other out.

    Raises:
        VerifyError: the log did not sign it with one of `keys`, or one of theirs does not hold.
    """
    body, signatures = split_note(note)
    checkpoint = Checkpoint.parse_body(body)
    signers: dict[str, int | None] = {}
    known = {one.kind for one in keys if one.kind in LOG_KEYS and one.name == checkpoint.origin}
    by_log: set[int] = set()
    for signature in signatures:
        for key in keys:
            if (key.name, key.key_id) == (signature.name, signature.key_id):
                signers[str(key)] = key.check(body, signature.data)
                if key.name == checkpoint.origin:
                    by_log.add(key.kind)
    if not by_log & known:
        raise VerifyError(
            f"no key that is known here signed for log {checkpoint.origin!r}; its signers are "
            f"{', '.join(sorted({s.name for s in signatures}))}"
        )
    for kind in known - by_log:
        raise VerifyError(
            f"a key of {LOG_KEYS[kind]} is known of log {checkpoint.origin!r}, and none signed this"
        )
    return Signed(checkpoint, signers)


# --- keys that follow one another


class Handover(NamedTuple):
    """That the key `new` of a log took the place of `old`: both signed it."""

    old: VerifierKey
    new: VerifierKey

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{HANDOVER}\n{self.old}\n{self.new}\n"

    @classmethod
    def open(cls, note: str) -> Handover:
        """Return the handover in a signed note.

        Raises:
            VerifyError: it is none, or one of the two keys did not sign it.
        """
        body, signatures = split_note(note)
        found = cls.parse_body(body)
        for key in found:
            mine = [s for s in signatures if (s.name, s.key_id) == (key.name, key.handover_id)]
            if not mine:
                raise VerifyError(f"a handover that {key.key_id.hex()} did not sign")
            for signature in mine:
                key.check_handover(body, signature.data)
        return found

    @classmethod
    def parse_body(cls, body: str) -> Handover:
        """Return the handover that the body of a note is, whoever signed that.

        Raises:
            VerifyError: it is none.
        """
        lines = body.split("\n")
        if len(lines) != 4 or lines[0] != HANDOVER:
            raise VerifyError(f"a handover of keys begins with the line {HANDOVER}")
        found = cls(VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]))
        old, new = found
        if old.kind not in LOG_KEYS or old.kind != new.kind or old.name != new.name:
            raise VerifyError("a handover is between two keys of one log, both of one type")
        return found


def split_handovers(text: str) -> list[str]:
    """Return the notes of a file of handovers, which stand one behind the other."""
    parts = ("\n" + text.rstrip("\n")).split(f"\n{HANDOVER}\n")[1:]
    return [f"{HANDOVER}\n{part}\n" for part in parts]


def handovers_for(keys: Sequence[VerifierKey], text: str) -> list[Handover]:
    """Return the handovers of a file that are of the types of `keys`, each of them checked.

    Raises:
        VerifyError: one does not hold.
    """
    kinds = {key.kind for key in keys}
    notes = split_handovers(text)
    return [
        Handover.open(note)
        for note in notes
        if Handover.parse_body(split_note(note)[0]).old.kind in kinds
    ]


def with_successors(
    keys: Sequence[VerifierKey], handovers: Iterable[Handover]
) -> list[VerifierKey]:
    """Return `keys`, and those that took their places, by handovers, the first one first."""
    known = list(keys)
    for found in handovers:
        if found.old in known and found.new not in known:
            known.append(found.new)
    return known


# --- proofs


@dataclass(frozen=True)
class Proof:
    """That an entry is in a log: where, the hashes up to the root, and the signed checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        lines = [PROOF_HEADER, f"index {self.index}"]
        lines += [base64.b64encode(hashed).decode() for hashed in self.hashes]
        return "\n".join([*lines, "", self.note])

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Return the proof in a `.tlog-proof` file.

        Raises:
            VerifyError: it is none.
        """
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != PROOF_HEADER:
            raise VerifyError(f"a proof begins with the line {PROOF_HEADER}")
        if len(lines) > 1 and lines[1].startswith("extra "):
            del lines[1]
        word, _, number = lines[1].partition(" ") if len(lines) > 1 else ("", "", "")
        if word != "index" or not _is_number(number):
            raise VerifyError("a proof names the index of the entry")
        hashes = tuple(_base64(line, "a hash") for line in lines[2:])
        if len(hashes) > 63 or any(len(hashed) != HASH_BYTES for hashed in hashes):
            raise VerifyError(f"a proof has at most 63 hashes of {HASH_BYTES} bytes")
        return cls(int(number), hashes, note)

    def check(self, entry: bytes, keys: Sequence[VerifierKey]) -> Signed:
        """Return the checkpoint under which `entry` is in the log.

        Raises:
            VerifyError: it is not.
        """
        signed = open_checkpoint(self.note, keys)
        head = signed.checkpoint
        if root_by_inclusion(self.index, head.size, hash_leaf(entry), self.hashes) != head.root:
            raise VerifyError(f"this is not entry {self.index} of log {head.origin!r}")
        return signed


# --- what was opened


def commit(disclosure: str) -> str:
    """Return the commitment to a disclosure: its SHA-256 in base64url, without padding."""
    digest = hashlib.sha256(disclosure.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def open_disclosure(disclosure: str, leaf: Any) -> tuple[str, str]:
    """Return the name and the value of a field that a leaf committed to.

    Raises:
        VerifyError: it is no disclosure, or the leaf has no such commitment.
    """
    try:
        padded = disclosure + "=" * (-len(disclosure) % 4)
        salt, name, value = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, UnicodeError) as error:
        raise VerifyError("a disclosure is base64url of a list: salt, name, value") from error
    if not all(isinstance(part, str) for part in (salt, name, value)):
        raise VerifyError("a disclosure has a salt, a name and a value, all texts")
    commitments = leaf.get("commit", {}) if isinstance(leaf, dict) else {}
    if commitments.get(name) != commit(disclosure):
        raise VerifyError(f"the text shown as {name!r} is not the one that was recorded")
    return name, value


# --- bundles


class Checked(NamedTuple):
    """What a bundle proves: `records` of log `origin`, of which `opened` texts are shown."""

    origin: str
    size: int
    records: int
    opened: int
    signers: dict[str, int | None]


def check_bundle(folder: Path, keys: Sequence[VerifierKey] = ()) -> Checked:
    """Check the bundle in `folder`: `checkpoint`, `records.jsonl`, and `keys`, used without `keys`.

    Where it has `handovers`, keys that took the places of known ones are known, too.

    Raises:
        VerifyError: something in it does not hold; the message names record and reason.
        OSError: a file cannot be read.
    """
    known = list(keys) or [
        VerifierKey.parse(line) for line in _lines(folder / "keys") if line.strip()
    ]
    if (folder / "handovers").exists():
        known = with_successors(
            known, handovers_for(known, (folder / "handovers").read_text("utf-8"))
        )
    signed = open_checkpoint((folder / "checkpoint").read_text("utf-8"), known)
    head = signed.checkpoint
    records = opened = 0
    seen: set[int] = set()
    paths = _Paths(head.size, head.root)
    for number, line in enumerate(_lines(folder / "records.jsonl"), 1):
        where = f"records.jsonl, line {number}"
        try:
            record = json.loads(line)
            index, entry = record["index"], record["leaf"].encode()
            if index in seen:
                raise VerifyError(f"entry {index} is there twice")
            seen.add(index)
            paths.check(index, hash_leaf(entry), record["proof"])
            for disclosure in record["opened"]:
                open_disclosure(disclosure, json.loads(entry))
                opened += 1
        except VerifyError as error:
            raise VerifyError(f"{where}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise VerifyError(f"{where}: not a record of a bundle ({error})") from error
        records += 1
    return Checked(head.origin, head.size, records, opened, signed.signers)


class _Paths:
    """Proofs in one tree: of what ends as one that led to the root, no more than that is hashed."""

    def __init__(self, size: int, root: bytes) -> None:
        self._size, self._root = size, root
        # By place in a row, and last of it: a node, and how long the rest of which proof was there.
        self._known: dict[tuple[int, int], tuple[bytes, int, list[str]]] = {}

    def check(self, index: int, leaf: bytes, proof: list[str]) -> None:
        """Raise unless `proof`, hashes in base64, leads from a leaf at `index` to the root.

        Raises:
            VerifyError: it does not, or has another form than it must have.
        """
        node, way, count = leaf, [], len(proof)
        for done, (at, last, right) in enumerate(_way_up(index, self._size)):
            known = self._known.get((at, last))
            if known is not None and known[0] == node:
                _, rest, other = known
                if rest == count - done and proof[done:] == other[len(other) - rest :]:
                    break
            if done == count:
                raise VerifyError(f"the proof has {count} hashes, which are too few")
            way.append(((at, last), (node, count - done, proof)))
            hashed = _base64(proof[done], "a hash")
            node = hash_node(hashed, node) if right else hash_node(node, hashed)
        else:
            if len(way) != count:
                raise VerifyError(f"the proof has {count} hashes, {len(way)} suffice")
            if node != self._root:
                raise VerifyError(f"this is not entry {index} of the log")
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known.update(way)


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        yield from stream


def _base64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error) as error:
        raise VerifyError(f"{what} is no base64: {text[:60]!r}") from error
    if base64.b64encode(data).decode() != text:  # unused bits that are set: one way to write it
        raise VerifyError(f"{what} is base64 in another form than the usual one: {text[:60]!r}")
    return data


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 20


def main(words: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    names: list[str] = []
    keys: list[VerifierKey] = []
    handovers: list[str] = []
    rest = iter(words)
    try:
        for word in rest:
            if word == "--key":
                keys.append(VerifierKey.parse(next(rest, "")))
            elif word == "--handovers":
                handovers.append(Path(next(rest, "")).read_text("utf-8"))
            else:
                names.append(word)
        for text in handovers:
            keys = with_successors(keys, handovers_for(keys, text))
        if len(names) == 1 and Path(names[0]).is_dir():
            found = check_bundle(Path(names[0]), keys)
            _say(
                f"holds: {found.records} records of log {found.origin}, {found.opened} texts shown"
            )
            _say(f"  a tree of {found.size} entries, signed by:")
            _say_signers(found.signers)
            if not keys:
                _say("  the keys came with the bundle: compare them with those that you know")
            return HOLDS
        if len(names) == 2 and keys:
            signed = Proof.parse(Path(names[0]).read_text("utf-8")).check(
                Path(names[1]).read_bytes(), keys
            )
            head = signed.checkpoint
            _say(f"holds: it is in log {head.origin}, of {head.size} entries, signed by:")
            _say_signers(signed.signers)
            return HOLDS
    except (OSError, UnicodeError, UnknownError) as error:
        _say(f"cannot be checked: {error}")
        return UNCHECKED
    except VerifyError as error:
        _say(f"does not hold: {error}")
        return FAILS
    _say((__doc__ or "").split("\n\n")[1])
    return UNCHECKED


def _say_signers(signers: dict[str, int | None]) -> None:
    for signer, time in signers.items():
        # One of ML-DSA-44 has 1,755 characters: its name and id say which one it is.
        shown = signer if len(signer) < 300 else "+".join(signer.split("+")[:2])
        _say(f"  {shown}" + (f" at {moment(time)}" if time is not None else ""))


def moment(seconds: int) -> str:
    """Return the time `seconds` after 1970, to be read."""
    try:
        found = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):  # any number can be signed
        return f"{seconds} s since 1970"
    return f"{found:%Y-%m-%d %H:%M:%S} UTC"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
