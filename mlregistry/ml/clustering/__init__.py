"""Clustering: estimators that answer new rows, choice of their number, metrics, stability, profiles of the clusters."""
