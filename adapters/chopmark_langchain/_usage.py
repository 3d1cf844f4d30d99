"""Adds up the token counts of one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chopmark import Usage


class Count:
    """The sum of what came: providers spread their counts over the pieces of a stream."""

    def __init__(self) -> None:
        self._input = self._output = 0

    def add(self, counted: Mapping[str, Any] | None) -> Usage | None:
        """Return the sum with `counted`, None where nothing was counted now."""
        if not counted:
            return None
        self._input += counted.get("input_tokens") or 0
        self._output += counted.get("output_tokens") or 0
        return Usage(input_tokens=self._input, output_tokens=self._output)
