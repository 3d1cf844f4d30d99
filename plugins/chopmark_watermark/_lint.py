"""`check`: whether a vendor's own mark survives what a request says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from ._asked import Asked, read_asked
from ._vendors import AUTO, NONE, Break, VendorMark, matches, read_vendors

_LLAMAINDEX_DEFAULT = 0.1
"""The temperature that LlamaIndex sends with every call for which nobody gave one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why a text may not carry its vendor's mark.

    `level` is `lost` where the request itself takes it away, and `unsure` where nothing public
    says that it is there. `parameter` is empty where it is none.
    """

    level: Literal["lost", "unsure"]
    what: str
    why: str
    cure: str
    parameter: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {self.cure}"

    def to_dict(self) -> dict[str, str]:
        """Return all of it, for JSON."""
        return asdict(self)


def check(target: object, *, vendor: str = AUTO, models: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Return why the text that `target` asks for may not carry the mark of its vendor.

    Nothing is sent. No finding says that the vendor declares a mark and that the request leaves it
    alone; whether it is there only the vendor can tell.

    Args:
        target: a LangChain chat model or LLM, a LlamaIndex LLM, or the parameters of a request as
            a dict with `model` among them.
        vendor: whose mark it is: a name in `vendors.toml`, `auto` for the one whose model it is, or
            `none` to look at nothing but what breaks every mark. A server's must be named.
        models: patterns of models that you know to be marked, beside those that the source names.

    Raises:
        MarkError: there is no such vendor, or `target` cannot be read.
    """
    asked = read_asked(target)
    return tuple(judge(asked, read_vendors().find(vendor, asked.model), vendor, models))


def judge(
    asked: Asked, mark: VendorMark | None, vendor: str, models: Sequence[str] = ()
) -> Iterator[Finding]:
    """Yield the findings, those of the vendor first; each parameter is named once."""
    seen = set()
    for finding in _of_vendor(asked, mark, vendor, models):
        seen.add(finding.parameter)
        yield finding
    if mark is None or mark.chance:
        for finding in _broken(asked, read_vendors().any):
            if finding.parameter not in seen:
                yield finding


def _of_vendor(
    asked: Asked, mark: VendorMark | None, vendor: str, models: Sequence[str]
) -> Iterator[Finding]:
    model = asked.model
    if mark is None:
        if vendor != NONE:
            yield Finding(
                level="unsure",
                what=f"no vendor is known to mark the text of {model or 'a model without a name'}",
                why="it is in no list that comes with this version",
                cure="name the vendor or the engine of the server, or mark the text yourself",
            )
        return
    if mark.family and not matches(model, mark.family):
        yield Finding(
            level="lost",
            what=f"{model or 'a model without a name'} is none of {mark.vendor}'s",
            why="another vendor's text does not carry this mark",
            cure=f"name its vendor, or {AUTO!r}",
        )
    elif mark.models and not matches(model, [*mark.models, *models]):
        yield Finding(
            level="unsure",
            what=f"{model} is not among the models that {mark.vendor} names",
            why=mark.caveat,
            cure=f"look there, and list the model as one that is marked: {mark.source}",
        )
    if mark.on != "default" and vendor != mark.vendor:
        yield Finding(
            level="unsure",
            what=f"the mark of {mark.vendor}, {mark.scheme}, is off unless it was asked for",
            why=mark.caveat,
            cure=f"where you did, name {mark.vendor!r} as the vendor",
        )
    yield from _broken(asked, mark.breaks)


def _broken(asked: Asked, breaks: Sequence[Break]) -> Iterator[Finding]:
    for one in breaks:
        value = one.broken_by(asked.model, asked.parameters)
        if value is None:
            continue
        what, cure = f"{one.parameter} is {value!r}", one.cure
        if asked.origin == "llamaindex" and one.parameter == "temperature":
            if value == _LLAMAINDEX_DEFAULT:
                what += ", which LlamaIndex sends where nobody gives one"
            cure = "give the LLM temperature=1.0"
        yield Finding(level="lost", what=what, why=one.why, cure=cure, parameter=one.parameter)
