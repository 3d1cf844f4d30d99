"""What `chopmark models` says of a folder without running it: size, heads, digest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chopmark import ModelError

from ._folder import read_folder
from ._locate import locate

State = Literal["ok", "not pinned", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One model. `bytes` are those of the network, `digest` is of all files.

    `state` is `ok` where the network has the SHA-256 that guard.json names, `not pinned` where
    none is named, and `wrong` where the folder cannot be used; `error` then says why, and the
    rest is empty.
    """

    name: str
    state: State
    bytes: int = 0
    heads: tuple[str, ...] = ()
    sha256: str = ""
    digest: str = ""
    error: str = ""


def look(name: str) -> Listed:
    """Return what there is to say of the model `name`, a folder or `bundled:NAME`."""
    try:
        folder = read_folder(locate(name, Path()))
    except ModelError as error:
        return Listed(name=name, state="wrong", error=str(error))
    return Listed(
        name=name,
        state="ok" if folder.pinned else "not pinned",
        bytes=folder.size,
        heads=tuple(head.category for head in folder.heads if head.category),
        sha256=folder.sha256,
        digest=folder.digest,
    )
