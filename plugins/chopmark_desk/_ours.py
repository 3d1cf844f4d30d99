"""What the marks of a text say of whether it is ours: a row for each technique, never a bare yes.

Each row has a strength, which is how hard it would be for somebody else to make it say the same.
Strangers are told strengths alone: a figure would teach how to forge a mark, or how to lose it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from chopmark import Policy
from chopmark_label import Finding, Report

from ._log_search import Search

Strength = Literal["strong", "some", "weak", "none", "broken", "unknown"]
"""From what is hard to forge to what anybody can write. `none`: nothing says that it is ours.
`broken`: something is there that is malformed, forged, or of another content. `unknown`: nobody
could look."""
Technique = Literal["explicit", "implicit", "c2pa", "watermark", "hidden", "log"]
TECHNIQUES: tuple[Technique, ...] = get_args(Technique)
_ORDER: tuple[Strength, ...] = ("strong", "some", "weak", "broken", "none", "unknown")
_SPEAKING = _ORDER[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """By what marks name this service: the provider of labels, the common name that signs C2PA."""

    producer: str = ""
    signer: str = ""

    @classmethod
    def of(cls, policy: Policy) -> Names:
        """Return the names that the options of `policy` give."""
        return cls(producer=str(policy.options("label").get("producer", "")).strip(),
                   signer=_signer(policy))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one technique says. `state` is a key of the catalogue, behind `ours.state.TECHNIQUE.`;
    `findings` are what it was made of.
    """

    technique: Technique
    strength: Strength
    state: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said of a text or a file. `contradictory`: marks speak against each other."""

    rows: tuple[Row, ...]
    contradictory: bool = False

    @property
    def strength(self) -> Strength:
        """That of the strongest row, `none` where none says that it is ours."""
        strengths = {row.strength for row in self.rows}
        return next((one for one in _SPEAKING if one in strengths), "none")

    @property
    def broken(self) -> bool:
        """Whether something that was found does not hold."""
        return self.contradictory or any(row.strength == "broken" for row in self.rows)


def answer_of(report: Report, search: Search, names: Names) -> Answer:
    """Return what `report` and the log say, what speaks for it most before the rest."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    rows = (
        _explicit(by_kind.get("visible", ()), report.looked),
        _implicit(
            [*by_kind.get("metadata", ()), *by_kind.get("signature", ())], report.looked, names
        ),
        _c2pa(by_kind.get("manifest", ()), report.looked, names),
        _watermark(by_kind.get("watermark", ()), report.looked),
        _hidden(by_kind.get("hidden", ()), report.looked),
        _log(search),
    )
    ordered = sorted(rows, key=lambda row: _ORDER.index(row.strength))
    return Answer(rows=tuple(ordered), contradictory=bool(report.faults))


def _explicit(found: Sequence[Finding], looked: Sequence[str]) -> Row:
    if found:
        return Row(technique="explicit", strength="weak", state="found", findings=tuple(found))
    return _nothing("explicit", "label" in looked)


def _implicit(found: Sequence[Finding], looked: Sequence[str], names: Names) -> Row:
    blocks = [one for one in found if one.kind == "metadata"]
    if not blocks:
        return _nothing("implicit", "AIGC" in looked)
    producers = {block.said.get("ContentProducer", "") for block in blocks}
    strength: Strength = "weak"
    if any(one.faults for one in found):
        strength, state = "broken", "broken"
    elif names.producer and names.producer not in producers:
        strength, state = "none", "other"
    elif any(one.kind == "signature" and one.state.startswith("verified") for one in found):
        strength, state = "some", "sealed"
    else:
        state = "ours" if names.producer else "unnamed"
    return Row(technique="implicit", strength=strength, state=state, findings=tuple(found))


def _c2pa(found: Sequence[Finding], looked: Sequence[str], names: Names) -> Row:
    if not found:
        return _nothing("c2pa", "c2pa" in looked)
    strength: Strength = "weak"
    if any(one.faults for one in found):
        strength, state = "broken", "broken"
    elif all(one.state == "not checked" for one in found):
        strength, state = "unknown", "unchecked"
    elif any(one.state == "trusted" for one in found):
        signers = {one.said.get("signer") for one in found if one.state == "trusted"}
        ours = bool(names.signer) and names.signer in signers
        strength, state = ("strong", "ours") if ours else ("none", "other")
    elif any(one.state == "valid" for one in found):
        state = "untrusted"
    else:
        state = "pointer"
    return Row(technique="c2pa", strength=strength, state=state, findings=tuple(found))


def _watermark(found: Sequence[Finding], looked: Sequence[str]) -> Row:
    if found:
        return Row(technique="watermark", strength="strong", state="found", findings=tuple(found))
    return _nothing("watermark", any(name in looked for name in ("watermark", "synonyms")))


def _hidden(found: Sequence[Finding], looked: Sequence[str]) -> Row:
    if found:
        return Row(technique="hidden", strength="weak", state="found", findings=tuple(found))
    return _nothing("hidden", "hidden characters" in looked)


def _log(search: Search) -> Row:
    if search.found is None:
        return Row(technique="log", strength="unknown", state=search.unasked or "failed")
    strength: Strength = "none"
    if search.worth is not None:
        strength = "strong" if search.worth == "enough" else "weak"
    return Row(technique="log", strength=strength, state=search.worth or "none")


def _nothing(technique: Technique, looked: bool) -> Row:
    if looked:
        return Row(technique=technique, strength="none", state="none")
    return Row(technique=technique, strength="unknown", state="unlooked")


def _signer(policy: Policy) -> str:
    """Return the common name of the certificate that signs, "" where there is none to be read."""
    named = policy.options("c2pa").get("certificate")
    if not isinstance(named, str):
        return ""
    from pathlib import Path

    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        pem = (Path(policy.folder) / named).read_bytes()
        found = x509.load_pem_x509_certificates(pem)[0].subject
        return str(found.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    except (OSError, ValueError, LookupError):  # the plugin itself says what is wrong with it
        return ""
