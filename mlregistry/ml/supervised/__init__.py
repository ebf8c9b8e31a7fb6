"""Classification and regression: a table made ready, pipelines fitted and measured, folds, one whole training."""
