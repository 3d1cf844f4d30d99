"""A target that was asked before: its answers are in a file, in any order, matched by id."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ._answer import Reply
from ._bank import Case
from ._errors import AssessError
from ._rows import read_sheet

_ID = ("id", "case")
_TEXT = ("answer", "text")


class RecordedTarget:
    """Answers out of a `.jsonl` or `.csv` file with `id` and `answer`, or out of another run.

    Raises:
        AssessError: a line is broken, or two lines say different things for one id.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        sheet = read_sheet(path, needs="")
        if sheet.faults:
            raise AssessError("\n".join(map(str, sheet.faults[:20])))
        self._replies: dict[str, tuple[int, Reply]] = {}
        for row in sheet.rows:
            cells = row.cells
            if cells.get("error"):
                continue  # of a run: there was no answer
            ident = next((cells[key] for key in _ID if key in cells), None)
            text = next((cells[key] for key in _TEXT if key in cells), None)
            if ident is None or not isinstance(text, str):
                raise AssessError(
                    f"{path}:{row.line}: no `id` and `answer`; write both, the answer as a text"
                )
            reply = Reply(text=text, blocked=cells.get("blocked") is True)
            line, other = self._replies.setdefault(str(ident), (row.line, reply))
            if other != reply:
                raise AssessError(
                    f"{path}:{row.line}: another answer to {str(ident)!r} than in line {line}; "
                    "keep one"
                )

    def ask(self, case: Case, timeout: float) -> Reply:
        """Return the answer that was recorded."""
        found = self._replies.get(case.id)
        if found is None:
            raise AssessError(f"no answer to {case.id!r} in {self.name}")
        return found[1]

    def strangers(self, cases: Iterable[Case]) -> list[str]:
        """Return the ids of answers that belong to none of `cases`."""
        return sorted(self._replies.keys() - {case.id for case in cases})

    def close(self) -> None:
        """There is nothing to let go of."""
