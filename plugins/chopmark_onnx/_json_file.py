"""Reads the JSON files of a model folder; of every mistake the error names file, key and cure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chopmark import ModelError

_MOST_BYTES = 16 * 1024 * 1024


class JsonFile:
    """The object in one JSON file. A file that is not there, where it may be, is an empty one."""

    def __init__(self, path: Path, *, needed: bool) -> None:
        self.path = path
        self.data: Mapping[str, Any] = {}
        try:
            if not path.is_file() and not needed:
                return
            if path.stat().st_size > _MOST_BYTES:
                raise ModelError(f"{str(path)!r} is over 16 MiB, which no such file needs")
            data = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ModelError(
                f"{str(path)!r} cannot be read ({error.strerror}); a model folder needs it"
            ) from error
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{str(path)!r} is not JSON: {error}; copy it again") from error
        if not isinstance(data, dict):
            raise ModelError(f"{str(path)!r} holds no JSON object; copy it again")
        self.data = data

    def wrong(self, key: str, value: object, cure: str) -> ModelError:
        """Return the error that `value` of `key` cannot be used."""
        shown = repr(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return ModelError(f"{str(self.path)!r}, key {key!r}: {shown} cannot be used; {cure}")

    def whole(self, key: str) -> int | None:
        """Return a whole number of at least 0, or None where the key is not there."""
        value = self.data.get(key)
        if value is None:
            return None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0 or value != int(value):
            raise self.wrong(key, value, "give a whole number")
        return int(value)

    def text(self, key: str) -> str:
        """Return a string, empty where the key is not there."""
        value = self.data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(key, value, "give a string")
        return value

    def table(self, key: str) -> Mapping[str, Any]:
        """Return an object, empty where the key is not there."""
        value = self.data.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(key, value, "give an object")
        return value

    def number(self, key: str, value: object, low: float, high: float) -> float:
        """Return `value` of `key` as a number from `low` to `high`."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.wrong(key, value, f"give a number from {low:g} to {high:g}")
        if not low <= value <= high:
            raise self.wrong(key, value, f"give a number from {low:g} to {high:g}")
        return float(value)
