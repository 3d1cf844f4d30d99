"""The object `SecurityData` of TC260-PG-202511A, as it is written and as it is found.

The guide itself was not read here; its structure comes from public files and from those who read
it. Its fields have other spellings in the wild: `PubSd` (Honor), `LabelMataData` (MiniMax,
StepFun), `Binding`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ._sm2_keys import to_spki

ALGORITHM = "1.2.156.10197.1.501"
"""SM3 with SM2."""
LABEL_TYPES = frozenset({"Md", "LabelMataData"})
"""How a signature says that it is over the label: the guide's spelling, and the other."""
LONGEST = 64 * 2**10

_KEYS = ("PubSD", "PubSd")
_SIGNED = {
    "ReservedCode1": ("Label", "ContentProducer", "ProduceID"),
    "ReservedCode2": ("Label", "ContentPropagator", "PropagateID"),
}


class NotSecurityDataError(Exception):
    """A value is not `SecurityData`; the message says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of `PubSD`: a signature, type `DS`, or a key, type `PubKey`."""

    type: str
    algorithm: str
    key_id: str
    signs: str = ""
    signature: bytes = b""
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class SecurityData:
    """The entries, and what is told of the rest."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]


def label_text(fields: Mapping[str, str], field: str) -> bytes:
    """Return the text of Annex A.1 that is signed: three keys and values, without braces.

    For ReservedCode2 it is the same text with the propagator's fields, which is a guess.
    """
    return ",".join(
        f'"{key}":{json.dumps(fields.get(key, ""), ensure_ascii=False)}' for key in _SIGNED[field]
    ).encode("utf-8", "surrogatepass")


def make_security_data(signature: bytes, public: bytes) -> str:
    """Return `SecurityData` with one signature over the label and its key, without spaces."""
    entries = [
        {
            "Type": "DS",
            "AlgID": ALGORITHM,
            "TBSData": {"Type": "Md"},
            "Signature": signature.hex().upper(),
        },
        {"Type": "PubKey", "AlgID": ALGORITHM, "KeyValue": to_spki(public).hex().upper()},
    ]
    data = {"SecurityData": {"Type": "TC260PG", "Version": 1, "PubSD": entries}}
    return json.dumps(data, separators=(",", ":"))


def parse_security_data(value: str) -> SecurityData:
    """Return the entries in `value`.

    Raises:
        NotSecurityDataError: it is something else, or ambiguous.
    """
    if len(value) > LONGEST:
        raise NotSecurityDataError(f"it has {len(value):,} characters; {LONGEST:,} are read")
    try:
        parsed = json.loads(value, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise NotSecurityDataError("it is neither a hash nor JSON: a form of its writer") from None
    data = parsed.get("SecurityData") if isinstance(parsed, dict) else None
    if not isinstance(data, dict):
        raise NotSecurityDataError("it is JSON without SecurityData: a form of its writer")
    if data.get("Type") != "TC260PG":
        raise NotSecurityDataError(f"SecurityData is of type {str(data.get('Type'))[:40]!r}")
    named = [key for key in _KEYS if key in data]
    if len(named) != 1 or not isinstance(data[named[0]], list):
        raise NotSecurityDataError("SecurityData has no list PubSD, or both of its spellings")
    notes = [f"the list of signatures is spelt {named[0]}"] if named[0] != "PubSD" else []
    if "Bindings" in data:
        notes.append("it binds the content by Bindings, which is not checked: its choice of bytes")
    return SecurityData(
        tuple(_entry(item) for item in data[named[0]] if isinstance(item, dict)), tuple(notes)
    )


def _entry(item: Mapping[str, object]) -> Entry:
    signs = item.get("TBSData")
    return Entry(
        type=_text(item, "Type"),
        algorithm=_text(item, "AlgID"),
        key_id=_text(item, "KeyID") or "0",
        signs=_text(signs, "Type") if isinstance(signs, dict) else "",
        signature=_hex(item, "Signature"),
        key=_hex(item, "KeyValue"),
    )


def _text(item: Mapping[str, object], key: str) -> str:
    value = item.get(key, "")
    return value[:100] if isinstance(value, str) else ""


def _hex(item: Mapping[str, object], key: str) -> bytes:
    value = item.get(key, "")
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON. One key with two values would be read in two ways."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return found
