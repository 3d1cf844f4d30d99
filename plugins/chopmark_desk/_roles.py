"""Who may open what: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Role = Literal["viewer", "reviewer", "officer", "admin"]

ROLES: tuple[Role, ...] = get_args(Role)
"""From the one that may least; each may also do what those before it may."""

AREAS: Mapping[str, Role] = MappingProxyType(
    {
        "overview": "viewer",
        "ours": "viewer",
        "ours.details": "reviewer",  # what was found of a text: its places, and its record
        "calls": "reviewer",
        "tests": "viewer",
        "review": "reviewer",
        "complain": "viewer",  # to hand in a complaint
        "complaints": "officer",
        "incidents": "officer",
        "words": "viewer",
        "words.propose": "officer",  # a change of a list
        "words.review": "reviewer",  # to confirm what another one proposed
        "policies": "viewer",
        "verify": "viewer",
        "users": "admin",
        "account": "viewer",  # one's own password
    }
)
"""Which role opens an area of the desk, in the order of the navigation."""


def may(role: Role | None, area: str) -> bool:
    """Return whether `role`, None for a stranger, opens `area`, one of `AREAS`."""
    return role is not None and ROLES.index(role) >= ROLES.index(AREAS[area])
