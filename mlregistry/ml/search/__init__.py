"""Hyperparameter search without rows or clocks: spaces, proposals, pruning, importance, one measured trial."""
