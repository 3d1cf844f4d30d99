"""The floor to beat: logistic regression over character n-grams, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ..train.heads import HEADS
from ..train.rows import Row

Floats = NDArray[np.float32]


class Floor:
    """One linear model a head."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.view = make_pipeline(
            HashingVectorizer(
                analyzer="char", ngram_range=(1, 3), n_features=2**18, alternate_sign=False
            ),
            TfidfTransformer(sublinear_tf=True),
        )
        seen = self.view.fit_transform([row.text[:2000] for row in rows])
        self.heads = []
        for head in HEADS:
            labels = [row.labels.get(head, 0.0 if head in row.hinted else None) for row in rows]
            known = np.array([n for n, label in enumerate(labels) if label is not None])
            gold = np.array([float(labels[n]) >= 0.5 for n in known])
            weight = np.array([rows[n].weight for n in known])
            model = LogisticRegression(C=4.0, max_iter=200)
            self.heads.append(model.fit(seen[known], gold, sample_weight=weight))

    def scores(self, texts: Sequence[str]) -> Floats:
        """Give the probabilities, a row a text."""
        seen = self.view.transform([text[:2000] for text in texts])
        columns = [model.predict_proba(seen)[:, 1] for model in self.heads]
        return np.stack(columns, axis=1).astype(np.float32)
