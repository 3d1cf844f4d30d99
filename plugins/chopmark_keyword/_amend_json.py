"""Changes an entry in the text of a JSON list, which is written anew in the order that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ._amend_toml import merged


def amended(text: str, at: int | None, given: Mapping[str, str]) -> str:
    """Return `text` with the entry of index `at` changed, or with a new one."""
    data = json.loads(text)
    defaults, entries = data.get("defaults", {}), data["entries"]
    row = merged({} if at is None else entries[at], given, defaults)
    data["entries"] = [*entries, row] if at is None else [*entries[:at], row, *entries[at + 1 :]]
    indent = re.search(r"\n([ \t]+)\S", text)
    return json.dumps(data, ensure_ascii=False, indent=indent[1] if indent else 1) + "\n"
