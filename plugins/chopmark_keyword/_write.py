"""Writes word lists: as TOML, CSV or JSON, which can be read again, or as bare terms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ._lists import Entry, WordList

COLUMNS = ("term", "category", "level", "reviewer", "expires", "score", "folding", "risks")


def cells(entry: Entry) -> dict[str, object]:
    """Return what is written of `entry`, without what would be so anyway."""
    found: dict[str, object] = {
        "term": entry.term,
        "category": entry.category.removeprefix("keyword."),
        "level": entry.level,
        "reviewer": entry.reviewer,
    }
    if entry.expires is not None:
        found["expires"] = entry.expires.isoformat()
    if entry.score != 1.0:
        found["score"] = entry.score
    if entry.folding is not None:
        found["folding"] = entry.folding
    if entry.risks:
        found["risks"] = " ".join(entry.risks)
    return found


def write_toml(words: WordList) -> str:
    """Return `words` as a TOML list, one entry a line."""
    head = [f"{key} = {quoted(getattr(words, key))}\n" for key in ("name", "version", "language")]
    rows = []
    for entry in words.entries:
        pairs = ", ".join(
            f"{key} = {value if isinstance(value, float) or key == 'expires' else quoted(value)}"
            for key, value in cells(entry).items()
        )
        rows.append(f"    {{ {pairs} }},\n")
    return "".join([*head, "\nentries = [\n", *rows, "]\n"])


def write_csv(words: WordList) -> str:
    """Return `words` as a CSV list, with the columns that some entry fills."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for key in ("name", "version", "language"):
        writer.writerow([f"# {key}: {getattr(words, key)}"])
    rows = [cells(entry) for entry in words.entries]
    header = [key for key in COLUMNS if key in COLUMNS[:4] or any(key in row for row in rows)]
    writer.writerow(header)
    writer.writerows([[row.get(key, "") for key in header] for row in rows])
    return out.getvalue()


def write_json(words: WordList) -> str:
    """Return `words` as a JSON list."""
    data = {
        "name": words.name,
        "version": words.version,
        "language": words.language,
        "entries": [cells(entry) for entry in words.entries],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def write_terms(words: WordList) -> str:
    """Return the bare terms, one a line, for programs that know nothing else."""
    return "".join(f"{' '.join(entry.term.split())}\n" for entry in words.entries)


WRITERS: Mapping[str, Callable[[WordList], str]] = MappingProxyType(
    {".toml": write_toml, ".csv": write_csv, ".json": write_json, ".txt": write_terms}
)
"""How to write a list, by the suffix of the file."""


def quoted(value: object) -> str:
    """Return a string as TOML writes it: as JSON does, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
