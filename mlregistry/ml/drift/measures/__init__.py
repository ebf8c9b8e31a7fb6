"""One file per way to tell two distributions apart; `mlregistry.ml.drift.methods` puts them into a table."""
