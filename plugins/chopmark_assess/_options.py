"""The options of plugin `assess` in a policy, checked: which runs a service shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy
from chopmark.options import Table

_KNOWN = ("answers", "runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The folders of finished `runs`, and whether evidence holds the `answers`' texts, too."""

    runs: tuple[Path, ...]
    answers: bool


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "assess", _KNOWN)
    runs = given.names("runs", cure='write a list of folders of finished runs, ["runs/2026-11"]')
    return Options(
        runs=tuple(dict.fromkeys(given.folder / name for name in runs)),
        answers=given.switch("answers", False),
    )
