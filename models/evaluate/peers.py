"""What else installs and judges offline, each in the head that it speaks to.

A peer that is not installed is left out. What installs and then fetches its model (gorget's
classifiers, jailguard) cannot be asked; of gorget there remain its rules.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..train.heads import HEADS
from .judges import Floats, Judge

Score = Callable[[Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A package, the head that its one score is taken for, and from which score on it fires."""

    name: str
    module: str
    head: str
    bar: float
    open: Callable[[], Score]


def profanity() -> Score:
    """Open alt-profanity-check: a linear model, English."""
    from profanity_check import predict_prob

    return lambda texts: [float(score) for score in predict_prob(list(texts))]


def sentiment() -> Score:
    """Open gorget's sentiment scanner, its one judge of content that needs no download: English."""
    from gorget.input_scanners import Sentiment
    from gorget.util import configure_logger

    configure_logger("CRITICAL")
    scanner = Sentiment()
    return lambda texts: [max(0.0, scanner.scan(text)[2]) for text in texts]


def toolwall() -> Score:
    """Open toolwall-guard's rules for injected instructions, without its optional model."""
    from toolwall.detect import CompositeDetector

    detector = CompositeDetector(use_judge=False)
    return lambda texts: [float(detector.score(text)[0]) for text in texts]


PEERS = (
    Peer(
        name="alt-profanity-check", module="profanity_check", head="toxic", bar=0.5, open=profanity
    ),
    Peer(name="gorget sentiment", module="gorget", head="toxic", bar=0.01, open=sentiment),
    Peer(name="toolwall-guard rules", module="toolwall", head="injection", bar=0.5, open=toolwall),
)


def peers(texts: Sequence[str]) -> Iterator[Judge]:
    """Ask every peer that is installed."""
    for peer in PEERS:
        try:
            importlib.import_module(peer.module)
        except ImportError:
            continue
        scores: Floats = np.full((len(texts), len(HEADS)), np.nan, np.float32)
        scores[:, HEADS.index(peer.head)] = peer.open()(texts)
        thresholds = dict.fromkeys(
            ("strict", "balanced", "permissive"), dict.fromkeys(HEADS, peer.bar)
        )
        yield Judge(name=peer.name, scores=scores, thresholds=thresholds)
