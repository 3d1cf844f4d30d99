"""Adds an entry to a word list, by plugin `keyword`, which reads it and knows how it is written.

It is loaded when the first entry is added: to take complaints and decide them, none wants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ._errors import ComplaintError


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: the name of its list, and its number there, from 1."""

    list: str
    number: int


def append(path: Path, cells: Mapping[str, str]) -> Place:
    """Add the entry that has `cells` by column to the list at `path`, and return where it is.

    One that is there already, the same in all of them, is left as it is.

    Raises:
        ComplaintError: the file is no list, cannot be written, has the term with another meaning,
            no list could have the entry, or a package is missing.
    """
    try:
        from chopmark_keyword import (
            Amendment,
            ListError,
            amend,
            digest_of,
            read_bytes,
            replace_list,
            written,
        )
    except ImportError as error:
        raise ComplaintError(
            f"word lists are changed by plugin 'keyword', which needs {error.name}; install with: "
            "pip install 'chopmark[words]'"
        ) from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ComplaintError(
            f"list {path} cannot be read ({error.strerror}); make one with `chopmark words import`"
        ) from error
    wanted = {column: value.strip() for column, value in cells.items()}
    wanted["category"] = wanted["category"].removeprefix("keyword.")
    words = read_bytes(str(path), data).words
    if words is not None:
        for entry in words.entries:
            if wanted.items() <= written(entry).items():
                return Place(words.name, entry.number)
    try:
        made = amend(str(path), data, Amendment(cells=wanted))
        replace_list(path, made.data, digest_of(data), noted=lambda: None)
    except ListError as error:
        raise ComplaintError(str(error)) from error
    return Place(made.words.name, made.entry.number)
