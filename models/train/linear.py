"""Logistic regression, one a head, over the features of labelled rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from .heads import HEADS
from .rows import Row


def regressions(
    seen: sparse.csr_matrix, rows: Sequence[Row], strength: float
) -> Iterator[LogisticRegression]:
    """Fit one to each head, on the rows of which that is known or most likely 0.

    `seen` is [rows, features], `strength` the inverse of the regularisation.
    """
    for head in HEADS:
        labels = [row.labels.get(head, 0.0 if head in row.hinted else None) for row in rows]
        known = np.array([n for n, label in enumerate(labels) if label is not None])
        gold = np.array([float(labels[n] or 0.0) >= 0.5 for n in known])
        weight = np.array([rows[n].weight for n in known])
        model = LogisticRegression(C=strength, max_iter=200)
        yield model.fit(seen[known], gold, sample_weight=weight)
