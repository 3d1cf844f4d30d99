"""Opens targets: `module:attribute`, an OpenAI-compatible server's URL, or a file of answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ._address import hide, is_address
from ._answer import Target
from ._errors import AssessError


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How servers are asked. The key is read from the environment variable `key_from`."""

    model: str = ""
    system: str = ""
    key_from: str = "OPENAI_API_KEY"
    temperature: float | None = None
    max_tokens: int | None = None


def open_target(name: str, asking: Asking) -> Target:
    """Return the target `name`.

    Raises:
        AssessError: it is none of the three, or cannot be opened.
    """
    if is_address(name):
        from ._target_url import UrlTarget

        return UrlTarget(name, asking)
    if Path(name).suffix.casefold() in (".jsonl", ".csv"):
        from ._target_recorded import RecordedTarget

        return RecordedTarget(Path(name))
    if re.fullmatch(r"[\w.]+:[\w.]+", name):
        from ._target_python import PythonTarget

        return PythonTarget(name)
    raise AssessError(
        f"target {hide(name)!r} is none; write module:attribute, the URL of an OpenAI-compatible "
        "server such as http://127.0.0.1:8000/v1, or a .jsonl or .csv file of answers"
    )
