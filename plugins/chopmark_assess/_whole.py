"""Writes a file whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from ._errors import AssessError


def write(path: Path, text: str) -> None:
    """Write `text` into the file at `path`, and make its folder where there is none.

    Raises:
        AssessError: it could not be written; what was there before still is.
    """
    beside = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise AssessError(
            f"{path} cannot be written ({error.strerror}); make room, or name another folder"
        ) from error
