"""The parts of benchmarks.serving: model files, servers, load, our endpoints."""
