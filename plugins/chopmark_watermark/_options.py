"""The options of plugin `watermark` in a policy, checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import MarkError, Policy, PolicyError

from ._declared import OPTIONS
from ._names import ALPHA, NAME, SCHEME_NAMES, SYNONYMS
from ._ring_file import read_ring
from ._tiktoken import read_tokenizer
from ._unigram import DELTA, WORDS
from ._watermark import Watermark

_KNOWN = (
    "ring",
    "tokenizer",
    "scheme",
    "words",
    "delta",
    "tenant",
    "tenants",
    "alpha",
    SYNONYMS,
    *OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The watermark, for whom it is made where a call does not say, and for whom it is sought."""

    watermark: Watermark
    tenant: str = ""
    tenants: tuple[str, ...] = ("",)


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options(NAME)
    for key in given:
        if key not in _KNOWN:
            close = difflib.get_close_matches(str(key), _KNOWN, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise _wrong(key, given[key], f"not an option{hint}; there are {', '.join(_KNOWN)}")
    folder = Path(policy.folder)
    ring = _text(given, "ring", "the file of `chopmark watermark keys new FILE`")
    tokenizer = _text(given, "tokenizer", "the tokenizer.json or the tiktoken file of the model")
    scheme = given.get("scheme", "gumbel")
    if scheme not in SCHEME_NAMES:
        raise _wrong("scheme", scheme, f"there are {', '.join(SCHEME_NAMES)}")
    alpha = given.get("alpha", ALPHA)
    if isinstance(alpha, bool) or not isinstance(alpha, float) or not 0 < alpha < 1:
        raise _wrong("alpha", alpha, "write a probability, for example 1e-5")
    words = given.get("words", WORDS)
    if isinstance(words, bool) or not isinstance(words, int) or words < WORDS:
        raise _wrong("words", words, f"write a whole number from {WORDS}")
    delta = given.get("delta", DELTA)
    if isinstance(delta, bool) or not isinstance(delta, int | float) or not 0 < delta <= 10:
        raise _wrong("delta", delta, "write a number above 0, at most 10")
    tenant = given.get("tenant", "")
    if not isinstance(tenant, str):
        raise _wrong("tenant", tenant, "write a text in quotes")
    tenants = given.get("tenants", [tenant])
    if not isinstance(tenants, list | tuple) or not all(isinstance(t, str) for t in tenants):
        raise _wrong("tenants", tenants, "write a list of texts")
    try:
        watermark = Watermark(
            ring=read_ring(folder / ring),
            tokenizer=read_tokenizer(folder / tokenizer),
            scheme=str(scheme),
            words=words,
            delta=delta,
            alpha=alpha,
        )
    except MarkError as error:
        raise PolicyError(f"plugin {NAME!r}: {error}") from error
    return Options(watermark=watermark, tenant=tenant, tenants=tuple(tenants))


def _text(given: Mapping[str, object], key: str, what: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, value, f"name {what}")
    return value


def _wrong(key: object, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin {NAME!r}, option {key!r} = {value!r}: {cure}")
