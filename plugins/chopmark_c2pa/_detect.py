"""Finds every C2PA manifest and pointer in a text, and names what is wrong with it.

Nothing in a text is believed: a length, a hash and a signature come from whoever wrote them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from chopmark import MarkError

from ._armour import Carried, find_armour
from ._claim import Exclusion
from ._html import find_html
from ._nfc import LIMIT, nfc
from ._pointer import read_pointer
from ._reader import Hash, can_read, read_media, read_store
from ._wrapper import MAGIC, POINTER, Wrapper, find_wrappers

Form = Literal["wrapper", "pointer", "armour", "html", "media"]
MOST = 100
"""The most findings that are listed; a text of nothing but false wrappers has many."""

_CORRUPT = "manifest.text.corruptedWrapper"
_SEVERAL = "manifest.text.multipleWrappers"
_MISMATCH = "assertion.dataHash.mismatch"
_UNCHECKED = "chopmark.unchecked"
_BOUND = ("assertion.dataHash.", "assertion.bmffHash.", "assertion.boxesHash.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A manifest or pointer in a text or a file.

    `problem` is a status code of C2PA, empty where all holds; `reason` says it in words. `data`
    is what the manifest claims, which is to be believed only where `problem` is empty, and then as
    far as its `state` goes: `pointer`, `valid` or `trusted`.
    """

    form: Form
    where: str
    problem: str = ""
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def find_credentials(text: str, anchors: str = "") -> list[Finding]:
    """Return what `text` carries, in order of its form. Never raises; takes linear time."""
    wrappers = find_wrappers(text, MAGIC)
    pointers = find_wrappers(text, POINTER)
    found = [*_listed("wrapper", text, wrappers, anchors)]
    found += _listed("pointer", text, pointers, anchors)
    for form, carried in (("armour", find_armour(text)), ("html", find_html(text))):
        if carried is not None:
            found.append(_carried("armour" if form == "armour" else "html", text, carried, anchors))
    return found


def find_in_media(path: Path, anchors: str = "") -> list[Finding] | None:
    """Return what the media file at `path` carries; None for a file of a kind that C2PA has not.

    Raises:
        MarkError: c2pa-python is not installed, or the file cannot be read.
    """
    if not can_read(path):
        return None
    reading = read_media(path, anchors)
    if reading is None:
        return []
    where = f"{path.suffix.lstrip('.').upper()} file"
    data = {**reading.data()}
    if reading.state != "invalid":
        return [Finding(form="media", where=where, data=data)]
    if reading.problems == ("manifest.unreadable",):  # the file itself may be what is broken
        reason = "c2pa-python cannot take the file apart: broken, or not what its name says"
        return [Finding(form="media", where=where, problem=_UNCHECKED, reason=reason)]
    moved = any(code.startswith(_BOUND) for code in reading.problems)
    data["fault"] = "transplanted" if moved else "invalid"
    reason = (
        "it was made for another content, or the content was changed"
        if moved
        else f"its signature or its structure does not hold: {', '.join(reading.problems)}"
    )
    return [
        Finding(form="media", where=where, problem=reading.problems[0], reason=reason, data=data)
    ]


def _listed(form: Form, text: str, wrappers: Sequence[Wrapper], anchors: str) -> Iterator[Finding]:
    """Judge wrappers: the content of one that is whole and alone, and only the frame of others."""
    whole = [w for w in wrappers if not w.problem]
    for wrapper in wrappers[:MOST]:
        where = "end" if wrapper.end == len(text) else "inside"
        data = {"declared": str(wrapper.declared), "start": str(wrapper.start)}
        if wrapper.problem:
            problem, reason = wrapper.problem, wrapper.reason
            inner = _inner_length(wrapper.content) if form == "wrapper" else None
            if problem == "truncated" and inner not in (None, wrapper.declared):
                problem = "forged_length"
                reason += f"; the store in it says {inner}"
            data["fault"] = problem
            yield Finding(form=form, where=where, problem=_CORRUPT, reason=reason, data=data)
        elif len(whole) > 1:
            reason = f"the text has {len(whole)} of them, and may have one; none is trusted"
            data["fault"] = "duplicated"
            yield Finding(form=form, where=where, problem=_SEVERAL, reason=reason, data=data)
        elif form == "wrapper":
            yield _store_in_text(where, text, wrapper, data, anchors)
        else:
            yield _pointer_in_text(where, text, wrapper, data)
    if len(wrappers) > MOST:
        yield Finding(
            form=form,
            where="inside",
            problem=_SEVERAL,
            reason=f"{len(wrappers) - MOST} more are there and are not listed",
            data={"fault": "duplicated"},
        )


def _store_in_text(
    where: str, text: str, wrapper: Wrapper, data: dict[str, str], anchors: str
) -> Finding:
    inner = _inner_length(wrapper.content)
    if inner is None:
        reason = "it holds no manifest store (no JUMBF box)"
        data["fault"] = "no_store"
        return Finding(form="wrapper", where=where, problem=_CORRUPT, reason=reason, data=data)
    if inner != wrapper.declared:
        reason = f"it states a length of {wrapper.declared} bytes; the store in it says {inner}"
        data["fault"] = "forged_length"
        return Finding(form="wrapper", where=where, problem=_CORRUPT, reason=reason, data=data)
    span = _bytes(text, wrapper.start, wrapper.end)
    rest = text[: wrapper.start] + text[wrapper.end :]
    return _judged("wrapper", where, wrapper.content, rest, span, data, anchors)


def _pointer_in_text(where: str, text: str, wrapper: Wrapper, data: dict[str, str]) -> Finding:
    pointer = read_pointer(wrapper.content)
    if pointer is None:
        reason = "what it holds is no digest and address"
        data["fault"] = "no_pointer"
        return Finding(form="pointer", where=where, problem=_CORRUPT, reason=reason, data=data)
    data["url"] = pointer.url
    digest = _digest("sha256", text[: wrapper.start] + text[wrapper.end :])
    if digest is None:
        return _not_normal("pointer", where, data)
    if digest[: len(pointer.digest)] != pointer.digest:
        reason = "it was made for another text, or the text was changed"
        data["fault"] = "transplanted"
        return Finding(form="pointer", where=where, problem=_MISMATCH, reason=reason, data=data)
    data["state"] = "pointer"
    return Finding(form="pointer", where=where, data=data)


def _carried(form: Form, text: str, carried: Carried, anchors: str) -> Finding:
    where = "end" if carried.start else "start"
    if carried.problem:
        reason = "it cannot be told which manifest is meant, or it cannot be read; none is trusted"
        return Finding(form=form, where=where, problem=carried.problem, reason=reason)
    if carried.store is None:  # an address; the specification prefers it, and nothing is fetched
        shown = "".join(c for c in carried.reference[:500] if c.isprintable())
        return Finding(form=form, where=where, data={"url": shown, "state": "pointer"})
    span = Exclusion(carried.start, carried.length)
    raw = text.encode("utf-8", "surrogatepass")
    rest = (raw[: span.start] + raw[span.start + span.length :]).decode("utf-8", "surrogatepass")
    return _judged(form, where, carried.store, rest, span, {}, anchors)


def _judged(
    form: Form,
    where: str,
    store: bytes,
    rest: str,
    span: Exclusion,
    data: dict[str, str],
    anchors: str,
) -> Finding:
    try:
        reading = read_store(store, anchors)
    except MarkError as error:
        return Finding(form=form, where=where, problem=_UNCHECKED, reason=str(error), data=data)
    data.update(reading.data())
    if reading.state == "invalid":
        data["fault"] = "invalid"
        reason = f"its signature or its structure does not hold: {', '.join(reading.problems)}"
        return Finding(
            form=form, where=where, problem=reading.problems[0], reason=reason, data=data
        )
    digest = _digest(reading.hash.algorithm, rest) if reading.hash else b""
    if digest is None:
        return _not_normal(form, where, data)
    reason = _unbound(reading.hash, span, digest)
    if reason:
        data.update(state="invalid", fault="transplanted")
        return Finding(form=form, where=where, problem=_MISMATCH, reason=reason, data=data)
    return Finding(form=form, where=where, data=data)


def _unbound(hash_: Hash | None, span: Exclusion, digest: bytes) -> str:
    """Return why the manifest is not of this text, empty where it is."""
    if hash_ is None:
        return "it has no hash of a content, or several, so it could stand in any text"
    if hash_.exclusions != (span,):
        return (
            f"its hash leaves out other bytes than those where it stands ({span.start} to"
            f" {span.start + span.length}), so it was made for another text"
        )
    if digest != hash_.digest:
        return "it was made for another text, or the text was changed: the hash does not match"
    return ""


def _not_normal(form: Form, where: str, data: dict[str, str]) -> Finding:
    reason = f"a character of the text carries more than {LIMIT} marks, so no hash was taken"
    return Finding(form=form, where=where, problem=_UNCHECKED, reason=reason, data=data)


def _digest(algorithm: str, text: str) -> bytes | None:
    """Return the hash of `text` in NFC (2.4, 15.12.1.3.1), or None where that is not to be had."""
    normal = nfc(text)
    if normal is None:
        return None
    return hashlib.new(algorithm, normal.encode("utf-8", "surrogatepass")).digest()


def _bytes(text: str, start: int, end: int) -> Exclusion:
    before = len(text[:start].encode("utf-8", "surrogatepass"))
    return Exclusion(before, len(text[start:end].encode("utf-8", "surrogatepass")))


def _inner_length(content: bytes) -> int | None:
    """Return the length that the JUMBF box in `content` states, None where it holds none."""
    if content[4:8] != b"jumb":
        return None
    size = int.from_bytes(content[:4], "big")
    if size == 1 and len(content) >= 16:
        return int.from_bytes(content[8:16], "big")
    return size or len(content)
