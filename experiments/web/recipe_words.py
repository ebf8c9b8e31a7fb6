"""What the recipe editor calls the choices of an option. `recipe_forms` asks."""

from mlregistry.ml.selection.methods import METHODS

WORDS = {
    "knn": "nearest neighbours",
    "iterative": "iterative: each column from the others",
    "mode": "mode: the most frequent",
    "iqr": "quartiles and their distance (IQR)",
    "sigma": "mean and deviation (sigma)",
    "standard": "standard: mean 0, deviation 1",
    "min_max": "min–max: from 0 to 1",
    "robust": "robust: median 0, quartiles 1 apart",
    "power": "power: Yeo–Johnson, near to normal",
    "uniform": "uniform",
    "k_means": "k-means",
    "edges": "given edges",
    "one_hot": "one-hot: one column per category",
    "ordinal": "ordinal: numbers in an order",
    "label": "label: a number per category",
    "target": "target: mean of y, cross-fitted",
    "frequency": "frequency: share of the rows",
    "hash": "hashing: a fixed number of columns",
    "univariate": "F-test of each feature alone",
    "error": "is refused",
    "missing": "gets missing values",
}


def title(word: str) -> str:
    """The choice in words."""
    if word in METHODS:
        return METHODS[word].title
    return WORDS.get(word, word.replace("_", " "))
