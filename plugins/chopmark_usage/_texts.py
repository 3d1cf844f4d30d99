"""What users are told, by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ._rules import ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """`suspended` may name the time `{until}`, `reminder` the `{minutes}` of use."""

    suspended: str
    for_good: str
    reminder: str

    def refusal(self, until: float, utc_offset_seconds: float) -> str:
        """Return what a suspended user is told; `until` is in seconds since 1970."""
        if until >= ALWAYS:
            return self.for_good
        zone = timezone(timedelta(seconds=utc_offset_seconds))
        told = datetime.fromtimestamp(until, zone).strftime("%Y-%m-%d %H:%M")
        return self.suspended.replace("{until}", told)

    def reminding(self, minutes: int) -> str:
        """Return what a user is told who has used the service for so long."""
        return self.reminder.replace("{minutes}", str(minutes))


TEXTS: Mapping[str, Texts] = {
    "zh": Texts(
        suspended="由于多次提出不符合使用规范的请求，本服务已对您暂停，至 {until} 恢复。",
        for_good="由于多次提出不符合使用规范的请求，本服务已对您暂停。",
        reminder="您已连续使用 {minutes} 分钟，请注意休息。您正在与人工智能对话。",
    ),
    "en": Texts(
        suspended="You asked several times for what this service does not give. It is suspended "
        "for you until {until}.",
        for_good="You asked several times for what this service does not give. It is suspended "
        "for you.",
        reminder="You have been using this service for {minutes} minutes; think of a break. You "
        "are talking to an AI.",
    ),
}
