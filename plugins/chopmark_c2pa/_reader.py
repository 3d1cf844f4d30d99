"""Reads manifest stores with c2pa-python, and says what they are worth. Nothing is fetched."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chopmark import MarkError

from ._claim import SOURCES, Exclusion
from ._sign import library

State = Literal["trusted", "valid", "invalid"]
_ELSEWHERE = ("assertion.dataHash.", "signingCredential.untrusted")
_HASHES = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """The `c2pa.hash.data` of a manifest as somebody wrote it."""

    algorithm: str
    digest: bytes
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a manifest says, and what it is worth.

    `valid`: the signature and every hash hold, by whoever it is. `trusted`: its certificate also
    leads to an anchor that the reader gave. `problems` are the status codes of C2PA.
    """

    state: State
    problems: tuple[str, ...] = ()
    signer: str = ""
    generator: str = ""
    source: str = ""
    model: str = ""
    hash: Hash | None = None

    def data(self) -> dict[str, str]:
        """Return it as a `Mark` holds it."""
        found = {
            "state": self.state,
            "problem": ", ".join(self.problems),
            "signer": self.signer,
            "generator": self.generator,
            "source": self.source,
            "model": self.model,
        }
        return {key: value for key, value in found.items() if value}


def read_store(store: bytes, anchors: str = "") -> Reading:
    """Return what `store` says and whether its signature holds; what it is bound to is not looked
    at, since c2pa-python 0.38 finds no manifest in a text.

    Raises:
        MarkError: c2pa-python is not installed.
    """
    return _read("application/c2pa", io.BytesIO(), anchors, store, _ELSEWHERE)


def read_detached(content: bytes, store: bytes, anchors: str = "") -> Reading:
    """Return what a `store` from elsewhere says of `content`, its hash included.

    Raises:
        MarkError: c2pa-python is not installed.
    """
    return _read("text/plain", io.BytesIO(content), anchors, store)


def can_read(path: Path) -> bool:
    """Return whether c2pa-python knows the kind of the file, by its ending.

    Raises:
        MarkError: it is not installed.
    """
    return path.suffix.lstrip(".").lower() in library().Reader.get_supported_mime_types()


def read_media(path: str | Path, anchors: str = "") -> Reading | None:
    """Return what the manifest in a media file says, or None where it has none.

    Args:
        path: JPEG, PNG, WebP, TIFF, GIF, SVG, PDF, MP4, MOV, M4A, MP3, WAV, FLAC, AVI and others.
        anchors: certificates in PEM that are trusted.

    Raises:
        MarkError: the file cannot be read, or is of a kind that c2pa-python does not know.
    """
    c2pa = library()
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in c2pa.Reader.get_supported_mime_types():
        raise MarkError(f"{path} is of a kind that c2pa-python cannot read: {kind or 'no suffix'}")
    try:
        with Path(path).open("rb") as stream:
            return _read(kind, stream, anchors)
    except c2pa.C2paError.ManifestNotFound:
        return None
    except OSError as error:
        raise MarkError(f"{path} cannot be read: {error.strerror}") from error


def _read(
    kind: str,
    stream: Any,
    anchors: str,
    store: bytes | None = None,
    ignored: tuple[str, ...] = ("signingCredential.untrusted",),
) -> Reading:
    c2pa = library()
    try:
        context = c2pa.Context.from_dict(_settings(anchors))
        with c2pa.Reader(kind, stream, manifest_data=store, context=context) as reader:
            found = json.loads(reader.detailed_json())
    except c2pa.C2paError.ManifestNotFound:
        if store is None:
            raise
        return Reading(state="invalid", problems=("claim.missing",))
    except (c2pa.C2paError, ValueError):  # it cannot be taken apart
        return Reading(state="invalid", problems=("manifest.unreadable",))
    return _reading(found, ignored)


def _reading(found: Mapping[str, Any], ignored: tuple[str, ...]) -> Reading:
    manifest = found.get("manifests", {}).get(found.get("active_manifest"), {})
    claim, assertions = manifest.get("claim", {}), manifest.get("assertion_store", {})
    results = found.get("validation_results", {}).get("activeManifest", {})
    failed = [str(s.get("code")) for s in results.get("failure", ())]
    passed = {s.get("code") for s in results.get("success", ())}
    problems = dict.fromkeys(code for code in failed if not code.startswith(ignored))
    if not problems and "claimSignature.validated" not in passed:
        problems["claimSignature.missing"] = None
    trusted = "signingCredential.trusted" in passed
    disclosure = _mapping(assertions.get("c2pa.ai-disclosure"))
    generator = _mapping(claim.get("claim_generator_info"))
    return Reading(
        state="invalid" if problems else "trusted" if trusted else "valid",
        problems=tuple(problems),
        signer=_text(_mapping(manifest.get("signature")).get("common_name")),
        generator=_text(generator.get("name")),
        source=_source(assertions),
        model=_text(disclosure.get("modelName")),
        hash=_hash(assertions),
    )


def _source(assertions: Mapping[str, Any]) -> str:
    for label in ("c2pa.actions.v2", "c2pa.actions"):
        for action in _mapping(assertions.get(label)).get("actions") or ():
            source = _text(_mapping(action).get("digitalSourceType"))
            if source:
                return source.removeprefix(SOURCES)
    return ""


def _hash(assertions: Mapping[str, Any]) -> Hash | None:
    """Return the one hash of the content, or None where it has none, several, or a broken one."""
    labels = [label for label in assertions if label.split("__")[0] == "c2pa.hash.data"]
    data = _mapping(assertions[labels[0]]) if len(labels) == 1 else {}
    try:
        found = Hash(
            algorithm=str(data.get("alg", "sha256")),
            digest=base64.b64decode(str(data["hash"])),
            exclusions=tuple(
                Exclusion(int(e["start"]), int(e["length"])) for e in data.get("exclusions") or ()
            ),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.algorithm in _HASHES else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return a name that somebody signed, as it can be shown: short, and printable."""
    return "".join(c for c in str(value)[:200] if c.isprintable()) if value else ""


def _settings(anchors: str) -> dict[str, object]:
    settings: dict[str, object] = {
        "version": 1,
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": bool(anchors),
        },
    }
    if anchors:
        settings["trust"] = {"trust_anchors": anchors}
    return settings
