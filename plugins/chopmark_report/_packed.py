"""Counts as plain data, to go on with them later: what `count` has is not counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ._tally import COUNTERS, Complaint, Day, Decision, Placed, Span, Tally


def packed(tally: Tally) -> dict[str, Any]:
    """Return `tally` as data for JSON; `unpacked` makes it one again."""
    return {one.name: _plain(getattr(tally, one.name)) for one in fields(tally)}


def unpacked(data: Mapping[str, Any]) -> Tally:
    """Return the counts that `packed` made data of.

    Raises:
        KeyError, TypeError, ValueError: it is no such data, or that of another version.
    """
    found: dict[str, Any] = {}
    for one in fields(Tally):
        read: Callable[[Any], Any] = _READ.get(one.name, _number)
        found[one.name] = read(data[one.name])
    return Tally(**found)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return [_plain(getattr(value, one.name)) for one in fields(value)]
    if isinstance(value, Mapping):
        return [[key, _plain(inner)] for key, inner in value.items()]
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no number")
    return value


def _key(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _counter(rows: Any) -> Counter[Any]:
    return Counter({_key(key): _number(count) for key, count in rows})


def _span(value: Any) -> Span | None:
    return None if value is None else Span(*map(_number, value))


def _spans(rows: Any) -> dict[str, Span]:
    return {key: Span(*map(_number, span)) for key, span in rows}


def _marks(rows: Any) -> dict[Any, Placed]:
    return {_key(key): Placed(_number(n), _counter(missing)) for key, (n, missing) in rows}


def _days(rows: Any) -> dict[int, Day]:
    return {
        _number(day): Day(_number(calls), _number(stopped), _counter(categories))
        for day, (calls, stopped, categories) in rows
    }


def _complaints(rows: Any) -> dict[str, Complaint]:
    return {
        str(key): Complaint(_number(received), _number(deadline), _number(decided), str(decision))
        for key, (received, deadline, decided, decision) in rows
    }


def _early(rows: Any) -> dict[str, Decision]:
    return {str(key): Decision(_number(time), str(what)) for key, (time, what) in rows}


def _texts(rows: Any) -> dict[str, Mapping[str, str]]:
    return {str(name): {str(key): str(value) for key, value in text} for name, text in rows}


_READ: Mapping[str, Callable[[Any], Any]] = {
    "calls": _span,
    "policies": _spans,
    "versions": _spans,
    "events": _spans,
    "marks": _marks,
    "days": _days,
    "complaints": _complaints,
    "texts": _texts,
    "early": _early,
    **dict.fromkeys(COUNTERS, _counter),
}
