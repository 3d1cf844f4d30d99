"""Makes the file of a list of one's own: empty, or with the entries of another."""

from __future__ import annotations

from datetime import date

from ._errors import ListError
from ._lists import WordList
from ._read import read_bytes
from ._write import write_toml


def own_list(name: str, language: str, today: date, like: WordList | None = None) -> bytes:
    """Return a TOML list called `name`; its version is the day on which it was made.

    Raises:
        ListError: the name or the language is none.
    """
    entries = like.entries if like else ()
    made = WordList(
        name=name, version=today.isoformat(), language=language, source=name, entries=entries
    )
    data = write_toml(made).encode()
    reading = read_bytes(f"{name}.toml", data)
    if reading.words is None:
        raise ListError(str(reading.faults[0]))
    return data
