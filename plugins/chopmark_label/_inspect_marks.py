"""Turns what markers and the reader of invisible characters found into findings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chopmark import Mark

from ._inspect_report import Finding, Says
from ._invisible import Hidden, Technique

_SOURCES: Mapping[str, Says] = {
    "trainedAlgorithmicMedia": "is",
    "compositeWithTrainedAlgorithmicMedia": "is",
    "digitalCapture": "is not",
    "computationalCapture": "is not",
    "compositeCapture": "is not",
    "negativeFilm": "is not",
    "positiveFilm": "is not",
    "print": "is not",
    "digitalCreation": "is not",
    "humanEdits": "is not",
    "minorHumanEdits": "is not",
}
"""The IPTC's digital source types that say whether a model made it; others leave it open."""

_LABELS: Mapping[str, Says] = {"1": "is", "2": "may be", "3": "suspected"}
_MAY_BE = re.compile(r"可能|may be|might be", re.IGNORECASE)
_SUSPECTED = re.compile(r"疑似|suspected", re.IGNORECASE)

_PROVES: Mapping[str, str] = {
    "visible": "it says so in words that anybody can write or take away; who wrote them is open",
    "metadata": "it names who made the content; where nothing is signed, anybody can write that",
    "watermark": "who has the key put it there, or chance did, at the error rate that is stated; a "
    "text without one may have been paraphrased",
    "record": "the service whose log it is gave an answer with these characters; others may have "
    "given it, too, and who passed it on is open",
    "manifest": "whoever has the key of its certificate signed it for exactly this content; who "
    "that is it proves only where the certificate is trusted, and one can be stripped",
}
_ELEMENTS_PROVE = (
    "the words of a label stand where one belongs; a text that merely speaks of AI has them, too"
)
_PIXELS_PROVE = (
    "the label that chopmark draws is on the picture; anybody can draw it, or cut it off, and "
    "labels of others are not recognised"
)
_RHYTHM_PROVES = (
    "the rhythm that GB 45438-2025 5.3 has for AI is heard; anybody can put it there or cut it off"
)
_POINTER_PROVES = (
    "it says where a manifest for this text is to be had; nobody has signed it, and nothing was "
    "fetched"
)
_HIDDEN: Mapping[Technique, str] = {
    "variation-selectors": "bytes in variation selectors",
    "tag-characters": "tag characters",
    "zero-width": "zero-width characters",
    "spaces": "spaces of unusual width between words",
    "letters": "Cyrillic letters in Latin words",
}
_HIDDEN_PROVES = (
    "somebody, or a program, put characters there that readers do not see; not who, nor what for: "
    "without a key anybody can copy them onto any text"
)


def of_mark(mark: Mark) -> Finding:
    """Return what a marker found, in the words of its own data."""
    said = {key: value for key, value in mark.data.items() if value}
    unchecked = said.get("problem", "").startswith("chopmark.unchecked")
    if mark.placed:
        state = said.get("state", "found")
    else:
        state = "not checked" if unchecked else said.get("fault", "does not hold")
    notes = [mark.reason] if unchecked else []
    if mark.kind == "visible" and (missing := said.get("missing")):
        notes.append(f"GB 45438-2025 5.1 also asks for the {missing} element, which it lacks")
    proves = _PROVES.get(mark.kind, "")
    if said.get("match") == "elements":
        proves = _ELEMENTS_PROVE
    elif said.get("match") == "pixels":
        proves = _PIXELS_PROVE
    elif said.get("match") == "rhythm":
        proves = _RHYTHM_PROVES
    elif said.get("state") == "pointer":
        proves = _POINTER_PROVES
    return Finding(
        technique=mark.marker,
        kind=mark.kind,
        where=mark.where,
        state=state,
        says=_says(mark) if mark.placed else "",
        said=said,
        faults=() if mark.placed or unchecked else (mark.reason or "does not hold",),
        notes=tuple(notes),
        proves=proves,
    )


def of_hidden(hidden: Hidden) -> Finding:
    """Return a payload that nobody sees."""
    what = _HIDDEN[hidden.technique]
    notes = [f"{hidden.count:,} {what}"]
    if hidden.manifest:
        notes.append(f"it begins as the manifest of {hidden.manifest}, which nobody here verifies")
    said = {"code": hidden.code, "content": hidden.content, "manifest": hidden.manifest}
    return Finding(
        technique=hidden.technique,
        kind="hidden",
        where=f"characters {hidden.start:,} to {hidden.end:,}",
        state="read" if hidden.content else "not read",
        said={key: value for key, value in said.items() if value},
        notes=tuple(notes),
        proves=_HIDDEN_PROVES,
    )


def says_label(value: str | None) -> Says:
    """Return what the `Label` of a block says."""
    return _LABELS.get(value or "", "")


def _says(mark: Mark) -> Says:
    if mark.kind == "visible":
        wording = mark.data.get("wording", "")
        if _SUSPECTED.search(wording):
            return "suspected"
        return "may be" if _MAY_BE.search(wording) else "is"
    if mark.kind == "manifest":
        return _SOURCES.get(mark.data.get("source", ""), "")
    if mark.kind in ("watermark", "record"):
        return "is"
    return says_label(mark.data.get("Label"))
