"""The options of plugin `log` in a policy, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from chopmark.options import Table

from ._folder import LogFolder

if TYPE_CHECKING:
    from ._witness_client import WitnessAddress

Durability = Literal["os", "disk"]

NAME = "log"
DEFAULT_PATH = "chopmark-log"
_KNOWN = (
    "path", "store", "durability", "origin", "integrate", "contents", "retention_days", "witnesses",
    "witness_seconds", "find", "texts_days", "entries_days", "archive",
)  # fmt: skip
DAY = 86_400_000
"""Milliseconds."""
_MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What a log is to do.

    Args:
        folder: that of the log.
        store: the address of a database, where machines share the log; else "".
        to_disk: whether a call waits until the disk holds its record.
        origin: the log's name, where it is made; "" for one that nobody else has.
        integrates: whether this process takes records in.
        contents: whether texts are kept.
        retention: how long the law wants them kept, in milliseconds.
        witnesses: who is asked to cosign.
        witness_seconds: how long it takes at the most until they are asked about a new checkpoint.
        finds: whether `chopmark inspect` asks the log for texts.
        texts: how long texts are kept at the most, in milliseconds; 0 for ever. `prune` ends it.
        entries: how long entries are, likewise.
        archive: the folder that must have entries before they are pruned, if one must.
    """

    folder: LogFolder
    store: str = ""
    to_disk: bool = False
    origin: str = ""
    integrates: bool = True
    contents: bool = True
    retention: int = 0
    witnesses: tuple[WitnessAddress, ...] = ()
    witness_seconds: float = 0.5
    finds: bool = False
    texts: int = 0
    entries: int = 0
    archive: Path | None = None

    def too_short(self, days: int) -> str:
        """Return which option ends what is kept before `days` are over, with the cure, or ""."""
        if 0 < self.entries < days * DAY:
            return (
                f"settings.log.entries_days is {self.entries // DAY}; write 0, for ever, or no "
                f"less than {days}"
            )
        if self.retention < days * DAY:
            return (
                f"settings.log.retention_days is {self.retention // DAY}; write no less than {days}"
            )
        return ""


def read_options(options: Mapping[str, object], folder: str = "") -> LogOptions:
    """Return what `options` say; a relative path starts from `folder`.

    Raises:
        PolicyError: an option is unknown or has a value that it cannot have.
    """
    given = Table(NAME, options, Path(folder)).only(_KNOWN)
    path = given.folder / given.text("path", DEFAULT_PATH, cure="write the path of a folder")
    witnesses: tuple[WitnessAddress, ...] = ()
    if "witnesses" in options:
        from ._witness_client import read_witnesses

        witnesses = read_witnesses(options["witnesses"], given.at("witnesses"))
    store = given.text("store", "")
    usual = "disk" if store else "os"  # a server is slower to answer than its disk to sync
    return LogOptions(
        folder=LogFolder(Path(os.path.abspath(path))),
        store=store,
        to_disk=given.one_of("durability", get_args(Durability), usual) == "disk",
        origin=given.text("origin", ""),
        integrates=given.switch("integrate", True),
        contents=given.switch("contents", True),
        retention=given.whole("retention_days", 0, least=0, most=_MOST_DAYS) * DAY,
        witnesses=witnesses,
        witness_seconds=given.number("witness_seconds", 0.5, least=0.05, most=86_400),
        finds=given.switch("find", False),
        texts=_most(given, "texts_days", "retention_days") * DAY,
        entries=_most(given, "entries_days", "retention_days", "texts_days") * DAY,
        archive=Path(os.path.abspath(given.path("archive"))) if "archive" in options else None,
    )


def _most(given: Table, name: str, *least: str) -> int:
    """Return after how many days something ends, 0 for never: not before what `least` name."""
    days = given.whole(name, 0, least=0, most=_MOST_DAYS)
    for other in least:
        if 0 < days < given.whole(other, 0, least=0, most=_MOST_DAYS):
            raise given.wrong(name, f"write 0, for ever, or no less than {other}")
    return days
