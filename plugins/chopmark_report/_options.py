"""What an operator says of its service, for the notices: [settings.report]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chopmark import Policy
from chopmark.options import Table

LANGUAGES = ("zh", "en")
_KNOWN = (
    "service", "provider", "model", "filing", "complaints", "complaint_days", "purpose", "users",
    "limits",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service as its operator describes it; what is empty was not said.

    `purpose`, `users` and `limits` are by language. `filing` is the number under which the model
    or the algorithm is filed, `complaints` where to complain, `complaint_days` in how many days
    there is an answer, 0 where that was not said.
    """

    service: str = ""
    provider: str = ""
    model: str = ""
    filing: str = ""
    complaints: str = ""
    complaint_days: int = 0
    purpose: Mapping[str, str]
    users: Mapping[str, str]
    limits: Mapping[str, str]


def read_service(policy: Policy) -> Service:
    """Return what `policy` says; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, "report", known=_KNOWN)
    return Service(
        service=given.text("service", ""),
        provider=given.text("provider", ""),
        model=given.text("model", ""),
        filing=given.text("filing", ""),
        complaints=given.text("complaints", ""),
        complaint_days=given.whole("complaint_days", 0, least=0, most=366),
        purpose=_by_language(given, "purpose"),
        users=_by_language(given, "users"),
        limits=_by_language(given, "limits"),
    )


def _by_language(given: Table, name: str) -> Mapping[str, str]:
    cure = f'write a text by language, {name} = {{ zh = "...", en = "..." }}'
    table = given.table(name, cure=cure).only(LANGUAGES)
    return {language: table.text(language, cure=cure) for language in table.data}
