"""Texts as numbers: the weight of the words that tell most (TF-IDF), and lengths."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

LENGTHS = ("characters", "words")
MOST_TERMS_IN_ALL = 20_000


class TextFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Per column scikit-learn's TF-IDF of its most frequent terms (gaps count as empty), then its lengths."""

    def __init__(self, max_terms: int = 200, longest_phrase: int = 1, lengths: bool = True) -> None:
        self.max_terms = max_terms
        self.longest_phrase = longest_phrase
        self.lengths = lengths

    def fit(self, X: npt.NDArray[Any], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        self.vectorizers_ = [self._fitted(self._texts(X[:, place])) for place in range(X.shape[1])]
        n_terms = sum(len(one.vocabulary_) for one in self.vectorizers_ if one is not None)
        if n_terms > MOST_TERMS_IN_ALL:
            raise ValueError(
                f"{n_terms:,} terms in all are too many; at most {MOST_TERMS_IN_ALL:,} are allowed"
            )
        return self

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        blocks: list[Any] = [np.empty((len(X), 0))]
        for place, vectorizer in enumerate(self.vectorizers_):
            texts = self._texts(X[:, place])
            if vectorizer is not None:
                blocks.append(vectorizer.transform(texts).toarray())
            if self.lengths:
                blocks.append(np.array([[len(text), len(text.split())] for text in texts], dtype=np.float64))
        return np.hstack(blocks)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        names = []
        for name, vectorizer in zip(input_features, self.vectorizers_, strict=True):
            terms = [] if vectorizer is None else vectorizer.get_feature_names_out()
            names += [f"{name}: {term}" for term in terms]
            names += [f"{name} {length}" for length in LENGTHS] if self.lengths else []
        return np.array(names, dtype=object)

    def _texts(self, column: npt.NDArray[Any]) -> list[str]:
        return ["" if value == "(missing)" else value for value in column.tolist()]

    def _fitted(self, texts: list[str]) -> Any:
        vectorizer = TfidfVectorizer(max_features=self.max_terms, ngram_range=(1, self.longest_phrase))
        try:
            return vectorizer.fit(texts)
        except ValueError:  # not one word in the training rows
            return None
