"""Who goes on for two hours without a pause is told so, a minor after one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chopmark.testing import MemoryLog

Make = Callable[..., Any]
MINUTE = 60.0


def use(service: Any, clock: Any, minutes: int, every: int = 10, **settings: Any) -> list[int]:
    """Use the service for so many minutes, and return after which a reminder came."""
    reminded = []
    for minute in range(0, minutes + 1, every):
        service.say("hello", **settings)
        if "usage_reminder" in service.last.metadata:
            reminded.append(minute)
        clock.now += every * MINUTE
    return reminded


def test_a_reminder_comes_after_two_hours_and_every_two_after_that(
    make: Make, clock: Any, log: MemoryLog
) -> None:
    service = make()
    assert use(service, clock, 360) == [120, 240, 360]
    assert "for 360 minutes" in service.last.metadata["usage_reminder"]
    found = [v for record in log.records for v in record.verdicts]
    assert [(v.category, v.outcome) for v in found] == [("usage.reminder", "allow")] * 3
    assert service.last.action == "allow"


def test_a_pause_begins_a_new_use(make: Make, clock: Any) -> None:
    service = make()
    assert use(service, clock, 110) == []
    clock.now += 6 * MINUTE  # 16 minutes since the last call
    assert use(service, clock, 110) == []


def test_a_minor_is_reminded_sooner(make: Make, clock: Any) -> None:
    assert use(make(), clock, 120, audience="minor") == [60, 120]
    assert use(make(minor_remind_minutes=30), clock, 60, audience="minor") == [30, 60]


def test_a_reminder_is_in_the_language_of_the_question(make: Make, clock: Any) -> None:
    service = make(remind_minutes=10)
    use(service, clock, 10)
    assert "for 10 minutes" in service.last.metadata["usage_reminder"]
    service.say("你好")
    assert service.last.metadata["usage_reminder"].startswith("您已连续使用 20 分钟")


def test_reminders_may_be_off(make: Make, clock: Any) -> None:
    assert use(make(remind_minutes=0), clock, 360) == []


def test_the_texts_may_be_the_operators_own(make: Make, clock: Any) -> None:
    service = make(remind_minutes=10, texts={"en": {"reminder": "{minutes} min!"}})
    use(service, clock, 10)
    assert service.last.metadata["usage_reminder"] == "10 min!"
