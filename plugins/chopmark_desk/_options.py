"""The options of plugin `desk` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy, PolicyError
from chopmark.options import Table

NAME = "desk"
_KNOWN = (
    "folder", "idle_minutes", "inspect_seconds", "keys", "name", "runs", "session_hours",
    "upload_mb",
)  # fmt: skip
_MINUTE = 60_000  # milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the desk keeps what is its own, and for how long one stays logged in.

    `name` is the host name that browsers ask for, "" where they ask for this machine. `idle` and
    `longest` are in milliseconds: without a request, and in any case.

    A file that is to be looked into may have `upload` bytes, and take `seconds`. `keys` are PEM
    files with the SM2 public keys of producers who are known. `runs` is the folder in which runs of
    `chopmark assess` lie, None where nobody reviews any here.
    """

    folder: Path
    name: str
    idle: int
    longest: int
    upload: int
    seconds: float
    keys: tuple[Path, ...]
    runs: Path | None


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    if policy.options(NAME) and NAME not in policy.plugins:
        raise PolicyError(
            f"policy {policy.name!r} has [settings.desk] and does not enable plugin 'desk', so no "
            'call could be guarded by it; add "desk" to `plugins`'
        )
    given = Table.of(policy, NAME, _KNOWN)
    return Options(
        folder=given.folder / given.text("folder", "chopmark-desk", cure="write a path in quotes"),
        name=given.text("name", "").lower(),
        idle=round(given.number("idle_minutes", 30, over=0, most=1440) * _MINUTE),
        longest=round(given.number("session_hours", 12, over=0, most=168) * 60 * _MINUTE),
        upload=round(given.number("upload_mb", 50, over=0, most=1024) * 2**20),
        seconds=given.number("inspect_seconds", 20, over=0, most=600),
        keys=tuple(given.folder / name for name in given.names("keys")),
        runs=given.path("runs") if "runs" in given.data else None,
    )
