"""The mark that a vendor says is in its text, put on record with every answer."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from chopmark import Mark, MarkError, Policy, Request, Response
from chopmark.options import Table

from ._asked import Asked, Origin
from ._lint import Finding, judge
from ._names import NAME, SYNONYMS
from ._vendors import AUTO, NONE, VendorMark, read_vendors

MARKER, WHERE = "vendor", "declared"
OPTIONS = ("vendor", "vendor_models")
_ORIGINS: dict[str, Origin] = {"langchain": "langchain", "llamaindex": "llamaindex"}


@dataclass(frozen=True, slots=True)
class Declared:
    """Writes into every response what the vendor says of its mark. Immutable, shared by threads.

    It can see what was asked and not what was done: `placed` says that the vendor declares a mark
    for this model, and that nothing in the request takes it away.
    """

    vendor: str
    models: tuple[str, ...] = ()

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Take the request as it is asked, and add the mark to the response."""
        response = yield request
        return replace(response, marks=(*response.marks, self.mark(request, response)))

    def mark(self, request: Request, response: Response) -> Mark:
        """Return the vendor's mark of `response`, or why there is none to be expected."""
        asked = Asked(
            model=request.model,
            parameters=request.parameters,
            origin=_ORIGINS.get(request.adapter, "request"),
        )
        found = read_vendors().find(self.vendor, asked.model)
        if response.action in ("block", "escalate") and not response.text:
            return _mark(found, "nothing of the model's answer was delivered")
        return _mark(found, _reason(list(judge(asked, found, self.vendor, self.models))))


def read_declared(policy: Policy) -> Declared | None:
    """Return what `vendor` in `policy` asks for, None where it asks for nothing.

    Raises:
        PolicyError: naming the key and the cure.
    """
    given = Table(NAME, policy.options(NAME))
    vendor = given.text("vendor", NONE, cure=f"write a name, {AUTO!r} or {NONE!r}")
    try:
        read_vendors().find(vendor, "")
    except MarkError as error:
        raise given.wrong("vendor", str(error)) from error
    cure = 'write a list of patterns, ["claude-opus-*"]'
    models = given.names("vendor_models", cure=cure)
    return None if vendor == NONE else Declared(vendor, models)


def needs_no_tokenizer(policy: Policy) -> bool:
    """Return whether `policy` asks for nothing that is in tokens: a vendor's mark, or synonyms."""
    given = policy.options(NAME)
    synonyms = bool(given.get(SYNONYMS))
    allowed = {*OPTIONS, SYNONYMS, *(("ring", "tenant", "tenants", "alpha") if synonyms else ())}
    return ("vendor" in given or synonyms) and set(given) <= allowed


def _reason(findings: list[Finding]) -> str:
    lost = [finding for finding in findings if finding.level == "lost"]
    return str((lost or findings)[0]) if findings else ""


def _mark(found: VendorMark | None, reason: str) -> Mark:
    data = {}
    if found is not None:
        data = {
            "vendor": found.vendor,
            "scheme": found.scheme,
            "since": found.since,
            "unless": found.caveat,
            "source": found.source,
            "read": found.read,
        }
    return Mark(
        marker=MARKER,
        kind="watermark",
        where=WHERE,
        placed=not reason,
        reason=reason,
        data={name: value for name, value in data.items() if value},
    )
