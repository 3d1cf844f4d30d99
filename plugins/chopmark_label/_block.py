"""The block of an implicit label: the seven fields of GB 45438-2025 Annex E, as one frozen value.

What constructs conforms; nothing is trimmed, replaced or turned into a string on the way. What
others wrote is read by `read_block`, which refuses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

from chopmark import MarkError

LabelValue = Literal["1", "2", "3"]
"""Annex E c): 1 for what is AI-generated, 2 for what may be, 3 for what is suspected to be."""

Key = Literal[
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
]
KEYS: tuple[Key, ...] = get_args(Key)
"""The keys, in the order of Annex E."""
LABELS: tuple[LabelValue, ...] = get_args(LabelValue)
WRAPPER = "AIGC"

# Annex E j): 0x21, 0x23-0x5B, 0x5D-0x7E, and `\"` for a quote. It rests on one implementation.
_FORBIDDEN = re.compile(r"[^\x21-\x5B\x5D-\x7E]")
_CURES: Mapping[Key, str] = {
    "Label": 'write "1" (is), "2" (may be) or "3" (suspected to be AI-generated)',
    "ContentProducer": "write the provider's 27-position code, or its name in ASCII letters",
    "ProduceID": "write the producer's unique number of this content, for example a UUID",
    "ReservedCode1": 'write "" or security data without spaces, as `seal` makes it',
    "ContentPropagator": 'write "", the platform\'s 27-position code, or its name in ASCII letters',
    "PropagateID": 'write "" or the platform\'s unique number of this content',
    "ReservedCode2": 'write "" or security data without spaces',
}


class BlockError(MarkError):
    """A value cannot stand in a block; the message names key, value and cure."""

    def __init__(self, key: str, value: object, what: str, cure: str) -> None:
        super().__init__(f"{key} is {_show(value)}: {what}; {cure}")
        self.key = key
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Aigc:
    r"""One block. The fields are those of Annex E c) to i), in its order; all are strings.

    `label`, `content_producer` and `produce_id` must not be empty. The one exception is ours: with
    `label` 2 or 3 a platform that found no block has no producer to name (Labelling Measures,
    Article 6 (2), (3)), so there both may be empty where the propagator's two fields are filled.
    No source settles what stands in them; a verifier may still want them filled.

    `content_producer` and `content_propagator` are a name or a code; `ProviderCode` checks codes.

    Example:
        >>> Aigc(label="1", content_producer="Example-Co", produce_id="7").to_bare()[:48]
        '{"Label":"1","ContentProducer":"Example-Co","Pro'

    Raises:
        BlockError: a value breaks a rule of Annex E.
    """

    label: LabelValue
    content_producer: str
    produce_id: str
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""

    def __post_init__(self) -> None:
        fields = self.fields()
        for key in KEYS:
            _check_value(key, fields[key])
        if self.label not in LABELS:
            raise BlockError("Label", self.label, "no value of Annex E c)", _CURES["Label"])
        for key in missing_values(fields):
            raise BlockError(
                key, "", "Annex E asks for it, and an empty value says nothing", _CURES[key]
            )

    def fields(self) -> Mapping[str, str]:
        """Return the values by the names of Annex E, in its order."""
        values = (
            self.label,
            self.content_producer,
            self.produce_id,
            self.reserved_code1,
            self.content_propagator,
            self.propagate_id,
            self.reserved_code2,
        )
        return MappingProxyType(dict(zip(KEYS, values, strict=True)))

    def to_bare(self) -> str:
        """Return the seven keys as JSON without white space: the value of a property `AIGC`."""
        return json.dumps(dict(self.fields()), ensure_ascii=False, separators=(",", ":"))

    def to_wrapped(self) -> str:
        """Return the block under its key, as Annex E itself shows it and PNG and EXIF carry it."""
        return f'{{"{WRAPPER}":{self.to_bare()}}}'

    def with_propagator(self, propagator: str, number: str, reserved: str = "") -> Aigc:
        """Return this block with the propagator's fields, Annex E g) to i).

        Raises:
            BlockError: a value breaks a rule, or the propagator or its number is empty.
        """
        made = replace(
            self, content_propagator=propagator, propagate_id=number, reserved_code2=reserved
        )
        keys: tuple[Key, ...] = ("ContentPropagator", "PropagateID")
        for key in keys:
            if not made.fields()[key]:
                raise BlockError(key, "", "a propagator names itself and its number", _CURES[key])
        return made


def from_fields(fields: Mapping[str, str]) -> Aigc:
    """Return the block with `fields` by the names of Annex E: all seven, and no other.

    Raises:
        BlockError: a key is missing or unknown, or a value breaks a rule.
    """
    for name in fields:
        if name not in KEYS:
            cure = f"the keys are {', '.join(KEYS)}"
            raise BlockError(name, fields[name], "Annex E has no such key", cure)
    for key in KEYS:
        if key not in fields:
            raise BlockError(key, None, "Annex E asks for all seven keys", _CURES[key])
    return Aigc(
        label=fields["Label"],  # type: ignore[arg-type]  # the constructor checks it
        content_producer=fields["ContentProducer"],
        produce_id=fields["ProduceID"],
        reserved_code1=fields["ReservedCode1"],
        content_propagator=fields["ContentPropagator"],
        propagate_id=fields["PropagateID"],
        reserved_code2=fields["ReservedCode2"],
    )


def forbidden(value: str) -> str:
    """Return the first character of `value` that Annex E j) does not allow, or nothing."""
    found = _FORBIDDEN.search(value)
    return found[0] if found else ""


def missing_values(fields: Mapping[str, str]) -> tuple[Key, ...]:
    """Return the keys that must have a value beside those of `fields`, and have none."""
    by_platform = (
        fields.get("Label") in ("2", "3")
        and bool(fields.get("ContentPropagator"))
        and bool(fields.get("PropagateID"))
    )
    wanted: tuple[Key, ...] = ("Label",) if by_platform else KEYS[:3]
    return tuple(key for key in wanted if key in fields and not fields[key])


def _check_value(key: Key, value: object) -> None:
    if not isinstance(value, str):
        kind = type(value).__name__
        raise BlockError(key, value, f"Annex E asks for a string, not {kind}", _CURES[key])
    if bad := forbidden(value):
        raise BlockError(
            key,
            value,
            f"{bad!r} (U+{ord(bad):04X}) is not allowed: Annex E j) has the visible characters "
            "of ASCII without the backslash",
            _CURES[key],
        )


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
