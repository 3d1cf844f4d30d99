"""Security data in ReservedCode1: a hash (GB 45438-2025 F.4), or signatures (TC260-PG-202511A).

Both are read from what others wrote, in more than one spelling; which one fitted is in the result.
A hash has no key, and the key of a signature travels in the file: whoever changes the block can
make either anew. Only a key that the reader knew before says who wrote it, so keys are pinned by
their fingerprints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from chopmark import MarkError
from chopmark.hookspecs import Signer

from ._block import Aigc, BlockError
from ._hash_form import find_hash, is_hash, label_hash
from ._read_block import Reading
from ._security_data import (
    ALGORITHM,
    LABEL_TYPES,
    Entry,
    NotSecurityDataError,
    label_text,
    make_security_data,
    parse_security_data,
)  # fmt: skip
from ._sm2 import sm3, verify
from ._sm2_keys import fingerprint, public_keys

Verdict = Literal["intact", "broken", "unknown key", "unknown form", "unchecked", "none"]
Field = Literal["ReservedCode1", "ReservedCode2"]

_MOST = 4
"""Signatures and keys that are tried in one field: each try takes milliseconds."""


class KeySigner(Signer, Protocol):
    """A `Signer` of SM2 that shows its public key, which `seal` puts into the block."""

    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """What the security data in one field of a block prove, and no more.

    `intact`: it fits the block; with `signer`, by a key that the reader pinned. `unknown key`: it
    fits by a key that is nobody's as far as the reader knows, so the block is as whoever made the
    signature left it, which may be a forger. `broken`: the data are of a known form, and the
    block or they were changed. `unknown form`: nothing can be said. `unchecked`: a package that
    is needed is not installed. `none`: the field is empty.
    """

    verdict: Verdict
    field: Field
    form: Literal["hash", "TC260PG", ""] = ""
    signer: str = ""
    """The name that the pin has; empty where the key is not pinned, or where there is none."""
    key: str = ""
    """The fingerprint of the key that fitted."""
    matched: str = ""
    """What was hashed or signed, and how."""
    notes: tuple[str, ...] = ()


def seal_hash(block: Aigc) -> Aigc:
    """Return `block` with the hash form of GB 45438-2025 F.4 in ReservedCode1.

    The example of the standard is 40 hexadecimal characters over the metadata, and says neither
    which hash nor over what. Ours is SHA-1, the only common hash of that length, over the label
    text of TC260-PG-202511A A.1 (Label, ContentProducer, ProduceID), which stays the same when a
    platform adds its fields. SHA-1 costs nothing here: without a key no hash stops a forger, it
    shows accidents.

    Raises:
        BlockError: there are security data already.
    """
    _must_be_empty(block)
    return replace(block, reserved_code1=label_hash(block.fields()))


def seal(block: Aigc, signer: KeySigner) -> Aigc:
    """Return `block` with the signature of TC260-PG-202511A in ReservedCode1.

    Spelt as in the guide: `PubSD`, `Md`, the label text of A.1 signed as it is, the public key as
    the DER of a SubjectPublicKeyInfo. What a propagator signs for ReservedCode2 is not known, so
    nothing is made for it.

    Raises:
        BlockError: there are security data already.
        MarkError: the signature does not fit the signer's own public key.
    """
    _must_be_empty(block)
    text = label_text(block.fields(), "ReservedCode1")
    signature = signer.sign(text)
    if not verify(signer.public_key, text, signature):
        raise MarkError(
            f"the signature of {signer.name!r} does not fit its public key "
            f"{fingerprint(signer.public_key)}; a signer signs the message as it is given, with "
            "SM3, the identity 1234567812345678, and returns DER"
        )
    return replace(block, reserved_code1=make_security_data(signature, signer.public_key))


def check_integrity(
    block: Aigc | Reading, pins: Mapping[str, str], field: Field = "ReservedCode1"
) -> Integrity:
    """Return what the security data in `field` prove of `block`.

    Args:
        block: as a value, or as it was read, with defects or without.
        pins: the keys that are known, by fingerprint (`fingerprint` makes it), with the name of
            whose they are. Known from elsewhere, not from a file that is being checked.
        field: ReservedCode1 of the producer. In ReservedCode2 of a propagator nothing is ever
            called broken, since what is signed there is not known.
    """
    fields = block.fields() if isinstance(block, Aigc) else block.fields
    value = fields.get(field, "")
    if not value:
        return Integrity(verdict="none", field=field)
    try:
        if is_hash(value):
            return _check_hash(fields, value, field)
        return _check_signatures(fields, value, pins, field)
    except NotSecurityDataError as error:
        return Integrity(verdict="unknown form", field=field, notes=(str(error),))
    except MarkError as error:
        return Integrity(verdict="unchecked", field=field, notes=(str(error),))


def _check_hash(fields: Mapping[str, str], value: str, field: Field) -> Integrity:
    if matched := find_hash(fields, value, field):
        note = "a hash has no key: anybody who changes the block can make it anew"
        return Integrity(verdict="intact", field=field, form="hash", matched=matched, notes=(note,))
    note = "it looks like a hash, but fits nothing that is tried; what it is of is not stated"
    return Integrity(verdict="unknown form", field=field, notes=(note,))


def _check_signatures(
    fields: Mapping[str, str], value: str, pins: Mapping[str, str], field: Field
) -> Integrity:
    data = parse_security_data(value)
    notes = list(data.notes)
    signed = [entry for entry in data.entries if entry.type == "DS"]
    ours = [
        entry for entry in signed if entry.signs in LABEL_TYPES and entry.algorithm == ALGORITHM
    ]
    notes += [
        f"a signature over {entry.signs or 'nothing named'} with {entry.algorithm} is not checked"
        for entry in signed
        if entry not in ours
    ]
    if not ours or len(signed) > _MOST:
        what = "no signature over the label by SM2 and SM3" if not ours else "too many signatures"
        return _result("unknown form", field, notes=(f"there is {what}", *notes))
    results = [_check_one(fields, entry, data.entries, pins, field) for entry in ours]
    worst = min(results, key=lambda result: _WORST.index(result.verdict))
    return replace(worst, notes=(*worst.notes, *notes))


_WORST: tuple[Verdict, ...] = ("broken", "unknown form", "unknown key", "intact")


def _check_one(
    fields: Mapping[str, str],
    entry: Entry,
    entries: tuple[Entry, ...],
    pins: Mapping[str, str],
    field: Field,
) -> Integrity:
    written = [one for one in entries if one.type == "PubKey" and one.key_id == entry.key_id]
    keys = [key for one in written[:_MOST] for key in public_keys(one.key)]
    if not keys:
        note = "no public key of SM2 goes with the signature, so it cannot be checked"
        return _result("unknown form", field, notes=(note,))
    text = label_text(fields, field)
    for matched, message in (("as it is", text), ("hashed with SM3 first", sm3(text))):
        for key in keys:
            if verify(key, message, entry.signature):
                return _fitting(key, f"the label text of A.1, {matched}", pins, field)
    if field == "ReservedCode2":
        note = "the signature fits no text that is tried; what a propagator signs is not known"
        return _result("unknown form", field, notes=(note,))
    note = "Label, ContentProducer or ProduceID was changed after signing, or the signature was"
    return _result("broken", field, notes=(note,))


def _fitting(key: bytes, matched: str, pins: Mapping[str, str], field: Field) -> Integrity:
    mark = fingerprint(key)
    known = {name.lower().replace(":", ""): who for name, who in pins.items()}
    if mark in known:
        return replace(_result("intact", field), signer=known[mark], key=mark, matched=matched)
    note = "the key comes from the block itself and is not pinned: it does not say who signed"
    return replace(_result("unknown key", field, notes=(note,)), key=mark, matched=matched)


def _result(verdict: Verdict, field: Field, notes: tuple[str, ...] = ()) -> Integrity:
    return Integrity(verdict=verdict, field=field, form="TC260PG", notes=notes)


def _must_be_empty(block: Aigc) -> None:
    if block.reserved_code1:
        raise BlockError(
            "ReservedCode1",
            block.reserved_code1,
            "there are security data already, which sealing would lose",
            'seal a block that has "" there',
        )
