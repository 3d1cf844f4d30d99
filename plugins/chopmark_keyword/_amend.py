"""Changes one entry of a list file; all else in it stays as it is, comments and order too.

What comes of a change is read again before anybody has it: there is one entry more, or another
one in the place of the old one, and every other is as it was. Else nothing is changed. TOML needs
the extra `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import _amend_csv as by_csv
from . import _amend_json as by_json
from . import _amend_toml as by_toml
from ._errors import ListError
from ._fold import fold
from ._lists import Entry, WordList
from ._read import read_bytes
from ._write import cells

_FORMS = {".toml": by_toml.amended, ".csv": by_csv.amended, ".json": by_json.amended}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change of one entry.

    `cells` are what is written by column (`term`, `category`, `level`, `reviewer`, `expires`,
    `folding`, `risks`): of a new entry where `old` is None, else what changes of the entry whose
    cells `old` has, as `written` returns them. An empty cell takes away what stood there.
    """

    cells: Mapping[str, str]
    old: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What came of a change: the file, the list in it, and the entry that is new or other."""

    data: bytes
    words: WordList
    entry: Entry


def written(entry: Entry) -> dict[str, str]:
    """Return what is written of `entry` by column, without what would be so anyway."""
    return {column: str(value) for column, value in cells(entry).items()}


def amend(name: str, data: bytes, amendment: Amendment) -> Amended:
    """Return the list file `name` of the bytes `data` with one entry changed.

    Raises:
        ListError: the file is broken, the entry cannot be so, a new term is in the list already,
            the old entry is not there any more, or the file is written so that it cannot be done.
    """
    before = _read(name, data)
    at = _place(before, amendment)
    given = {column: value.strip() for column, value in amendment.cells.items()}
    text = data.decode("utf-8-sig")
    made = _FORMS[Path(name).suffix.casefold()](text, at, given)
    if made is None:
        raise _unwritable(name)
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    after = mark + made.encode("utf-8", "surrogatepass")
    words = _read(name, after)
    if not _only_that(before, words, at, given):
        raise _unwritable(name)
    return Amended(data=after, words=words, entry=words.entries[-1 if at is None else at])


def find(words: WordList, old: Mapping[str, str]) -> Entry | None:
    """Return the entry of `words` of which `old` is written, None where there is none."""
    return next((entry for entry in words.entries if written(entry) == old), None)


def twin(words: WordList, term: str) -> Entry | None:
    """Return the entry of `words` whose term folds like `term`, None where there is none."""
    folded = fold(term).strip()
    return next((entry for entry in words.entries if entry.folded == folded), None)


def _place(words: WordList, amendment: Amendment) -> int | None:
    """Return the index of the entry that is to be changed, None for a new one."""
    if amendment.old is None:
        there = twin(words, amendment.cells.get("term", ""))
        if there is not None:
            raise ListError(
                f"the list has this term already, as {there.where} ({there.category}, "
                f"{there.level}); change that one"
            )
        return None
    found = find(words, amendment.old)
    if found is None:
        raise ListError(
            "the entry is not in the list any more as it was; look at the list, and propose anew"
        )
    return found.number - 1


def _read(name: str, data: bytes) -> WordList:
    reading = read_bytes(name, data)
    if reading.words is None:
        more = len(reading.faults) - 1
        rest = f" (and {more} more; see `chopmark words lint`)" if more else ""
        raise ListError(f"list {name}: {reading.faults[0]}{rest}")
    return reading.words


def _only_that(before: WordList, after: WordList, at: int | None, given: Mapping[str, str]) -> bool:
    kept = ("name", "version", "language")
    if any(getattr(before, key) != getattr(after, key) for key in kept):
        return False
    were, are = ([written(entry) for entry in words.entries] for words in (before, after))
    wanted = _plain(given)
    if at is None:
        new = are[-1] if are else {}
        return are[:-1] == were and all(new.get(key, "") == wanted[key] for key in wanted)
    changed = {key: value for key, value in {**were[at], **wanted}.items() if value}
    return are == [*were[:at], changed, *were[at + 1 :]]


def _plain(given: Mapping[str, str]) -> dict[str, str]:
    """Return cells as `written` has them."""
    found = dict(given)
    if "category" in found:
        found["category"] = found["category"].removeprefix("keyword.")
    if "risks" in found:
        found["risks"] = " ".join(dict.fromkeys(found["risks"].split()))
    return found


def _unwritable(name: str) -> ListError:
    return ListError(
        f"list {name} is written so that this cannot be changed in it alone; write it anew by "
        "`chopmark words export FILE --to NEW`, which keeps its entries and not its comments, and "
        "put that in its place"
    )
