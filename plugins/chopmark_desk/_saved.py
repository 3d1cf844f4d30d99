"""Keeps in the desk's folder what was read of the log: the next desk reads only what is new.

It is a shortcut and no record: what is not there, is of another version, or is of another log than
the one that is read, is passed over, and all is read again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chopmark import __version__
from chopmark.hookspecs import Entry
from chopmark.private import read_private, write_private

_FORM = f"chopmark/desk/counts/1 {__version__}"
_logger = logging.getLogger("chopmark")


def load(path: Path) -> dict[str, Any] | None:
    """Return what was saved in the file, None where there is nothing that can be used."""
    try:
        found = json.loads(gzip.decompress(read_private(path)))
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("form") == _FORM else None


def save(path: Path, data: Mapping[str, Any]) -> None:
    """Write the file, whole or not at all; where that fails, the next desk reads all again."""
    whole = json.dumps({"form": _FORM, **data}, separators=(",", ":")).encode()
    try:
        write_private(path, gzip.compress(whole, 1))
    except OSError as error:
        _logger.warning("desk: %s cannot be written: %s", path, error.strerror)


def mark_of(entry: Entry) -> list[Any]:
    """Return what tells an entry from one that another log has at its place."""
    said = json.dumps(entry.said, sort_keys=True, default=str).encode()
    return [entry.place, hashlib.sha256(said).hexdigest()]
