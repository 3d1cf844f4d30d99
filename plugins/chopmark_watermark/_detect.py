"""`detect`: whether a text has a mark of ours, under any key that could have made one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chopmark import MarkError

from ._boilerplate import Boilerplate
from ._detection import Detection, Span
from ._names import ALPHA
from ._prf import Ids
from ._ring import KeyName, Ring, this_epoch
from ._scan import scan, spans, whole
from ._scheme import Scheme
from ._schemes import scheme_of
from ._scores import Scores
from ._tokens import Tokenizer
from ._unigram import WORDS

REFERENCE_BITS = 1.6
"""The chance a token, in bits, by which a text is judged too short: temperature 0.7, about."""
MARGIN = 1.8
"""So many times the tokens of the median text bring four of five below the level, as measured."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The strongest test under one key."""

    key: KeyName | None
    scores: Scores
    log10_p: float
    tests: int


def detect(
    text: str,
    ring: Ring,
    tokenizer: Tokenizer,
    *,
    scheme: str = "gumbel",
    tenants: Sequence[str] = ("",),
    epochs: Iterable[str] | None = None,
    alpha: float = ALPHA,
    prompt: str | None = None,
    words: int = WORDS,
    now: str | None = None,
    boilerplate: Boilerplate | None = None,
) -> Detection:
    """Return whether `text` was marked with a key of `ring`.

    Args:
        text: any text, a longer one with marked parts included.
        ring: the keys; those that are revoked are not looked for.
        tokenizer: that of the model which may have written it.
        scheme: one of chopmark's own, `gumbel`, `green`, `unigram`, or an engine's.
        tenants: for whom it may have been written; each costs a factor in the p-value.
        epochs: months as YYYY-MM; by default all in which a key was used.
        alpha: the level, after the adjustment for everything that was tried.
        prompt: what stood before it, where that is known: then the first tokens count too.
        words: for `unigram`, how many tokens its list had.
        now: the epoch of today, by default that of the clock.
        boilerplate: passages to leave out, which stand in texts of many people.

    Raises:
        MarkError: the scheme is unknown, alpha no probability, or no key can be looked for.
        RingError: an epoch is no month.
    """
    found = scheme_of(scheme, tokenizer, words)
    names = ring.finding(tenants, now or this_epoch(), epochs)
    if not names:
        raise MarkError(
            "no key to look for: the ring has none, they are revoked, or none was in use in the "
            "epochs that were asked for"
        )
    keys = [
        (name, key)
        for name in names
        for key in found.keys(ring.derive(name, scheme, tokenizer.digest))
    ]
    before = None if prompt is None else tokenizer.ids(prompt)
    ignored = None if boilerplate is None else _known(text, tokenizer, boilerplate)
    best = search(tokenizer.ids(text), keys, found, before, ignored)
    detection = conclude(best, found, len(keys), alpha)
    if ignored is not None:
        count = int(ignored.sum())
        note = f"{count} tokens stand in passages that are known, and were left out"
        detection = replace(detection, ignored=count, notes=(*detection.notes, note))
    if detection.verdict != "marked":
        return detection
    places = list(spans(best.scores, found.null, alpha, len(keys)))
    if not places:
        return detection
    tokens = tokenizer.encode(text)
    marked = [
        Span(
            int(tokens.starts[best.scores.places[one.start]]),
            int(tokens.ends[best.scores.places[one.end - 1]]),
            one.log10_p,
        )
        for one in places
    ]
    return replace(detection, spans=tuple(sorted(marked)))


def search(
    ids: Ids,
    keys: Sequence[tuple[KeyName | None, Any]],
    scheme: Scheme,
    prompt: Ids | None = None,
    ignored: npt.NDArray[np.bool_] | None = None,
) -> Finding:
    """Return the strongest of all tests of `ids`, shape (n,), under all `keys`.

    Tokens that `ignored`, shape (n,), names are not tested: which ones must depend on no key.

    For each key the whole text is one test and its best window another; half of the level is
    each one's.
    """
    best: Finding | None = None
    for name, key in keys:
        scores = scheme.score(key, ids, prompt)
        if ignored is not None:
            scores = scores.without(ignored)
        tests, log10_p = 1, whole(scores, scheme.null)
        looked = scan(scores, scheme.null)
        if looked.best is not None:
            tests = 2
            if looked.best + math.log10(looked.windows) < log10_p:
                tests, log10_p = 2 * looked.windows, looked.best
        found = Finding(name, scores, log10_p, tests)
        if best is None or _adjusted(found) < _adjusted(best):
            best = found
    if best is None:
        raise MarkError("no key to look for")
    return best


def conclude(found: Finding, scheme: Scheme, keys: int, alpha: float) -> Detection:
    """Return what the strongest test says, after all of them were paid for."""
    if not 0 < alpha < 1:
        raise MarkError(f"alpha is {alpha!r}; write a probability, for example 1e-5")
    tests = found.tests * keys
    adjusted = min(0.0, found.log10_p + math.log10(tests))
    needed = -math.log10(alpha) + math.log10(max(1, keys))
    enough = {bits: math.ceil(MARGIN * needed / rate) for bits, rate in scheme.rates.items()}
    scored = len(found.scores.values)
    marked = adjusted <= math.log10(alpha)
    short = scored < enough[REFERENCE_BITS]
    notes: tuple[str, ...] = ()
    if short and not marked:
        notes = (f"{scored} tokens can be tested, {enough[REFERENCE_BITS]} would be needed",)
    if found.scores.duplicates > scored:
        notes = (*notes, "most of the text repeats itself, which says nothing new")
    return Detection(
        verdict="marked" if marked else "inconclusive" if short else "no_evidence",
        scheme=scheme.name,
        key=found.key if marked else None,
        log10_p=found.log10_p,
        log10_p_adjusted=adjusted,
        tests=tests,
        scored=scored,
        duplicates=found.scores.duplicates,
        enough=enough,
        notes=notes,
    )


def _known(
    text: str, tokenizer: Tokenizer, boilerplate: Boilerplate
) -> npt.NDArray[np.bool_] | None:
    """Return which tokens stand in a known passage, None where none does."""
    known = boilerplate.mask(text)
    if not known.any():
        return None
    tokens = tokenizer.encode(text)
    before = np.concatenate([[0], np.cumsum(known)])
    inside: npt.NDArray[np.bool_] = before[tokens.ends] > before[tokens.starts]
    return inside


def _adjusted(found: Finding) -> float:
    return found.log10_p + math.log10(found.tests)
