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
from typing import Any, Literal

from chopmark import ChopmarkError, __version__
from chopmark.hookspecs import Evidence, Signer
from chopmark.showing import cell
from chopmark.wording import Wording

from ._index import Written, index
from ._signature import PublicKey, Signature

FORM = "chopmark/evidence/1"
MANIFEST, SIGNATURE, INDEX = "manifest.json", "manifest.sig", "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """What was written: `failed` of it could not be, and the index says why.

    `signer` signed the manifest, by the key of the id `signed_by`; both are "" where nobody did.
    """

    written: Sequence[Written]
    failed: Sequence[Written]
    signer: str
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of a pack: where it is not what was written, and what its signature says.

    `signer` and the id `key` are those of a signature that holds or fails by a key that is known,
    and else what the pack says itself.
    """

    faults: Sequence[str]
    signature: Literal["holds", "fails", "unchecked", "none"]
    signer: str = ""
    key: str = ""


def write_pack(
    folder: Path,
    evidence: Iterable[tuple[str, Evidence]],
    *,
    policy: str,
    signer: Signer | None,
    unsigned: str = "",
    words: Wording,
    told: Callable[[str], object] = lambda path: None,
) -> Pack:
    """Write the pack as `folder`, whole or not at all.

    Args:
        folder: what is made; it must not exist.
        evidence: what to write, with the name of the plugin that has it.
        policy: `name@digest` of the policy that it is about.
        signer: signs the manifest, where there is one.
        unsigned: why there is none, where that is a failure.
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
            written = _write(made, evidence, told)
            problem = unsigned or _seal(made, policy, written, signer, words)
            if problem:
                title = words("pack.signature")
                written.append(Written(path=SIGNATURE, title=title, shows=(), problem=problem))
                signer = None
                _seal(made, policy, written, signer, words, problem)
            os.rename(made, folder)
    except OSError as error:
        raise ChopmarkError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    return Pack(
        written=[one for one in written if not one.problem],
        failed=[one for one in written if one.problem],
        signer=signer.name if signer is not None else "",
        signed_by=signer.key_id if signer is not None else "",
    )


def check_pack(folder: Path, key: PublicKey | None = None) -> Checked:
    """Compare the files of a pack with its manifest, and that with its signature by `key`.

    Raises:
        ChopmarkError: it is no pack, or it cannot be read.
    """
    try:
        manifest = (folder / MANIFEST).read_bytes()
        faults = _compare(folder, manifest)
        sealed = (folder / SIGNATURE).read_bytes() if (folder / SIGNATURE).exists() else None
    except OSError as error:
        raise ChopmarkError(
            f"{folder} is no evidence pack that can be read: {error.filename}: {error.strerror}"
        ) from error
    if sealed is None:
        lacking = f"{SIGNATURE} is missing: {key} did not sign"
        return Checked(faults=[*faults, lacking] if key else faults, signature="none")
    try:
        signature = Signature.parse(sealed)
    except ValueError as error:
        return Checked(faults=[*faults, f"{SIGNATURE} is no signature: {error}"], signature="fails")
    fault = signature.fault(manifest, key)
    return Checked(
        faults=[*faults, fault] if fault else faults,
        signature="fails" if fault else "holds" if key else "unchecked",
        signer=key.name if key else signature.signer,
        key=key.id.hex() if key else signature.key,
    )


def faults_of(folder: Path) -> list[str]:
    """Return, as sentences, where the files of a pack are not those of its manifest.

    Raises:
        ChopmarkError: it is no pack, or it cannot be read.
    """
    return list(check_pack(folder).faults)


def _compare(folder: Path, manifest: bytes) -> list[str]:
    try:
        files = json.loads(manifest)["files"]
        told = {str(file["path"]): str(file["sha256"]) for file in files}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChopmarkError(f"{folder} is no evidence pack: {error}") from error
    found = {file["path"]: file["sha256"] for file in _files(folder)}
    # What is no file of its own, such as a link to a folder, no pack has.
    odd = [one for one in folder.rglob("*") if not one.is_file() and not _is_folder(one)]
    found |= {one.relative_to(folder).as_posix(): "" for one in odd}
    faults = [f"{path} is missing" for path in sorted(told.keys() - found.keys())]
    faults += [f"{path} was added" for path in sorted(found.keys() - told.keys())]
    return faults + [
        f"{path} was changed" for path in sorted(told.keys() & found.keys())
        if told[path] != found[path]
    ]  # fmt: skip


def _write(
    made: Path, evidence: Iterable[tuple[str, Evidence]], told: Callable[[str], object]
) -> list[Written]:
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
            problem = _problem(error)
            _remove(at)
        written.append(Written(path=str(path), title=one.title, shows=one.shows, problem=problem))
    return written


def _seal(
    made: Path, policy: str, written: Sequence[Written], signer: Signer | None, words: Wording,
    unsigned: str = "",
) -> str:  # fmt: skip
    """Write the index, the manifest, and its signature; return why that was not possible, or ""."""
    if signer is None:
        signed = words("pack.unsigned", why=cell(unsigned) or words("pack.no_signer"))
    else:
        signed = words("pack.signed", signer=cell(signer.name), key=cell(signer.key_id))
    (made / INDEX).write_text(index(policy, written, words, signed), "utf-8")
    manifest: dict[str, Any] = {
        "form": FORM,
        "made": time.time_ns() // 1_000_000,
        "chopmark": __version__,
        "policy": policy,
        "files": _files(made),
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    (made / MANIFEST).write_bytes(text)
    if signer is None:
        return ""
    try:
        data = base64.b64encode(signer.sign(text)).decode()
    except Exception as error:  # noqa: BLE001  the plugin border
        return _problem(error)
    signature = {"key": signer.key_id, "signer": signer.name, "signature": data}
    (made / SIGNATURE).write_text(json.dumps(signature) + "\n", "utf-8")
    return ""


def _problem(error: Exception) -> str:
    """Return what went wrong: ours are written to be read; of another's the kind may say most."""
    return str(error) if isinstance(error, ChopmarkError) else f"{type(error).__name__}: {error}"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


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
