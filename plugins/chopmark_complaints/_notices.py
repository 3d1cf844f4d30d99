"""What a complainant is told: the number and deadline of the complaint; later the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from ._complaint import Complaint

_PLACES = ("number", "received", "deadline", "decision", "reason", "correction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """The texts of a language: templates with `{number}` and the like, and the words in them."""

    received: str
    decided: str
    decisions: Mapping[str, str]
    corrected: str


NOTICES: Mapping[str, Notices] = {
    "zh": Notices(
        received=(
            "您好：\n您就本服务所生成内容提出的投诉，已于 {received} 收到，编号为 {number}。"
            "我们将在 {deadline} 之前处理，并将结果告知您。"
        ),
        decided=(
            "您好：\n您于 {received} 提出的投诉（编号 {number}）已经处理。\n"
            "处理结果：{decision}。\n理由：{reason}\n{correction}\n"
            "如对结果有异议，您可以再次向我们提出，也可以向有关主管部门投诉、举报。"
        ),
        decisions={
            "upheld": "投诉成立",
            "partly": "投诉部分成立",
            "rejected": "投诉不成立",
            "withdrawn": "投诉已撤回",
        },
        corrected="我们已就此采取更正措施。",
    ),
    "en": Notices(
        received=(
            "Your complaint about content that this service generated was received on {received}. "
            "Its number is {number}. We will decide on it by {deadline} and tell you the result."
        ),
        decided=(
            "Your complaint of {received}, number {number}, has been decided.\n"
            "Result: {decision}.\nReason: {reason}\n{correction}\n"
            "If you disagree, you may write to us again, or complain to the competent authority."
        ),
        decisions={
            "upheld": "the complaint is upheld",
            "partly": "the complaint is upheld in part",
            "rejected": "the complaint is rejected",
            "withdrawn": "the complaint was withdrawn",
        },
        corrected="We have made a correction.",
    ),
}


def check(template: str) -> str:
    """Return what is wrong with a template, "" where nothing is."""
    try:
        template.format(**dict.fromkeys(_PLACES, ""))
    except (LookupError, ValueError, AttributeError):
        return f"write a text with no places but {', '.join(f'{{{name}}}' for name in _PLACES)}"
    return ""


def write(texts: Notices, one: Complaint, reason: str, utc_offset: int) -> str:
    """Return what the complainant is told now: the result where there is one, else the receipt."""
    template = texts.decided if one.decided else texts.received
    filled = template.format(
        number=one.id,
        received=_day(one.received + utc_offset),
        deadline=_day(one.deadline + utc_offset),
        decision=texts.decisions.get(one.decision, ""),
        reason=reason,
        correction=texts.corrected if one.corrections else "",
    )
    return "\n".join(line for line in filled.splitlines() if line.strip())


def _day(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%d")
