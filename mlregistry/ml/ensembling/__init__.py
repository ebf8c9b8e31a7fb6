"""Ensembles of measured models: out-of-fold predictions, how to mix them, what is honest to expect, what it costs."""
