"""The options of plugin `desk` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy
from chopmark.options import Table

NAME = "desk"
_KNOWN = ("folder", "idle_minutes", "name", "session_hours")
_MINUTE = 60_000  # milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the desk keeps what is its own, and for how long one stays logged in.

    `name` is the host name that browsers ask for, "" where they ask for this machine. `idle` and
    `longest` are in milliseconds: without a request, and in any case.
    """

    folder: Path
    name: str
    idle: int
    longest: int


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, NAME, _KNOWN)
    return Options(
        folder=given.folder / given.text("folder", "chopmark-desk", cure="write a path in quotes"),
        name=given.text("name", "").lower(),
        idle=round(given.number("idle_minutes", 30, over=0, most=1440) * _MINUTE),
        longest=round(given.number("session_hours", 12, over=0, most=168) * 60 * _MINUTE),
    )
