"""What faults cost on a real server with two web processes; `python -m benchmarks.serving_faults` runs the parts."""
