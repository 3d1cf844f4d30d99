"""In which language to answer: as asked by `?lang`, as chosen before, or as the browser wishes."""

from __future__ import annotations

from starlette.requests import Request

from chopmark.wording import languages

PACKAGE = str(__package__)
LANGUAGES = languages(PACKAGE)
"""The first is spoken to those who wish for none."""

COOKIE = "chopmark-desk-lang"


def language_of(request: Request) -> str:
    """Return one of `LANGUAGES`."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return _wished(request.headers.get("accept-language", ""))


def _wished(header: str) -> str:
    """Return what a header Accept-Language (RFC 9110, 12.5.4) prefers of `LANGUAGES`."""
    best, found = 0.0, LANGUAGES[0]
    for part in header.split(",")[:20]:
        name, _, rest = part.strip().partition(";")
        language = name.partition("-")[0].strip().lower()
        weight = _weight(rest)
        if language in LANGUAGES and weight > best:
            best, found = weight, language
    return found


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
