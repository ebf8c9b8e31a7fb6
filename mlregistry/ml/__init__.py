"""The machine-learning core: plain Python over frames and frozen dataclasses, without Django."""
