"""Which watermark a policy asks for, by which keys, and what a search for it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import cell, figures, page, table, writing

from ._declared import Declared, needs_no_tokenizer, read_declared
from ._names import NAME, OWN_NAMES, SYNONYMS
from ._ring import Ring
from ._vendors import AUTO, VendorMark, read_vendors

_SHOWS = ("eucode.1", "eucode.1.1.2", "eucode.2", "eu50.2")
_MARKED = (
    "words follow a key of the ring; of texts without a mark, over all keys, a share of at most "
    "`alpha` is called so"
)
_SAYS = (
    ("marked", _MARKED, "who wrote it, or that nothing was added"),
    ("inconclusive", "the text is too short or too repetitive for a mark to be found", "anything"),
    ("no_evidence", "no key of the ring is in it", "that a person wrote it"),
)
_KEPT = (
    "Keys are named here and not shown. Each tenant, month and tokenizer has a key of its own, "
    "derived of a master key (HKDF-SHA256)."
)


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the schemes that `policy` asks for; raise `PolicyError`. Nothing for one without."""
    given = policy.options(NAME)
    if not given:
        return
    declared = read_declared(policy)
    statistical, synonyms = not needs_no_tokenizer(policy), bool(given.get(SYNONYMS))
    if statistical:
        yield Evidence(
            path="scheme.md",
            title="The watermark that is drawn with the words: scheme, keys, what a search says",
            write=writing(lambda: _statistical(policy)),
            shows=_SHOWS,
        )
    if synonyms:
        yield Evidence(
            path="synonyms.md",
            title="The watermark in the choice between synonyms: keys, what a search says",
            write=writing(lambda: _synonyms(policy)),
            shows=_SHOWS,
        )
    if statistical or synonyms:
        yield figures("watermarks.md", _SHOWS)
    if declared is not None:
        yield Evidence(
            path="vendor.md",
            title="What the models' provider declares of a mark of its own",
            write=writing(lambda: _vendor(declared)),
            shows=("eucode.1",),
        )


def _statistical(policy: Policy) -> str:
    from ._options import read_options

    options = read_options(policy)
    mark = options.watermark
    own = mark.scheme in OWN_NAMES
    rows = [
        ("scheme", mark.scheme),
        ("drawn by", "chopmark, in the runtime of the model" if own else "the serving engine"),
        ("tokenizer, SHA-256", mark.tokenizer.digest),
        ("alpha", f"{mark.alpha:g}"),
        ("passages known and left out", "none" if mark.boilerplate is None else "yes"),
        *([("added to favoured tokens", f"{mark.delta:g}")] if mark.scheme != "gumbel" and own
          else []),
        *_searched(mark.ring, options.tenants, mark.clock()),
    ]  # fmt: skip
    words = (
        "The words are picked while the model writes, so nothing is added to the text. Every "
        "record says whether the answer carries the mark; the report says on how many it was found."
    )
    lost = "Nor does a temperature near 0. The measured rates are in figures.md."
    return _page("The watermark in the choice of words", words, rows, mark.ring, lost)


def _synonyms(policy: Policy) -> str:
    from ._synonym_marker import read_synonym_marker

    marker = read_synonym_marker(policy)
    assert marker is not None  # the option is on
    mark, now = marker.mark, marker.mark.clock()
    needed = mark.needed(len(mark.ring.finding(marker.tenants, now)))
    rows = [
        ("scheme", SYNONYMS),
        ("alpha", f"{mark.alpha:g}"),
        ("places with a choice that a text needs to be found", str(needed)),
        *_searched(mark.ring, marker.tenants, now),
    ]
    words = "Answers are changed: of two words that can stand for each other a key picks one."
    lost = "The test is exact: at each place a text without this mark agrees by a fair coin."
    return _page("The watermark in the choice between synonyms", words, rows, mark.ring, lost)


def _searched(ring: Ring, tenants: Sequence[str], now: str) -> list[tuple[str, str]]:
    keys = len(ring.finding(tenants, now))
    return [("tenants", str(len(tenants))), ("keys of the ring that a search tries", str(keys))]


def _page(title: str, words: str, rows: Sequence[tuple[str, str]], ring: Ring, lost: str) -> str:
    return page(
        title,
        words,
        table(("WHAT", "VALUE"), [(cell(one), cell(value)) for one, value in rows]),
        "## Master keys",
        _KEPT,
        table(
            ("KEY", "STATE", "FIRST MONTH", "LAST MONTH"),
            [(cell(one.id), one.state, one.since, one.until) for one in ring.masters],
        ),
        "## What a search says",
        table(
            ("VERDICT", "WHAT IT SAYS", "WHAT IT DOES NOT"),
            [(f"`{verdict}`", yes, no) for verdict, yes, no in _SAYS],
        ),
        "A search tells the public the verdict and a band, `strong` or `very strong`. A "
        "paraphrase or a translation leaves no mark that can be found.",
        lost,
    )


def _vendor(declared: Declared) -> str:
    rows = [_declared(one) for one in read_vendors().marks if declared.vendor in (AUTO, one.vendor)]
    return page(
        "Marks that providers declare of their own text",
        "None of it was measured here: only who has the provider's key can find such a mark. Every "
        "record says whether the provider declares one for the model, and what in the request "
        "takes it away.",
        table(("PROVIDER", "SCHEME", "SINCE", "UNLESS", "SOURCE", "READ"), rows),
    )


def _declared(one: VendorMark) -> list[str]:
    return [cell(x) for x in (one.vendor, one.scheme, one.since, one.caveat, one.source, one.read)]
