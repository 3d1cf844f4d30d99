"""A policy as flat keys, the difference of two, and the event by which a log keeps it.

What looks like a secret is not shown, and not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chopmark import Event, Policy
from chopmark.reading import new_event

POLICY_TEXT = "policy.text"
"""The kind of event that keeps the text of a policy."""

HIDDEN = "•••"
_SECRET = re.compile(r"(^|_|\b)(key|password|passwd|secret|token|credential)s?$", re.I)
_USERINFO = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*@")


class Differing(NamedTuple):
    """A key in which two policies differ; None where one of them has no such key."""

    key: str
    left: str | None
    right: str | None


def flat(policy: Policy) -> dict[str, str]:
    """Return all that decides in `policy`, as text by its key, such as `rules.both.pii`."""
    return dict(_flat("", policy.to_dict()))


def difference(left: Mapping[str, str], right: Mapping[str, str]) -> list[Differing]:
    """Return the keys in which two policies, as `flat` has them, differ, in order."""
    return [
        Differing(key, left.get(key), right.get(key))
        for key in sorted(left.keys() | right.keys())
        if left.get(key) != right.get(key)
    ]


def named(policy: Policy) -> str:
    """Return the name of `policy` as records have it: with its digest."""
    return f"{policy.name}@{policy.digest}"


def policy_event(policy: Policy, actor: str = "") -> Event:
    """Return the event that keeps the text of `policy` in a log, as `flat` shows it.

    Word lists are files: their names are in it, and no words.
    """
    text = json.dumps(flat(policy), ensure_ascii=False, sort_keys=True)
    return new_event(POLICY_TEXT, actor=actor, data={"policy": named(policy), "text": text})


def kept_text(data: Mapping[str, Any]) -> tuple[str, Mapping[str, str]] | None:
    """Return the name and the text that the data of such an event has, None where it has none."""
    try:
        name, text = str(data["policy"]), json.loads(data["text"])
        return name, {str(key): str(value) for key, value in text.items()}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}" if key else str(name), inner)
    else:
        yield key, _shown(key, value)


def _shown(key: str, value: object) -> str:
    if isinstance(value, str):
        return HIDDEN if _SECRET.search(key) else _USERINFO.sub(f"{HIDDEN}@", value)
    return _USERINFO.sub(f"{HIDDEN}@", json.dumps(value, ensure_ascii=False, default=str))
