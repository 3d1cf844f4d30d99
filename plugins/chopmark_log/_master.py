"""The master key of a log: it wraps the keys of subjects, and hides who they belong to.

It is in the log's folder, readable by its owner alone, or better in the environment, from where no
copy of the folder takes it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chopmark import LogError
from chopmark.private import read_private, write_private

from ._content import KEY_BYTES, NONCE_BYTES, SubjectKey
from ._folder import LogFolder

MASTER = "CHOPMARK_LOG_MASTER_KEY"
"""The environment variable that may have the master key: 32 bytes, in base64."""


class Subject(NamedTuple):
    """Whose content it is: a user, or all who called on a day without a user's id."""

    kind: str
    name: str

    @classmethod
    def of(cls, user: str, day: str) -> Subject:
        """Return the subject of a call by `user`, which may be empty, on `day` (2026-03-01)."""
        return cls("user", user) if user else cls("day", day)


@dataclass(frozen=True, slots=True)
class Master:
    """The key that wraps all others, and hides who they belong to."""

    secret: bytes = field(repr=False)

    def tag(self, subject: Subject) -> bytes:
        """Return the keyed hash under which a subject's key is found."""
        said = f"{subject.kind}:{subject.name}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key(b"index"), said, "sha256")

    def wrap(self, key: SubjectKey) -> bytes:
        """Return the key, encrypted."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key(b"wrap")).encrypt(nonce, key.secret, key.id)

    def unwrap(self, id: bytes, wrapped: bytes) -> SubjectKey:
        """Return the key that `wrap` encrypted.

        Raises:
            LogError: it was damaged.
        """
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return SubjectKey(id, AESGCM(self._key(b"wrap")).decrypt(nonce, sealed, id))
        except (InvalidTag, ValueError) as error:
            raise LogError(f"key {id.hex()} of keys.db is damaged") from error

    @property
    def check(self) -> bytes:
        """What tells this master key from another."""
        return self._key(b"check")

    @property
    def fingerprints(self) -> bytes:
        """The key that wraps those of fingerprints, by which texts are found again."""
        return self._key(b"fingerprints")

    def _key(self, use: bytes) -> bytes:
        return hmac.digest(self.secret, b"chopmark/log/" + use, "sha256")


def make_master(folder: LogFolder) -> None:
    """Make a master key in the folder of a log, unless there is one, there or elsewhere.

    Raises:
        OSError: it cannot be written.
    """
    if MASTER not in os.environ and not _master_file(folder).exists():
        secret = base64.b64encode(os.urandom(KEY_BYTES))
        write_private(_master_file(folder), secret + b"\n", new=True)


def read_master(folder: LogFolder) -> Master:
    """Return the master key: that of the environment, or else the one in the log's folder.

    Raises:
        LogError: there is none, it is no key, or others than its owner can read it.
    """
    text: str | bytes | None = os.environ.get(MASTER)
    where = MASTER
    if text is None:
        file = _master_file(folder)
        where = repr(str(file))
        try:
            text = read_private(file)
        except OSError as error:
            raise LogError(
                f"master key {where}: {error.strerror}; put it back, bring it from a machine that "
                f"shares the log, or set {MASTER}"
            ) from error
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise LogError(f"{where} is no master key: {KEY_BYTES} bytes in base64")
    return Master(secret)


def own_master(folder: LogFolder, check: bytes) -> Master:
    """Return the master key, which must be that of the log's keys, whose `check` is given.

    Raises:
        LogError: it is another, or `read_master` has none.
    """
    master = read_master(folder)
    if not hmac.compare_digest(check, master.check):
        raise LogError(
            f"the master key is not that of log {str(folder.path)!r}; put its master.key back, or "
            f"the right key into {MASTER}"
        )
    return master


def _master_file(folder: LogFolder) -> Path:
    return folder.path / "master.key"
