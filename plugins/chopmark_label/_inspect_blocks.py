"""Findings of the blocks of a file, and of the security data in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._hash_form import is_hash
from ._inspect_marks import says_label
from ._inspect_report import Finding
from ._read_block import Reading
from ._security import Field, Integrity, check_integrity

_UNSIGNED = (
    "it names a producer and a number for this content; nothing is signed, so anybody can have "
    "written or copied it"
)
_SEALED = "it names a producer and a number for this content; {} says who vouches for that"
_HASH = (
    "the block is as it was when the hash was made, so no accident changed it; a hash has no key, "
    "so whoever changes the block can make it anew, and the content is not in it"
)
_PINNED = (
    "whoever has the pinned key wrote Label, ContentProducer and ProduceID; the content itself is "
    "not signed, so the whole block may have been copied from another file"
)
_NOT_PINNED = (
    "the block is as whoever signed it left it; the key comes with the file, so that may be a "
    "forger: get the producer's key elsewhere and give it with --key"
)
_NOTHING = "nothing: {} cannot be judged here"


def of_block(where: str, reading: Reading) -> Finding:
    """Return what a block says, and what breaks a rule of Annex E."""
    faults = tuple(str(defect) for defect in reading.defects if defect.breaks)
    notes = tuple(str(defect) for defect in reading.defects if not defect.breaks)
    if not reading.found:
        faults = ("is no block that can be read", *faults)
    signed = bool(reading.fields.get("ReservedCode1"))
    return Finding(
        technique="AIGC",
        kind="metadata",
        where=where,
        state="malformed" if faults else "conforms",
        says=says_label(reading.label),
        said={"shape": reading.shape, **reading.fields, **reading.others},
        faults=faults,
        notes=notes,
        proves=_SEALED.format("ReservedCode1") if signed else _UNSIGNED,
    )


def of_security(where: str, reading: Reading, pins: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what the security data in a block are worth, where there are any."""
    fields: tuple[Field, ...] = ("ReservedCode1", "ReservedCode2")
    for field in fields:
        value = reading.fields.get(field, "")
        if not value:
            continue
        yield _security(where, check_integrity(reading, pins, field), value, pins)


def _security(where: str, found: Integrity, value: str, pins: Mapping[str, str]) -> Finding:
    faults: tuple[str, ...] = ()
    notes = found.notes
    proves = _NOTHING.format(found.field)
    state: str = found.verdict
    if found.verdict == "intact" and found.form == "hash":
        state, proves = "hash fits", _HASH
    elif found.verdict == "intact":
        state, proves = f"verified: {found.signer}", _PINNED
    elif found.verdict == "unknown key" and pins:
        state, proves = "another key", _NOT_PINNED
        what = "none of those pinned: forged, if the block names the owner of one of them"
        faults = (f"it is signed with the key {found.key}, {what}",)
    elif found.verdict == "unknown key":
        state, proves = "signed, key not pinned", _NOT_PINNED
    elif found.verdict == "broken":
        state = "does not verify"
        faults = (*notes, "or the security data were transplanted from another block")
        notes = ()
    elif found.verdict == "unknown form" and is_hash(value):
        state = "hash does not fit"
    elif found.verdict == "unchecked":
        state = "not checked"
    said = {"form": found.form, "key": found.key, "matched": found.matched}
    return Finding(
        technique=found.field,
        kind="signature",
        where=where,
        state=state,
        said={key: text for key, text in said.items() if text},
        faults=faults,
        notes=notes,
        proves=proves,
    )
