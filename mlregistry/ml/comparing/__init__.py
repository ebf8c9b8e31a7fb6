"""Whether a difference between two runs is more than noise: over shared folds, over shared test rows."""
