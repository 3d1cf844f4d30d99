"""How templates write what they are given: times, numbers, shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ._proves import proves
from ._stacked import stacked


def minute(time: int) -> str:
    """Return a time, in milliseconds since 1970, to the minute (UTC); "-" for 0."""
    return _written(time, "%Y-%m-%d %H:%M")


def machine_time(time: int) -> str:
    """Return a time as the attribute `datetime` wants it."""
    return _written(time, "%Y-%m-%dT%H:%M:%SZ")


def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,}"


def percent(share: float) -> str:
    """Return a share of 0..1 in per cent; number and sign stay on one line."""
    return f"{share:.2%}".replace("%", "\u00a0%")


def _written(time: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(time / 1000, timezone.utc).strftime(form) if time else "-"
    except (ValueError, OverflowError, OSError):  # a log may hold any number
        return str(time)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "minute": minute,
    "machine_time": machine_time,
    "number": number,
    "percent": percent,
    "proves": proves,
    "stacked": stacked,
}
