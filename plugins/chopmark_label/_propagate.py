"""What a platform that spreads content must say of it: Labelling Measures (2025), Article 6.

A finding is data: the state, the words for the public, and the block with the platform's own
fields, to be written back into the file. Nothing is decided by looking at the content here; who
calls it brings what was found in the metadata, what the user declared and what was detected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from ._block import Aigc, LabelValue
from ._read_block import Reading

State = Literal["confirmed", "possible", "suspected", "none"]
Earlier = Literal["keep", "replace"]

PROMPTS: Mapping[State, Mapping[str, str]] = MappingProxyType(
    {
        "confirmed": {
            "zh": "该内容由AI生成合成",
            "en": "AI生成 · This content is AI-generated",
        },
        "possible": {
            "zh": "该内容可能由AI生成合成",
            "en": "可能由AI生成 · This content may be AI-generated",
        },
        "suspected": {
            "zh": "该内容疑似由AI生成合成",
            "en": "疑似由AI生成 · This content is suspected to be AI-generated",
        },
        "none": {},
    }
)
"""Shown around the content, prominently. Each has both elements of GB 45438-2025 (AI, 生成)."""

REMINDER: Mapping[str, str] = MappingProxyType(
    {
        "zh": "发布AI生成合成的内容时，请主动声明并使用标识功能",
        "en": "If what you publish is AI-generated, declare it and use the label function",
    }
)
"""Article 6 (4): a platform offers a label function and reminds whoever publishes to declare."""

_LABELS: Mapping[State, LabelValue] = {"confirmed": "1", "possible": "2", "suspected": "3"}
_STATES: Mapping[str, State] = {value: state for state, value in _LABELS.items()}
_ARTICLES: Mapping[State, str] = {
    "confirmed": "6 (1)",
    "possible": "6 (2)",
    "suspected": "6 (3)",
    "none": "6 (4)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The platform, as Annex E g) to i) name it, and its number for this content."""

    name: str
    """The 27-position code, or a name in ASCII letters."""
    number: str
    reserved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """What Article 6 asks of a platform for one piece of content."""

    state: State
    article: str
    label: LabelValue | None
    prompts: Mapping[str, str]
    """By language, `zh` and `en`; empty where nothing is to be said."""
    block: Aigc | None
    """To be written back; None where there is none to write, and `notes` say why."""
    notes: tuple[str, ...]
    replaced: Mapping[str, str]
    """The fields of an earlier propagator that `block` no longer has."""


def propagate(
    found: Reading | Aigc | None,
    *,
    declared: bool,
    suspected: bool,
    platform: Platform,
    earlier: Earlier = "keep",
) -> Propagation:
    """Return what Article 6 makes of the evidence: the strongest piece of it counts.

    A block with `Label` 1 confirms; one with 2 or 3 says no more than that, and a block with no
    valid `Label` is a trace as in Article 6 (3), since it does not say what it is. A block that
    breaks other rules of Annex E still counts, but cannot be written back as one that keeps them.

    No source settles what becomes of the fields of an earlier propagator. By default they stay,
    and the platform's are not written; a producer often fills them itself, so a platform may
    well decide on `replace`. The producer's name, number and security data never change.

    Args:
        found: the block in the metadata, as read or as a value, None for none.
        declared: whether the user declared the content as AI-generated.
        suspected: whether an explicit label or other traces were detected.
        platform: whose fields are written.
        earlier: what becomes of an earlier propagator's fields.

    Raises:
        BlockError: the platform's own fields cannot stand in a block, whether they are
            needed here or not.
    """
    _check(platform)
    if isinstance(found, Reading) and not found.found:
        found = None
    notes: list[str] = []
    state = _decide(found, declared, suspected, notes)
    if state == "none":
        return _made("none", None, notes, {})
    label = _LABELS[state]
    base = _base(found, label, notes)
    if found is None:
        return _made(state, _first_block(label, platform, notes), notes, {})
    if base is None:
        return _made(state, None, notes, {})
    before = {
        "ContentPropagator": base.content_propagator,
        "PropagateID": base.propagate_id,
        "ReservedCode2": base.reserved_code2,
    }
    ours = (platform.name, platform.number, platform.reserved)
    if not any(before.values()) or tuple(before.values()) == ours:
        return _made(state, base.with_propagator(*ours), notes, {})
    who = f"ContentPropagator is {base.content_propagator!r}, PropagateID {base.propagate_id!r}"
    if earlier == "keep":
        notes.append(
            f"{who}: an earlier propagator's fields are kept, so those of {platform.name!r} are "
            'not in the block; what is asked of a second one is unsettled, earlier="replace" '
            "writes them"
        )
        return _made(state, base, notes, {})
    notes.append(f"{who}: replaced; keep them elsewhere, the block has room for one propagator")
    return _made(state, base.with_propagator(*ours), notes, before)


def _decide(
    found: Reading | Aigc | None, declared: bool, suspected: bool, notes: list[str]
) -> State:
    said = found.label if found else None
    if found is not None and said is None:
        notes.append(
            "a block was found, but its Label is none of 1, 2 and 3: it counts as a trace "
            "(Article 6 (3)), not as a statement"
        )
    by_block = "suspected" if found is not None and said is None else _STATES.get(said or "")
    if by_block == "confirmed":
        return "confirmed"
    if declared or by_block == "possible":
        return "possible"
    return "suspected" if suspected or by_block else "none"


def _base(found: Reading | Aigc | None, label: LabelValue, notes: list[str]) -> Aigc | None:
    """Return the block that was found, with the label that now holds, or None with a note."""
    if found is None:
        return None
    if isinstance(found, Reading):
        broken = [str(defect) for defect in found.defects if defect.breaks]
        if broken:
            more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
            notes.append(
                "the block that was found breaks Annex E, so nothing is written over it: "
                f"{broken[0]}{more}"
            )
            return None
        found = found.to_aigc()
    if found.label == label:
        return found
    if found.reserved_code1:
        notes.append(
            f"Label goes from {found.label} to {label}, and the security data in ReservedCode1 "
            "was made for the old one"
        )
    return replace(found, label=label)


def _first_block(label: LabelValue, platform: Platform, notes: list[str]) -> Aigc:
    notes.append(
        "no producer is known, so ContentProducer and ProduceID are empty; no source settles "
        "what stands there"
    )
    return Aigc(
        label=label,
        content_producer="",
        produce_id="",
        content_propagator=platform.name,
        propagate_id=platform.number,
        reserved_code2=platform.reserved,
    )


def _check(platform: Platform) -> None:
    """Refuse a platform whose fields no block takes, before anything is decided."""
    probe = Aigc(label="1", content_producer="-", produce_id="-")
    probe.with_propagator(platform.name, platform.number, platform.reserved)


def _made(
    state: State, block: Aigc | None, notes: list[str], replaced: Mapping[str, str]
) -> Propagation:
    return Propagation(
        state=state,
        article=_ARTICLES[state],
        label=_LABELS.get(state),
        prompts=MappingProxyType(dict(PROMPTS[state])),
        block=block,
        notes=tuple(notes),
        replaced=MappingProxyType(dict(replaced)),
    )
