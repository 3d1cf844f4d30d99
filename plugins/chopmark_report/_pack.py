"""Writes an evidence pack: the files, an index by provision, and a signed manifest."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from chopmark import ChopmarkError, __version__
from chopmark.hookspecs import Evidence, Signer
from chopmark.wording import Wording

from ._index import Written, index

FORM = "chopmark/evidence/1"
MANIFEST, SIGNATURE, INDEX = "manifest.json", "manifest.sig", "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What was written: `failed` of it could not be, and the index says why."""

    written: Sequence[Written]
    failed: Sequence[Written]
    signed_by: str


def write_pack(
    folder: Path,
    evidence: Iterable[tuple[str, Evidence]],
    *,
    policy: str,
    signer: Signer | None,
    words: Wording,
    told: Callable[[str], object] = lambda path: None,
) -> Pack:
    """Write the pack as `folder`, whole or not at all.

    Args:
        folder: what is made; it must not exist.
        evidence: what to write, with the name of the plugin that has it.
        policy: `name@digest` of the policy that it is about.
        signer: signs the manifest, where there is one.
        words: of the index, in its language.
        told: is told of each path before it is written.

    Raises:
        ChopmarkError: the folder exists, or cannot be written.
    """
    if folder.exists():
        raise ChopmarkError(f"{folder} is there already; name a new folder")
    try:
        with tempfile.TemporaryDirectory(prefix=".chopmark-", dir=folder.parent) as name:
            made = Path(name) / "pack"
            made.mkdir()
            pack = _write(made, evidence, policy, signer, words, told)
            os.rename(made, folder)
    except OSError as error:
        raise ChopmarkError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    return pack


def faults_of(folder: Path) -> list[str]:
    """Return, as sentences, where the files of a pack are not those of its manifest.

    Raises:
        ChopmarkError: it is no pack.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        told = {str(file["path"]): str(file["sha256"]) for file in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChopmarkError(f"{folder} is no evidence pack: {error}") from error
    found = {file["path"]: file["sha256"] for file in _files(folder)}
    faults = [f"{path} is missing" for path in sorted(told.keys() - found.keys())]
    faults += [f"{path} was added" for path in sorted(found.keys() - told.keys())]
    return faults + [
        f"{path} was changed" for path in sorted(told.keys() & found.keys())
        if told[path] != found[path]
    ]  # fmt: skip


def _write(
    made: Path,
    evidence: Iterable[tuple[str, Evidence]],
    policy: str,
    signer: Signer | None,
    words: Wording,
    told: Callable[[str], object],
) -> Pack:
    written: list[Written] = []
    for plugin, one in evidence:
        path = PurePosixPath(plugin) / one.path
        if path.is_absolute() or ".." in path.parts:
            raise ChopmarkError(f"plugin {plugin!r}: its evidence has the path {one.path!r}")
        told(str(path))
        at = made / path
        at.parent.mkdir(parents=True, exist_ok=True)
        try:
            one.write(at)
            problem = "" if at.exists() else "nothing was written"
        except Exception as error:  # noqa: BLE001  the plugin border
            # Ours are written to be read; of another's the kind may say the most.
            kind = "" if isinstance(error, ChopmarkError) else f"{type(error).__name__}: "
            problem = f"{kind}{error}"
            _remove(at)
        written.append(Written(path=str(path), title=one.title, shows=one.shows, problem=problem))
    (made / INDEX).write_text(index(policy, written, words), "utf-8")
    manifest: dict[str, Any] = {
        "form": FORM,
        "made": time.time_ns() // 1_000_000,
        "chopmark": __version__,
        "policy": policy,
        "files": _files(made),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    (made / MANIFEST).write_bytes(text)
    if signer is not None:
        signature = {
            "key": signer.key_id,
            "signer": signer.name,
            "signature": base64.b64encode(signer.sign(text)).decode(),
        }
        (made / SIGNATURE).write_text(json.dumps(signature) + "\n", "utf-8")
    return Pack(
        written=[one for one in written if not one.problem],
        failed=[one for one in written if one.problem],
        signed_by=signer.key_id if signer is not None else "",
    )


def _files(folder: Path) -> list[dict[str, Any]]:
    """Return every file of a pack but the manifest and its signature."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in (MANIFEST, SIGNATURE):
            with path.open("rb") as file:
                digest = hashlib.sha256()
                while block := file.read(1 << 20):
                    digest.update(block)
            found.append({"path": name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()})
    return found


def _remove(path: Path) -> None:
    """Take away what was half written."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
