"""The ring in a file: JSON that its owner alone can read."""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any

from chopmark.private import read_private, write_private

from ._ring import Master, Ring, RingError

_VERSION = 1
_FIELDS = ("id", "secret", "state", "since", "until")


def read_ring(path: str | os.PathLike[str]) -> Ring:
    """Return the ring in the file `path`.

    Raises:
        RingError: it cannot be read, is no ring, or others than its owner can read it.
    """
    file = Path(path)
    try:
        text = read_private(file)
    except FileNotFoundError as error:
        cure = "make one with `chopmark watermark keys new FILE`"
        raise RingError(f"ring {str(file)!r}: {error.strerror}; {cure}") from error
    except OSError as error:
        raise RingError(f"ring {str(file)!r}: {error.strerror}") from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RingError(f"ring {str(file)!r} is not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise RingError(f"ring {str(file)!r} is no ring of version {_VERSION}")
    keys = data.get("keys")
    if not isinstance(keys, list):
        raise RingError(f"ring {str(file)!r}: 'keys' is no list")
    try:
        return Ring(tuple(_master(key) for key in keys))
    except RingError as error:
        raise RingError(f"ring {str(file)!r}: {error}") from None


def write_ring(ring: Ring, path: str | os.PathLike[str], *, new: bool = False) -> None:
    """Write the ring to `path`, whole or not at all, readable by its owner alone.

    Raises:
        RingError: it cannot be written, or is there already and should be new.
    """
    file = Path(path)
    data = {
        "version": _VERSION,
        "keys": [
            {
                "id": master.id,
                "secret": base64.b64encode(master.secret).decode(),
                "state": master.state,
                "since": master.since,
                "until": master.until,
            }
            for master in ring.masters
        ],
    }
    try:
        write_private(file, f"{json.dumps(data, indent=2)}\n".encode(), new=new)
    except FileExistsError:
        raise RingError(f"ring {str(file)!r} is there already; nothing was changed") from None
    except OSError as error:
        raise RingError(f"ring {str(file)!r} cannot be written: {error.strerror}") from error


def _master(data: Any) -> Master:
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in _FIELDS):
        raise RingError(f"a key must have the texts {', '.join(_FIELDS)}")
    try:
        secret = base64.b64decode(data["secret"], validate=True)
    except binascii.Error:
        raise RingError(f"key {data['id']!r}: its secret is not base64") from None
    return Master(
        id=data["id"],
        secret=secret,
        state=data["state"],
        since=data["since"],
        until=data["until"],
    )
