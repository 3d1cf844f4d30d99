"""The floor to beat: logistic regression over character n-grams, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import make_pipeline

from ..train.linear import regressions
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
        self.heads = list(regressions(seen, rows, strength=4.0))

    def scores(self, texts: Sequence[str]) -> Floats:
        """Give the probabilities, a row a text."""
        seen = self.view.transform([text[:2000] for text in texts])
        columns = [model.predict_proba(seen)[:, 1] for model in self.heads]
        return np.stack(columns, axis=1).astype(np.float32)
