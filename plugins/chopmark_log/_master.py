"""The master key of a log: it wraps the keys of subjects, and hides who they belong to.

It is in the log's folder, readable by its owner alone, or better in the environment, from where no
copy of the folder takes it. Beside it there may be the next one, while it is being changed
(`_rotate`): which of the two is in force is what the log's keys say.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chopmark import LogError
from chopmark.private import read_private, write_private

from ._content import KEY_BYTES, NONCE_BYTES, SubjectKey
from ._folder import LogFolder
from ._subject import Keys

MASTER = "CHOPMARK_LOG_MASTER_KEY"
"""The environment variable that may have the master key: 32 bytes, in base64."""
NEXT = f"{MASTER}_NEXT"
"""The environment variable with the one that `chopmark log keys rotate` puts in its place."""
FILES = FILE, NEXT_FILE = "master.key", "master.next"
_EARLIER = b"earlier"


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
    """The key that wraps all others, and hides who they belong to.

    Args:
        secret: the key.
        earlier: what hid the subjects under the master keys before it, the first one first. A tag
            is the keyed hash of the one before, since the subjects themselves are kept nowhere.
    """

    secret: bytes = field(repr=False)
    earlier: tuple[bytes, ...] = field(default=(), repr=False)

    def tag(self, subject: Subject) -> bytes:
        """Return the keyed hash under which a subject's key is found."""
        said = f"{subject.kind}:{subject.name}".encode("utf-8", "surrogatepass")
        for key in self.earlier:
            said = hmac.digest(key, said, "sha256")
        return self.retag(said)

    def retag(self, tag: bytes) -> bytes:
        """Return the tag of the subject whose tag it was under the master key before."""
        return hmac.digest(self._key(b"index"), tag, "sha256")

    def followed_by(self, secret: bytes) -> Master:
        """Return the master key `secret` in the place of this one."""
        return Master(secret, (*self.earlier, self._key(b"index")))

    def wrap_earlier(self) -> bytes:
        """Return `earlier`, encrypted, for who reads this key again."""
        return self.wrap(SubjectKey(_EARLIER, b"".join(self.earlier)))

    def with_earlier(self, wrapped: bytes) -> Master:
        """Return this key with what `wrap_earlier` encrypted."""
        data = self.unwrap(_EARLIER, wrapped).secret
        return Master(
            self.secret, tuple(data[at : at + KEY_BYTES] for at in range(0, len(data), KEY_BYTES))
        )

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
    if MASTER not in os.environ and not (folder.path / FILE).exists():
        write_private(folder.path / FILE, f"{new_secret()}\n".encode(), new=True)


def read_master(folder: LogFolder) -> Master:
    """Return the master key: that of the environment, or else the one in the log's folder.

    Raises:
        LogError: there is none, it is no key, or others than its owner can read it.
    """
    text = os.environ.get(MASTER)
    return _parse(text, MASTER) if text is not None else _read(folder.path / FILE)


def own_master(
    folder: LogFolder, check: bytes, earlier: bytes = b"", retired: bytes = b""
) -> Master:
    """Return the master key that is that of the log's keys.

    Args:
        folder: that of the log.
        check: what the log's keys say of it.
        earlier: `Master.wrap_earlier` of it, where there is.
        retired: the checks of those before it, side by side.

    Raises:
        LogError: it is nowhere to be found.
    """
    found: list[str] = []
    for where, one in masters(folder):
        if isinstance(one, Master) and not (where in FILES and MASTER in os.environ):
            if hmac.compare_digest(check, one.check):
                return one.with_earlier(earlier) if earlier else one
            found.append(where if not is_retired(one, retired) else f"{where}, which was given up")
    if not found:
        read_master(folder)  # says why
    raise LogError(
        f"the master key is not that of log {str(folder.path)!r}, which has {', '.join(found)}; "
        f"put its master.key back, or the right key into {MASTER}"
    )


def master_of(folder: LogFolder, keys: Keys) -> Master:
    """Return the master key by which the log's keys can be found and read.

    Raises:
        LogError: it is nowhere to be found.
    """
    return own_master(folder, keys.check, keys.earlier, keys.retired)


def masters(folder: LogFolder) -> Iterator[tuple[str, Master | LogError]]:
    """Yield where master keys may be, and each that is there, or why it cannot be read."""
    for name in (MASTER, NEXT):
        text = os.environ.get(name)
        if text is not None:
            yield name, _try(_parse, text, name)
    for file in (FILE, NEXT_FILE):
        if (folder.path / file).exists():
            yield file, _try(_read, folder.path / file)


def is_retired(master: Master, retired: bytes) -> bool:
    """Return whether its check is one of `retired`, which are side by side."""
    size = len(master.check)
    return master.check in {retired[at : at + size] for at in range(0, len(retired), size)}


def new_secret() -> str:
    """Return a new master key, in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _try(read: Callable[..., Master], *given: object) -> Master | LogError:
    try:
        return read(*given)
    except LogError as error:
        return error


def _read(file: Path) -> Master:
    try:
        return _parse(read_private(file), repr(str(file)))
    except OSError as error:
        raise LogError(
            f"master key {str(file)!r}: {error.strerror}; put it back, bring it from a machine "
            f"that shares the log, or set {MASTER}"
        ) from error


def _parse(text: str | bytes, where: str) -> Master:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise LogError(f"{where} is no master key: {KEY_BYTES} bytes in base64")
    return Master(secret)
