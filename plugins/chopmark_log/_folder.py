"""The folder of a log: its key, its spools, and the log itself."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._files import sync_folder, write_whole
from ._signing import SigningKey, read_signing_key, write_signing_key
from ._sqlite_store import SqliteStore
from ._store import Store
from .verify import ED25519, ML_DSA_44_COSIGNATURE

FINGERPRINTS = "fp"
"""The folder, in that of a log, of what finds texts again."""

PATIENCE, BESIDE = 300.0, 60.0
"""Seconds for which a database may say nothing: to a command, which may ask for much, and to what a
process does beside its calls."""


class KeyFiles(NamedTuple):
    """A key of the log: it, the one that is to take its place, and what checks its signatures."""

    key: Path
    next: Path
    public: Path


@dataclass(frozen=True, slots=True)
class LogFolder:
    """Where a log is. All of it is in one folder, which its owner alone can read.

    `patience` is for how many seconds a database that it is in may say nothing: then that is away.
    """

    path: Path
    patience: float = field(default=PATIENCE, compare=False)

    @property
    def base(self) -> Path:
        """The log itself."""
        return self.path / "log.db"

    @property
    def key(self) -> Path:
        """The key that signs its checkpoints."""
        return self.path / "log.key"

    @property
    def next_key(self) -> Path:
        """The key that is to sign them next, while it takes the place of the other."""
        return self.path / "log.key.next"

    def keys_of(self, kind: int) -> KeyFiles:
        """Return where the log's key of type `kind` is, 0x01 Ed25519 or 0x06 ML-DSA-44."""
        if kind == ED25519:
            return KeyFiles(self.key, self.next_key, self.public)
        return KeyFiles(*(self.path / f"log-ml-dsa.{end}" for end in ("key", "key.next", "pub")))

    @property
    def second(self) -> KeyFiles:
        """Its key of ML-DSA-44, which not every log has."""
        return self.keys_of(ML_DSA_44_COSIGNATURE)

    @property
    def publics(self) -> tuple[str, ...]:
        """The files of the keys that check its checkpoints: one, or two."""
        second = self.second.public
        return (str(self.public), *([str(second)] if second.exists() else []))

    @property
    def handovers(self) -> Path:
        """How each key that signed them was handed over to the next one: what a stranger needs."""
        return self.path / "handovers"

    @property
    def public(self) -> Path:
        """The key that checks them: what a stranger needs."""
        return self.path / "log.pub"

    @property
    def spools(self) -> Path:
        """What processes wrote that the log has not taken yet."""
        return self.path / "spool"

    @property
    def renewal(self) -> Path:
        """A file that changes when every process is to begin another spool."""
        return self.path / "renew"

    @property
    def lock(self) -> Path:
        """Held by the process that takes what is in the spools."""
        return self.path / "integrate.lock"

    @property
    def head(self) -> Path:
        """The last signed checkpoint, beside the log: by it an older copy in its place shows."""
        return self.path / "checkpoint"

    @property
    def reserve(self) -> Path:
        """A file that is given up when the disk is full."""
        return self.path / "reserve"

    @property
    def moved(self) -> Path:
        """Where the log is being moved to, or was: while it is there, nothing is written here."""
        return self.path / "moved-to"

    @property
    def anew(self) -> Path:
        """What is moved where a new log is being put in the place of a former one (`_anew`)."""
        return self.path / "anew"

    def _check_begun(self) -> None:
        if self.anew.exists():
            raise LogError(
                f"a new log is being put in the place of that in {str(self.path)!r}, and was not "
                "ended: run `chopmark log recover`, which ends it"
            )

    def check_stays(self) -> None:
        """Raise unless the log may be written here: it was not moved, and is not being moved.

        Raises:
            LogError: it was, or is, or a new one is being put in its place.
        """
        self._check_begun()
        try:
            told = json.loads(self.moved.read_text("utf-8"))
            to, done = str(told["to"]), bool(told["done"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LogError(f"{str(self.moved)!r} cannot be read: {error}") from error
        if done:
            raise LogError(
                f"the log in {str(self.path)!r} was moved to {to!r}; write that as `store` into "
                "the policy"
            )
        raise LogError(
            f"the log in {str(self.path)!r} is being moved to {to!r}, and takes nothing meanwhile: "
            "run `chopmark log migrate` again to end that, or with --cancel to leave it here"
        )

    @property
    def where(self) -> Path:
        """The address of the database, where the log is in one that machines share."""
        return self.path / "store"

    @property
    def address(self) -> str | None:
        """The address of the database, if the log is in one.

        Raises:
            LogError: it cannot be read.
        """
        try:
            return self.where.read_text("utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError) as error:
            raise LogError(f"{str(self.where)!r} cannot be read: {error}") from error

    @property
    def is_log(self) -> bool:
        """Whether there is a log."""
        return self.base.exists() or self.where.exists() or self.anew.exists()

    @property
    def signs(self) -> bool:
        """Whether checkpoints are signed here: of a shared log, where its key is."""
        return self.key.exists() or not self.where.exists()

    def create(self, origin: str, *, ml_dsa: bool = False) -> None:
        """Make a log, with a new key; with `ml_dsa`, with one of ML-DSA-44 beside it.

        Raises:
            LogError: there is one already, the folder cannot be made, or there is no ML-DSA-44.
        """
        self.check_stays()
        if self.is_log:
            raise LogError(f"{str(self.path)!r} is a log already; nothing was changed")
        if _is_here(self.path):  # what runs in it would be left in one that is gone
            raise LogError(
                f"{str(self.path)!r} is the folder that this runs in; name one in it, such as "
                "'chopmark-log'"
            )
        keys = [SigningKey.new(origin, kind) for kind in kinds(ml_dsa=ml_dsa)]
        making = self.path.with_name(f"{self.path.name}.new-{secrets.token_hex(4)}")
        try:
            making.mkdir(mode=0o700, parents=True)
            made = LogFolder(making)
            made.spools.mkdir(mode=0o700)
            for key in keys:
                files = made.keys_of(key.public.kind)
                write_signing_key(key, files.key)
                write_whole(files.public, f"{key.public}\n")
            made.lock.touch(mode=0o600)
            SqliteStore.create(made.base, origin)
            if self.path.is_dir():
                self.path.rmdir()  # an empty one may be there
            sync_folder(made.path)
            os.rename(making, self.path)
            sync_folder(self.path.parent)  # else a power cut may take the log and all that is in it
        except OSError as error:
            if self.is_log:  # another process was first
                shutil.rmtree(making, ignore_errors=True)
                return
            shutil.rmtree(making, ignore_errors=True)
            raise LogError(
                f"log {str(self.path)!r} cannot be made: {error.strerror}; name a new folder, "
                "where this process may write"
            ) from error

    def open(self, *, writing: bool = False) -> Store:
        """Return the log.

        Raises:
            LogError: there is none, or it is damaged.
        """
        self._check_begun()
        if not self.is_log:
            raise LogError(f"{str(self.path)!r} is no log; make one with `chopmark log init`")
        if writing:
            self.check_stays()
        address = self.address
        if address is None:
            return SqliteStore(self.base, writing=writing)
        from ._postgres_store import PostgresStore

        return PostgresStore(address, self.path, self.patience)

    def signing_key(self) -> SigningKey:
        """Return the key of Ed25519 that signs checkpoints.

        Raises:
            LogError: it cannot be read, or others can read it.
        """
        return read_signing_key(self.key)


def kinds(*, ml_dsa: bool) -> tuple[int, ...]:
    """Return the types of the keys of a log that is made."""
    return (ED25519, ML_DSA_44_COSIGNATURE) if ml_dsa else (ED25519,)


def default_origin() -> str:
    """Return an origin for a log that nobody named: no two are alike."""
    return f"chopmark.local/{secrets.token_hex(8)}"


def _is_here(path: Path) -> bool:
    with contextlib.suppress(OSError):  # it is not there, or the folder that this runs in is gone
        return os.path.samefile(path, os.curdir)
    return False
