"""What the report itself brings to an evidence pack: policy, notices, and the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from chopmark import Policy
from chopmark.hookspecs import Evidence

from ._notices import notice, unsaid
from ._options import LANGUAGES, Service, read_service

_NOTICE = ("measures.4", "measures.10", "eu50.1")


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the policy as it is in force, and the notices; raise `PolicyError`."""
    service = read_service(policy)
    shows = [*_NOTICE]
    if service.complaints and service.complaint_days:
        shows.append("measures.15")
    if service.filing:
        shows.append("measures.17")
    if unsaid(service):
        shows = [name for name in shows if name not in ("measures.4", "measures.10")]
    yield Evidence(
        path="policy.json", title=f"The policy {policy.name} in full: rules, actions, settings",
        write=lambda path: path.write_text(_policy(policy), "utf-8"), shows=("measures.4",),
    )  # fmt: skip
    for language in LANGUAGES:
        yield Evidence(
            path=f"notice.{language}.md", title=f"The notice to publish ({language})",
            write=_writing(policy, service, language), shows=tuple(shows),
        )  # fmt: skip


def _writing(policy: Policy, service: Service, language: str) -> Callable[[Path], object]:
    labelled = "label" in policy.plugins
    implicit = labelled and bool(policy.options("label").get("producer"))
    text = notice(service, language, labelled=labelled, implicit=implicit)
    return lambda path: path.write_text(text, "utf-8")


def _policy(policy: Policy) -> str:
    data = {**policy.to_dict(), "digest": policy.digest}
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"
