"""Gives out the examples of corrections for retraining, as JSON Lines.

Each line has a text, the label that it should have had, and the number of the complaint; neither
who complained nor whose call it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chopmark.private import write_private

from ._complaint import CORRECTED, EXPORTED, RECEIVED
from ._errors import ComplaintError
from ._register import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was written: how many examples, of how many complaints, and the file's SHA-256."""

    path: Path
    examples: int
    complaints: int
    sha256: str


def export(register: Register, path: Path, clean: Callable[[str], str], *, actor: str) -> Export:
    """Write the examples that are kept to the new file `path`, and record that they were given out.

    `clean` takes our own marks off a text: a model shall not learn to write them. The file is for
    its owner alone. `erase` says which exports have a text that is erased later.

    Raises:
        ComplaintError: there is no example, or the file is there already.
    """
    lines, complaints = _lines(register, clean)
    if not lines:
        raise ComplaintError(
            "there is no example; `chopmark complaints correct ID --label LABEL` makes one"
        )
    data = "".join(lines).encode("utf-8", "backslashreplace")
    made = Export(
        path=path, examples=len(lines), complaints=len(complaints),
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip

    def written() -> dict[str, str | int | bool]:
        try:
            write_private(path, data, new=True)
        except OSError as error:
            raise ComplaintError(
                f"{path} cannot be written ({error.strerror}); name a new file in a folder"
            ) from error
        return {"examples": made.examples, "sha256": made.sha256}

    register.take(EXPORTED, EXPORTED, actor=actor, about=complaints, meanwhile=written)
    return made


def _lines(register: Register, clean: Callable[[str], str]) -> tuple[list[str], list[str]]:
    lines: list[str] = []
    complaints: dict[str, None] = {}
    for subject, steps in register.store.all_steps(RECEIVED).items():
        texts = register.store.texts(subject)
        for step in steps:
            if step.kind == CORRECTED and "example" in texts.get(step.id, {}):
                line = {
                    "text": clean(texts[step.id]["example"].value),
                    "label": step.data["label"],
                    "complaint": subject,
                }
                lines.append(json.dumps(line, ensure_ascii=False) + "\n")
                complaints[subject] = None
    return lines, list(complaints)
