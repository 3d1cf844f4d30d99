"""A policy as flat keys, and the difference of two; what looks like a secret is not shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chopmark import Policy

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


def difference(left: Policy, right: Policy) -> list[Differing]:
    """Return the keys in which two policies differ, in order."""
    one, other = flat(left), flat(right)
    return [
        Differing(key, one.get(key), other.get(key))
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


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
