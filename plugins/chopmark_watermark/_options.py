"""The options of plugin `watermark` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass

from chopmark import MarkError, Policy, PolicyError
from chopmark.options import Table

from ._boilerplate import Boilerplate
from ._declared import OPTIONS
from ._keyed import read_keyed
from ._names import NAME, SCHEME_NAMES, SYNONYMS
from ._ring_file import read_ring
from ._tiktoken import read_tokenizer
from ._unigram import DELTA, WORDS
from ._watermark import Watermark

_KNOWN = (
    "ring", "tokenizer", "scheme", "words", "delta", "tenant", "tenants", "alpha",
    "boilerplate", SYNONYMS, *OPTIONS,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The watermark, for whom it is made where a call does not say, and for whom it is sought."""

    watermark: Watermark
    tenant: str = ""
    tenants: tuple[str, ...] = ("",)


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, NAME, _KNOWN)
    keyed = read_keyed(given)
    model = "name the tokenizer.json or the tiktoken file of the model"
    tokenizer = given.path("tokenizer", cure=model)
    scheme = given.one_of("scheme", SCHEME_NAMES, "gumbel")
    words = given.whole("words", WORDS, least=WORDS)
    delta = given.number("delta", DELTA, over=0, most=10)
    learnt = "name the file of `chopmark watermark boilerplate FILE FOLDER`"
    known = given.path("boilerplate", cure=learnt) if "boilerplate" in given.data else None
    try:
        watermark = Watermark(
            ring=read_ring(keyed.ring),
            tokenizer=read_tokenizer(tokenizer),
            scheme=scheme,
            words=words,
            delta=delta,
            alpha=keyed.alpha,
            boilerplate=None if known is None else Boilerplate.read(known),
        )
    except MarkError as error:
        raise PolicyError(f"plugin {NAME!r}: {error}") from error
    return Options(watermark=watermark, tenant=keyed.tenant, tenants=keyed.tenants)
