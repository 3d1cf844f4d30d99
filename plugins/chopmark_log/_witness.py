"""What a witness answers: C2SP tlog-witness, without a server and without a disk.

A witness knows the last head that it cosigned of each log, and cosigns another only where that
begins with the known one. So a log that takes something back, or tells two stories, gets no
cosignature, and the witness keeps the signed heads that show it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from .verify import (
    EMPTY_ROOT,
    HASH_BYTES,
    LOG_KEYS,
    Checkpoint,
    Handover,
    Signature,
    VerifierKey,
    VerifyError,
    check_consistency,
    split_note,
)

ADD_CHECKPOINT, ADD_HANDOVER = "add-checkpoint", "add-handover"
"""What a witness is asked for: the former by C2SP, the latter by logs of chopmark alone."""
MOST_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A body of `add-checkpoint`: the size that the log believes to be known, and its new head."""

    old: int
    hashes: tuple[bytes, ...]
    note: str
    body: str
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Request:
        """Return the request that `data` is.

        Raises:
            VerifyError: it is none.
        """
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise VerifyError(f"the body is no UTF-8: byte {error.start}") from None
        head, blank, note = text.partition("\n\n")
        word, *lines = head.split("\n")
        if not blank or not word.startswith("old "):
            raise VerifyError("the body is `old N`, hashes, an empty line, and a checkpoint")
        if len(lines) > MOST_HASHES:
            raise VerifyError(f"{len(lines)} hashes; a consistency proof has at most {MOST_HASHES}")
        body, _ = split_note(note)
        return cls(
            _size(word[4:]), tuple(_hash(line) for line in lines), note, body,
            Checkpoint.parse_body(body),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness knows of a log: the keys that sign for it, and the head it cosigned last."""

    keys: tuple[VerifierKey, ...]
    size: int = 0
    root: bytes = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no cosignature.

    Args:
        status: 400, 403, 404, 409 or 422 of HTTP.
        body: a size for 409, else a sentence.
        contradicts: whether the log signed what it contradicts: the witness keeps it.
    """

    status: int
    body: str
    contradicts: bool = False

    @property
    def type(self) -> str:
        """The content type of the body."""
        return SIZE_TYPE if self.status == 409 else TEXT_TYPE


def check_signed(request: Request, keys: Sequence[VerifierKey] | None) -> Refusal | None:
    """Return why `request` is nobody's word whom the witness knows, by the keys of its origin.

    Of each type of which one is known, one must have signed: else whoever breaks the one type would
    leave the other out.
    """
    origin = request.checkpoint.origin
    if keys is None:
        return Refusal(404, f"log {origin!r} is not known to this witness\n")
    _, signatures = split_note(request.note)
    signed = {key.kind for key in keys for one in signatures if _holds(key, request.body, one)}
    for kind in sorted({key.kind for key in keys} - signed):
        which = f"key of {LOG_KEYS[kind]}" if signed else "key"
        return Refusal(403, f"no {which} that this witness knows of log {origin!r} signed it\n")
    return None


def _holds(key: VerifierKey, body: str, signature: Signature) -> bool:
    if (key.name, key.key_id) != (signature.name, signature.key_id):
        return False
    try:
        key.check(body, signature.data)
    except VerifyError:
        return False
    return True


def check_successor(found: Handover, keys: Sequence[VerifierKey] | None) -> Refusal | None:
    """Return why the witness must not know a log by `found.new` from now on, and by `found.old` no
    more. Both signed that; `keys` are those by which it knows a log of their name.

    A key that was handed over once can hand over nothing, whoever has it by now.
    """
    if keys is None:
        return Refusal(404, f"log {found.old.name!r} is not known to this witness\n")
    if found.old in keys or found.new in keys:
        return None
    return Refusal(
        403, f"the key {found.old.key_id.hex()} does not sign for this log, or no more\n"
    )


def check_grown(request: Request, seen: Seen) -> Refusal | None:
    """Return why the witness must not cosign the head of `request`, which a known key signed.

    What is asked here, and keeping the new head, must be one step: between two, a smaller head
    could take the place of a larger one (tlog-witness, add-checkpoint).
    """
    head = request.checkpoint
    if request.old > head.size:
        return Refusal(400, f"a tree of {head.size} entries has none of {request.old} in it\n")
    if request.old != seen.size:
        forked = head.size == seen.size and head.root != seen.root
        return Refusal(409, f"{seen.size}\n", forked)
    if request.old == head.size and head.root != seen.root:
        return Refusal(409, f"{seen.size}\n", True)
    try:
        check_consistency(seen.size, seen.root, head.size, head.root, request.hashes)
    except VerifyError as error:
        # Whoever has a head that the log signed can send it with a wrong proof: it shows nothing.
        return Refusal(422, f"{error}\n")
    return None


def request_body(old: int, hashes: Sequence[bytes], note: str) -> bytes:
    """Return the body that asks a witness, who knows a head of `old` entries, to cosign `note`."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in hashes), "", note]
    return "\n".join(lines).encode()


def read_size(text: str) -> int:
    """Return the size in the answer 409.

    Raises:
        VerifyError: there is none.
    """
    if not text.endswith("\n"):
        raise VerifyError(f"{text[:40]!r} is no size and a newline")
    return _size(text[:-1])


def _size(text: str) -> int:
    plain = text.isascii() and text.isdigit() and len(text) < 20
    if not plain or (text != "0" and text[0] == "0"):
        raise VerifyError(f"{text[:40]!r} is no size of a tree")
    return int(text)


def _hash(line: str) -> bytes:
    try:
        data = base64.b64decode(line.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error):
        data = b""
    if len(data) != HASH_BYTES or base64.b64encode(data).decode() != line:
        raise VerifyError(f"{line[:60]!r} is no hash of {HASH_BYTES} bytes in base64")
    return data
