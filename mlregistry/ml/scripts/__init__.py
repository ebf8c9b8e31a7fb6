"""A run as a Python script that stands alone: the parts that a person reads, and the code of ours that they need."""
