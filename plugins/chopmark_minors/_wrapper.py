"""Says help lines where a request speaks of self-harm: in the refusal, and in the metadata."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from chopmark import Request, Response, Verdict
from chopmark.policy import is_under, language_of

from ._help import Help, HelpLine, region_of
from ._options import Options


class HelpWrapper:
    """A wrapper around each call. Shared by threads.

    Where a verdict of one of the categories stands on a request, the response's `metadata` has
    `help_lines`, for the application to show; where the call is refused, the refusal names them.
    """

    def __init__(self, options: Options, help: Help) -> None:
        self._options = options
        self._help = help

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Wrap one call."""
        minor = request.audience in self._options.audiences
        response = yield request
        if not response.verdicts or not (minor or self._options.help_adults):
            return response
        refused = response.action in ("block", "escalate")
        since = 0 if refused else request.newest
        if not any(self._speaks(v) and v.part >= since for v in response.verdicts):
            return response
        region = region_of(request.locale) or self._options.help_region
        lines = self._help.lines_for(region, minor=minor)
        language = self._language(request)
        told = [_plain(line, language) for line in lines]
        response = replace(response, metadata={**response.metadata, "help_lines": told})
        if not refused:
            return response
        return replace(response, refusal=self._help.refusal(lines, language))

    def _speaks(self, verdict: Verdict) -> bool:
        return (
            verdict.direction == "input"
            and verdict.outcome != "allow"
            and is_under(verdict.category, self._options.help_categories)
        )

    def _language(self, request: Request) -> str:
        language = request.locale.replace("_", "-").split("-")[0].lower()
        if language in self._help.texts:
            return language
        asked = [m.text for m in request.messages if m.role == "user"][-1:]
        return language_of("".join(asked)) if not language else "en"


def _plain(line: HelpLine, language: str) -> dict[str, str]:
    name = line.name.get(language) or next(iter(line.name.values()))
    found = {"name": name, "phone": line.phone, "url": line.url, "region": line.region}
    return {key: value for key, value in found.items() if value}
