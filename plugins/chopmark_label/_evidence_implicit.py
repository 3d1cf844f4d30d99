"""The technical note on the implicit label, which stands for itself, and real files read back."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from chopmark import MarkError
from chopmark.showing import cell, table

from ._block import Aigc
from ._evidence_files import bare_files
from ._file_label import label_file, read_labels
from ._files._errors import FileError


def write_implicit(folder: Path, producer: str) -> None:
    """Label files of several formats in `folder`, read them back, and write the note on them.

    A format whose library is not installed is named with that.

    Raises:
        MarkError: a file did not give back what was written, or none could be labelled.
    """
    folder.mkdir(parents=True)
    block = Aigc(label="1", content_producer=producer, produce_id="example-0001")
    found = [_example(folder, name, data, block) for name, data in bare_files().items()]
    if not any(one["read_back"] for one in found):
        raise MarkError(f"no example could be labelled: {found[0]['problem']}")
    told = {"written": dict(block.fields()), "files": found}
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    (folder / "read-back.json").write_text(text, "utf-8")
    (folder / "technical-note.md").write_text(_note(block, found), "utf-8")


def _example(folder: Path, name: str, data: bytes, block: Aigc) -> dict[str, Any]:
    path = folder / f"labelled-{name}"
    path.write_bytes(data)
    try:
        where = label_file(path, path, block)
        form, blocks = read_labels(path)
    except FileError as error:
        path.unlink()
        return {"file": name, "read_back": False, "problem": error.what}
    if len(blocks) != 1 or dict(blocks[0].reading.fields) != dict(block.fields()):
        raise MarkError(f"{name} did not give back the block that was written")
    return {
        "file": path.name,
        "format": form,
        "where": where,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "blocks_in_the_file": len(blocks),
        "text": blocks[0].text,
        "fields": dict(blocks[0].reading.fields),
        "read_back": True,
    }


def _note(block: Aigc, found: list[dict[str, Any]]) -> str:
    values = {key: f"`{cell(value)}`" if value else "-" for key, value in block.fields().items()}
    rows = [
        (f"[{one['file']}]({one['file']})", one["format"], cell(one["where"]), "是 / yes",
         f"`{one['sha256']}`")
        if one["read_back"]
        else (one["file"], "-", cell(one["problem"]), "否 / no", "-")
        for one in found
    ]  # fmt: skip
    heads = ("文件 / FILE", "格式", "位置 / PLACE", "读回 / READ BACK", "SHA-256")
    note = Template((resources.files(__package__) / "implicit.md").read_text("utf-8"))
    return note.substitute(values, block=block.to_bare(), examples=table(heads, rows))
