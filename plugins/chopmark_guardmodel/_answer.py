"""A guard model's answer, and how sure it was of the word that decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer, with the log-probabilities of what could have stood there."""

    text: str
    alternatives: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of an answer, and its tokens where the server gave them."""

    text: str
    tokens: Sequence[Token] = ()

    def shares(self, labels: Sequence[str], after: str = "") -> Mapping[str, float] | None:
        """Return how probable each of `labels` was, of 1, at the first word behind `after`.

        None where the server gave no log-probabilities, or none of a label. A label counts with
        each of its beginnings: a tokenizer may cut it.
        """
        token = self._first_word(after)
        if token is None:
            return None
        found = dict.fromkeys(labels, 0.0)
        for text, logprob in token.alternatives.items():
            start = text.strip().lower()
            fitting = [label for label in labels if start and label.lower().startswith(start)]
            if len(fitting) == 1:
                found[fitting[0]] += math.exp(logprob)
        total = sum(found.values())
        return {label: share / total for label, share in found.items()} if total > 0 else None

    def _first_word(self, after: str) -> Token | None:
        said = ""
        for token in self.tokens:
            if after in said and token.text.strip():
                return token
            said += token.text
        return None
