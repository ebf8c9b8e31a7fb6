"""Spans of time that actions keep and pages show."""

from datetime import timedelta

UNDONE_WITHIN = timedelta(days=1)
"""How long a deleted comment can be brought back; then its text is forgotten."""
