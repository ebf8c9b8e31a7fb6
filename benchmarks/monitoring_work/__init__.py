"""What `benchmarks.monitoring` runs with a database of its own."""
