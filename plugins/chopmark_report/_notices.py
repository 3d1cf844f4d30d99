"""The notice that a service publishes: what it is for, its limits, how to complain, its labels."""

from __future__ import annotations

from collections.abc import Mapping

from chopmark.wording import Wording

from ._options import LANGUAGES, Service

_ROWS = ("service", "provider", "model", "filing", "purpose", "users", "limits", "complaints")


def notice(service: Service, language: str, *, labelled: bool, implicit: bool) -> str:
    """Return the notice as Markdown, in `zh` or `en`; what the operator did not say is named.

    `labelled` is whether the policy puts labels on that it then speaks of, `implicit` whether there
    are some in metadata, too.
    """
    words = Wording.of(__package__, language)
    parts = [f"# {words('notice.title')}\n\n{words('notice.ai')}\n"]
    for key in _ROWS:
        value = getattr(service, key)
        text = value.get(language, "") if isinstance(value, Mapping) else value
        text = text or words("notice.missing", key=key)
        if key == "complaints" and service.complaint_days:
            text += f" {words('notice.days', days=service.complaint_days)}"
        parts.append(f"**{words(f'notice.{key}')}**: {text}\n")
    if labelled:
        parts.append(words("notice.labelled" if implicit else "notice.labelled_visibly"))
    return "\n".join(parts).rstrip() + "\n"


def unsaid(service: Service) -> list[str]:
    """Return the names of what the operator did not say."""
    return [
        key for key in _ROWS
        if not (value := getattr(service, key)) or (
            isinstance(value, Mapping) and set(value) != set(LANGUAGES)
        )
    ]  # fmt: skip
