"""Changes an entry in the text of a JSON list, which is written anew in the order that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ._amend_toml import change


def amended(text: str, at: int | None, given: Mapping[str, str]) -> str:
    """Return `text` with the entry of index `at` changed, or with a new one."""
    data = json.loads(text)
    defaults, entries = data.get("defaults", {}), data["entries"]
    if at is None:
        entries.append({})
    change(entries[-1 if at is None else at], given, defaults)
    indent = re.search(r"\n([ \t]+)\S", text)
    return json.dumps(data, ensure_ascii=False, indent=indent[1] if indent else 1) + "\n"
