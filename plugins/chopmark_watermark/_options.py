"""The options of plugin `watermark` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass

from chopmark import MarkError, Policy, PolicyError
from chopmark.options import Table

from ._boilerplate import Boilerplate
from ._declared import OPTIONS
from ._names import ALPHA, NAME, SCHEME_NAMES, SYNONYMS
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
    ring = given.path("ring", cure="name the file of `chopmark watermark keys new FILE`")
    model = "name the tokenizer.json or the tiktoken file of the model"
    tokenizer = given.path("tokenizer", cure=model)
    scheme = given.one_of("scheme", SCHEME_NAMES, "gumbel")
    probability = "write a probability, for example 1e-5"
    alpha = given.number("alpha", ALPHA, over=0, under=1, cure=probability)
    words = given.whole("words", WORDS, least=WORDS)
    delta = given.number("delta", DELTA, over=0, most=10)
    tenant = given.text("tenant", "")
    tenants = given.data.get("tenants", [tenant])
    if not isinstance(tenants, list | tuple) or not all(isinstance(t, str) for t in tenants):
        raise given.wrong("tenants", "write a list of texts")
    learnt = "name the file of `chopmark watermark boilerplate FILE FOLDER`"
    known = given.path("boilerplate", cure=learnt) if "boilerplate" in given.data else None
    try:
        watermark = Watermark(
            ring=read_ring(ring),
            tokenizer=read_tokenizer(tokenizer),
            scheme=scheme,
            words=words,
            delta=delta,
            alpha=alpha,
            boilerplate=None if known is None else Boilerplate.read(known),
        )
    except MarkError as error:
        raise PolicyError(f"plugin {NAME!r}: {error}") from error
    return Options(watermark=watermark, tenant=tenant, tenants=tuple(tenants))
