"""Parts of `python -m benchmarks.training`: the data, ours in one process, and the peer in its own environment."""
