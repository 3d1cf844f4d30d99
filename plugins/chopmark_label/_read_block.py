"""Reads a block as it is found in the wild, and names what breaks a rule of Annex E.

A reader of labels meets what others wrote: wrapped or bare, keys twice or misspelt, numbers where
strings belong, YAML, half a text. What is there is returned; a defect says what is wrong with it.
It raises nothing for any text, and its time grows with the length of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from chopmark import MarkError

from ._block import KEYS, LABELS, Aigc, Key, LabelValue, forbidden, from_fields, missing_values
from ._parse_block import Parsed, Shape, Value, parse_block
from ._provider_code import code_fault, looks_like_code

Rule = Literal[
    "form", "wrapper", "duplicate", "unknown", "missing", "type", "label", "empty", "charset",
    "escape", "order", "provider-code",
]  # fmt: skip

# Found in public files; a key that differs in case only is understood too.
_SPELLINGS: Mapping[str, Key] = {
    **{key.lower(): key for key in KEYS},
    "reservecode1": "ReservedCode1",
    "reservecode2": "ReservedCode2",
    "propagator": "ContentPropagator",
    "propatorid": "PropagateID",
}
MOST_KEYS = 1_000
"""Keys of the longest block that is read: what is wrong with each is told."""
_CODES: tuple[Key, ...] = ("ContentProducer", "ContentPropagator")


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a block."""

    rule: Rule
    key: str
    """Empty where the defect is of the whole block."""
    message: str
    """Key, value and cure."""
    breaks: bool = True
    """False for what is unlike Annex E, but forbidden by no clause that we found."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says as a block. Without a shape it is no block at all."""

    shape: Shape
    fields: Mapping[str, str]
    """What is there, in the order of Annex E. Of a key that stands twice the last counts, as for
    most readers of JSON; the defect has the others."""
    others: Mapping[str, str]
    """Keys that Annex E does not have."""
    defects: tuple[Defect, ...]

    @property
    def found(self) -> bool:
        """Whether the text is a block, right or wrong."""
        return self.shape != "none"

    @property
    def conforms(self) -> bool:
        """Whether it keeps every rule of Annex E."""
        return self.found and not any(defect.breaks for defect in self.defects)

    @property
    def label(self) -> LabelValue | None:
        """What it says of the content, or None where it says nothing that Annex E knows."""
        said = self.fields.get("Label")
        return next((value for value in LABELS if value == said), None)

    def to_aigc(self) -> Aigc:
        """Return the block; spellings, order and a wrapper of the text are not kept.

        Raises:
            BlockError: it has no seven keys, or values that no block can have.
        """
        return from_fields(self.fields)


def read_block(text: str) -> Reading:
    """Return what `text` says, bare, wrapped or as a YAML mapping, and what is wrong with it.

    Example:
        >>> reading = read_block('{"Label":1,"ContentProducer":"Example-Co"}')
        >>> reading.label, reading.conforms, [d.rule for d in reading.defects]
        ('1', False, ['type', 'missing', 'missing', 'missing', 'missing', 'missing'])
    """
    parsed = parse_block(text)
    defects = [Defect("form", "", what) for what in parsed.problems]
    defects += [Defect("wrapper", "", what) for what in parsed.around]
    if max(len(parsed.pairs), len(parsed.around)) > MOST_KEYS:
        told = f"it has more than {MOST_KEYS} keys, where Annex E has {len(KEYS)}; take them out"
        parsed, defects = Parsed(), [Defect("form", "", told)]
    if parsed.shape == "none":
        nothing: Mapping[str, str] = MappingProxyType({})
        return Reading(shape="none", fields=nothing, others=nothing, defects=tuple(defects))
    fields: dict[str, str] = {}
    others: dict[str, str] = {}
    order: list[Key] = []
    for name, value in parsed.pairs:
        key = _SPELLINGS.get(name.lower())
        if key is None:
            others[name] = value.text
            defects.append(_unknown(name, value))
            continue
        if name != key:
            defects.append(Defect("unknown", name, f"the key {name!r} is spelt {key} in Annex E"))
        if key in fields:
            defects.append(_twice(key, fields[key], value.text))
        else:
            order.append(key)
        fields[key] = value.text
        if value.kind != "string":
            what = f"{key} is {_cut(value.text)}, {value.kind} where Annex E asks for a string"
            defects.append(Defect("type", key, f"{what}; write it in quotes"))
    defects += _judge(fields, parsed)
    if order != [key for key in KEYS if key in fields]:
        told = f"the keys stand in the order {', '.join(order)}; Annex E has {', '.join(KEYS)}"
        defects.append(Defect("order", "", told, breaks=False))
    return Reading(
        shape=parsed.shape,
        fields=MappingProxyType({key: fields[key] for key in KEYS if key in fields}),
        others=MappingProxyType(others),
        defects=tuple(defects),
    )


def _judge(fields: Mapping[str, str], parsed: Parsed) -> Iterator[Defect]:
    """Yield what is wrong with the values, and with those that are not there."""
    for key in KEYS:
        if key not in fields:
            yield Defect("missing", key, f'{key} is missing; Annex E has seven keys, write "{key}"')
    label = fields.get("Label")
    if label and label not in LABELS:
        told = f'Label is {_cut(label)}; Annex E c) has "1" (is), "2" (may be), "3" (suspected)'
        yield Defect("label", "Label", told)
    for key in missing_values(fields):
        yield Defect("empty", key, f"{key} is empty; Annex E asks for a value")
    for name, value in fields.items():
        if bad := forbidden(value):
            told = f"{name} is {_cut(value)}, and {bad!r} (U+{ord(bad):04X}) is not allowed"
            cure = "Annex E j) has the visible characters of ASCII without the backslash"
            yield Defect("charset", name, f"{told}; {cure}")
    if parsed.escape and not any("\\" in value for value in fields.values()):
        told = f'{parsed.escape} is written in the JSON; the only escape of Annex E j) is \\"'
        yield Defect("escape", "", told)
    yield from _codes(fields)


def _codes(fields: Mapping[str, str]) -> Iterator[Defect]:
    for key in _CODES:
        value = fields.get(key, "")
        if not looks_like_code(value):
            continue
        try:
            fault = code_fault(value)
        except MarkError as error:
            fault = f"not checked: {error}"
        if fault:  # no breach of Annex E, which takes a name as well as a code
            told = f"{key} looks like a provider code, but {fault}"
            yield Defect("provider-code", key, told, breaks=False)


def _unknown(name: str, value: Value) -> Defect:
    told = f"the key {_cut(name)} with {_cut(value.text)} is none of Annex E"
    return Defect("unknown", name, f"{told}, whose keys are {', '.join(KEYS)}")


def _twice(key: str, first: str, second: str) -> Defect:
    told = f"{key} stands twice, with {_cut(first)} and {_cut(second)}"
    return Defect("duplicate", key, f"{told}; readers differ in which they take, so keep one")


def _cut(value: str) -> str:
    shown = repr(value[:60])
    return shown if len(value) <= 60 else f"{shown}..."


def conforming(readings: Sequence[Reading]) -> bool:
    """Return whether a file with these blocks keeps GB 45438-2025 6.1 c): one, and right."""
    return bool(readings) and not faults_together(readings) and readings[0].conforms


def faults_together(readings: Sequence[Reading]) -> tuple[str, ...]:
    """Return what is wrong with the blocks of one file as such (GB 45438-2025, 6.1 c).

    Two blocks are one too many even where they say the same; what they disagree on is named.
    """
    if len(readings) < 2:
        return ()
    faults = [f"has {len(readings)} blocks, where exactly one may stand (GB 45438-2025, 6.1 c)"]
    for key in KEYS:
        said = list(dict.fromkeys(reading.fields.get(key, "") for reading in readings))
        if len(said) > 1:
            shown = " and ".join(_cut(value) for value in said[:3])
            faults.append(f"its blocks contradict each other: {key} is {shown}")
    return tuple(faults)
