"""Classification and regression: a table made ready, pipelines fitted and measured, folds, one whole training."""

from mlregistry.ml.supervised.folding import folds

__all__ = ["folds"]
