"""Reads the files of public sets into rows: cells by column, with the file's name as `file`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ._errors import AssessError

Cells = Mapping[str, str]
_STRANGE = (
    AttributeError, LookupError, RecursionError, TypeError, ValueError, csv.Error,
)  # fmt: skip


def read_rows(file: Path, form: str, encoding: str, within: str) -> Iterator[Cells]:
    """Yield the rows of `file`, which has the format `form`; `within` is a key in JSON.

    Raises:
        AssessError: it cannot be read, or is not in this format.
    """
    text = _text_of(file, encoding)
    try:
        for row in _FORMATS[form](text, within):
            yield {**row, "file": file.name}
    except _STRANGE as error:
        raise AssessError(
            f"{file} is not as the set has it ({type(error).__name__}: {error}); take it from the "
            "set again"
        ) from error


def _text_of(file: Path, encoding: str) -> str:
    try:
        return file.read_bytes().decode(encoding)
    except OSError as error:
        raise AssessError(
            f"{file} cannot be read ({error.strerror}); give the set's folder"
        ) from error
    except UnicodeDecodeError as error:
        raise AssessError(f"{file} is not in {encoding} at byte {error.start}") from error


def _csv(text: str, within: str) -> Iterator[Cells]:
    table = re.sub(r"\A(#[^\n]*\n)+", "", text)  # what PyRIT says of a file
    for row in csv.DictReader(io.StringIO(table, newline="")):
        yield {key: value or "" for key, value in row.items() if key is not None}


def _lines(text: str, within: str) -> Iterator[Cells]:
    for line in text.split("\n"):
        yield {"text": line}


def _jsonl(text: str, within: str) -> Iterator[Cells]:
    for line in text.split("\n"):
        if line.strip():
            yield _cells(json.loads(line))


def _json(text: str, within: str) -> Iterator[Cells]:
    data = json.loads(text)
    if within:
        data = data[within]
    if isinstance(data, dict):  # lists of texts, by what they are about
        data = [one for texts in data.values() for one in texts]
    for one in data:
        yield _cells(one)


def _seed_tasks(text: str, within: str) -> Iterator[Cells]:
    for line in filter(str.strip, text.split("\n")):
        data = json.loads(line)
        given = next((one["input"] for one in data["instances"] if one["input"]), "")
        yield {"instruction": data["instruction"], "input": given}


def _cells(one: Any) -> Cells:
    if isinstance(one, str):
        return {"text": one}
    return {key: _cell(value) for key, value in one.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):  # what a question lets one choose from
        return "\n".join(f"{chr(65 + number)}. {one}" for number, one in enumerate(value))
    return str(value)


_FORMATS: Mapping[str, Callable[[str, str], Iterator[Cells]]] = {
    "csv": _csv, "lines": _lines, "json": _json, "jsonl": _jsonl, "seed-tasks": _seed_tasks,
}  # fmt: skip
