"""What the benchmark of curves stands on."""
