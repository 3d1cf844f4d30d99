"""The options of plugin `log` in a policy, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from chopmark import LogError
from chopmark.options import Table

from ._folder import BESIDE, LogFolder

if TYPE_CHECKING:
    from chopmark import Policy

    from ._witness_client import WitnessAddress

Durability = Literal["os", "disk"]
Profile = Literal["usual", "regulated"]

NAME = "log"
DEFAULT_PATH = "chopmark-log"
_KNOWN = (
    "path", "store", "durability", "origin", "integrate", "contents", "retention_days", "witnesses",
    "witness_seconds", "find", "texts_days", "entries_days", "archive", "ml_dsa",
    "profile", "buffer_mb", "store_seconds",
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
        ml_dsa: whether a log that is made gets a key of ML-DSA-44, too.
        regulated: whether no call may go on without a record that the disk holds.
        buffer: how many bytes this machine may keep while the database is away.
        patience: for how many seconds a call waits for the database.
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
    ml_dsa: bool = False
    regulated: bool = False
    buffer: int = 0
    patience: float = 10.0

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
    regulated = given.one_of("profile", get_args(Profile), "usual") == "regulated"
    return LogOptions(
        folder=LogFolder(Path(os.path.abspath(path)), BESIDE),
        store=store,
        to_disk=_to_disk(given, regulated=regulated, shared=bool(store)),
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
        ml_dsa=_ml_dsa(given),
        regulated=regulated,
        buffer=_buffer(given, shared=bool(store)),
        patience=_patience(given, shared=bool(store)),
    )


def check_required(options: LogOptions, policy: Policy) -> None:
    """Raise where `profile = "regulated"` is asked for, and calls may go on unrecorded.

    Raises:
        PolicyError: the policy lets them.
    """
    if options.regulated and policy.on_error.log != "block":
        raise Table.of(policy, NAME, _KNOWN).wrong(
            "profile",
            f"on_error.log is {policy.on_error.log!r}, by which calls go on without a record; "
            'write log = "block" under [on_error], or take the profile out',
        )


def _to_disk(given: Table, *, regulated: bool, shared: bool) -> bool:
    """Return whether a call waits for the disk."""
    # A server is slower to answer than its disk to sync.
    usual: Durability = "disk" if regulated or shared else "os"
    if given.data.get("durability") == "mem":
        raise given.wrong(
            "durability",
            'write "os" or "disk"; to measure without a disk, put `path` where there is none, such '
            "as /dev/shm",
        )
    to_disk: bool = given.one_of("durability", get_args(Durability), usual) == "disk"
    if regulated and not to_disk:
        raise given.wrong(
            "durability",
            'write "disk", which profile = "regulated" is for, or take the profile out',
        )
    return to_disk


def _buffer(given: Table, *, shared: bool) -> int:
    """Return how many bytes may wait on this machine for a database."""
    found = given.whole("buffer_mb", 0, least=0, most=1 << 20) << 20
    if found and not shared:
        raise given.wrong(
            "buffer_mb", "take it out: it is for a log in a database, which `store` names"
        )
    return found


def _patience(given: Table, *, shared: bool) -> float:
    """Return for how many seconds a call waits for a database."""
    if "store_seconds" in given.data and not shared:
        raise given.wrong(
            "store_seconds", "take it out: it is for a log in a database, which `store` names"
        )
    return given.number("store_seconds", 10.0, least=1, most=3600)


def _ml_dsa(given: Table) -> bool:
    """Return what `ml_dsa` says; refuse it at once where no such key could be made or used."""
    wanted = given.switch("ml_dsa", False)
    if wanted:
        from ._signing import check_ml_dsa

        try:
            check_ml_dsa()
        except LogError as error:
            raise given.wrong("ml_dsa", str(error)) from error
    return wanted


def _most(given: Table, name: str, *least: str) -> int:
    """Return after how many days something ends, 0 for never: not before what `least` name."""
    days = given.whole(name, 0, least=0, most=_MOST_DAYS)
    for other in least:
        if 0 < days < given.whole(other, 0, least=0, most=_MOST_DAYS):
            raise given.wrong(name, f"write 0, for ever, or no less than {other}")
    return days
