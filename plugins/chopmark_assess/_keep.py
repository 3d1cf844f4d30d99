"""Keeps cases of a run as a bank that tests ask again: `pytest --chopmark-bank FILE`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from ._bank import Case
from ._errors import AssessError
from ._rows import read_sheet
from ._run import Run


def keep(run: Run, cases: Sequence[Case], file: Path, today: date) -> tuple[int, int]:
    """Append `cases` of `run` to the bank `file`; return how many, and how many were there.

    A new file says what was asked, for tests that are not told another target.

    Raises:
        AssessError: `file` is no `.jsonl` file, or is broken.
    """
    if file.suffix != ".jsonl":
        raise AssessError(f"{file}: write a name that ends with .jsonl")
    there: set[object] = set()
    lines: list[Mapping[str, object]] = []
    if file.exists():
        sheet = read_sheet(file)
        if sheet.faults:
            raise AssessError("\n".join(map(str, sheet.faults[:5])))
        there = {row.cells.get("id") for row in sheet.rows}
    else:
        about = {"name": file.stem, "target": run.about["plan"]["target"]}
        lines.append({"bank": about})
    new = [case for case in cases if case.id not in there]
    lines += [_line(case, run, today) for case in new]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with file.open("a+b") as out:
        if out.tell() and not _ends(file):
            text = "\n" + text
        out.write(text.encode("utf-8", "backslashreplace"))
    return len(new), len(cases) - len(new)


def _ends(file: Path) -> bool:
    return file.read_bytes().endswith(b"\n")


def _line(case: Case, run: Run, today: date) -> dict[str, object]:
    line = {
        "id": case.id, "kind": case.kind, "codes": list(case.codes), "text": case.text,
        "language": case.language, "annotator": case.annotator, "date": today.isoformat(),
        "source": f"run of {run.about['begun'][:10]}",
    }  # fmt: skip
    return {key: value for key, value in line.items() if value}
