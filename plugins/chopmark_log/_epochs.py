"""The keys of fingerprints: one for each 30 days, destroyed when none of its texts is kept.

They are random, and beside the fingerprints, in a file of rows that are written over where they
stand: wrapped by what follows from the master key, and made anew where that is another one.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chopmark import LogError

from ._files import sync_folder

SPAN = 30 * 86_400_000
"""The milliseconds of an epoch; they are counted from 1970 on."""
KEY_BYTES = 32
FILE = "keys"
"""The name of the file, in the folder of the fingerprints."""
_ROW = struct.Struct("<Q12s48s")  # of a key that was destroyed all of it is 0
_NUMBER = struct.Struct("<Q")


def epoch_of(time: int) -> int:
    """Return the epoch of a time, milliseconds since 1970."""
    return max(0, time) // SPAN


class Epochs:
    """The keys in a folder. It is changed by who holds the lock of the folder's segments."""

    def __init__(self, folder: Path, wrapping: bytes) -> None:
        """Take the key of 32 bytes that wraps them."""
        self._path, self._cipher = folder / FILE, AESGCM(wrapping)

    def read(self) -> dict[int, bytes]:
        """Return the keys by their epochs, those alone that can be unwrapped.

        Raises:
            LogError: the file cannot be read.
        """
        found = {}
        for number, nonce, sealed in _rows(self._path):
            try:
                found[number] = self._cipher.decrypt(nonce, sealed, _NUMBER.pack(number))
            except InvalidTag:
                continue  # of another master key, or damaged: what is under it is made anew
        return found

    def make(self, number: int) -> bytes:
        """Make and keep the key of an epoch that has none, and return it.

        Raises:
            OSError: it cannot be written.
        """
        key, nonce = os.urandom(KEY_BYTES), os.urandom(12)
        row = _ROW.pack(number + 1, nonce, self._cipher.encrypt(nonce, key, _NUMBER.pack(number)))
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            whole = os.fstat(file).st_size // _ROW.size
            os.pwrite(file, row, whole * _ROW.size)  # over what a crash left of one
            os.fsync(file)
        finally:
            os.close(file)
        sync_folder(self._path.parent)
        return key


def epochs_in(folder: Path) -> set[int]:
    """Return the epochs that have keys in a folder.

    Raises:
        LogError: the file cannot be read.
    """
    return {number for number, _, _ in _rows(folder / FILE)}


def destroy(folder: Path, numbers: set[int]) -> None:
    """Write zeros over the keys of epochs.

    Raises:
        OSError: they cannot be written.
    """
    file = os.open(folder / FILE, os.O_RDWR | os.O_CLOEXEC)
    try:
        for at in range(0, os.fstat(file).st_size - _ROW.size + 1, _ROW.size):
            if _NUMBER.unpack(os.pread(file, _NUMBER.size, at))[0] - 1 in numbers:
                os.pwrite(file, bytes(_ROW.size), at)
        os.fsync(file)
    finally:
        os.close(file)


def _rows(path: Path) -> list[tuple[int, bytes, bytes]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LogError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    whole = len(data) // _ROW.size * _ROW.size
    return [
        (number - 1, nonce, sealed)
        for number, nonce, sealed in _ROW.iter_unpack(data[:whole])
        if number
    ]
