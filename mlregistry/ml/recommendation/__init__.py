"""Recommendation: interactions parted by time, recommenders fitted, lists measured, models kept as arrays."""
