"""Faster forms of trained models in NumPy, how they are made, stored, held against the native one, and scored with."""
