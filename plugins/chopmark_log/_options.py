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
    "witness_seconds", "find",
)  # fmt: skip
_DAY = 86_400_000  # milliseconds
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
        retention=given.whole("retention_days", 0, least=0, most=_MOST_DAYS) * _DAY,
        witnesses=witnesses,
        witness_seconds=given.number("witness_seconds", 0.5, least=0.05, most=86_400),
        finds=given.switch("find", False),
    )
