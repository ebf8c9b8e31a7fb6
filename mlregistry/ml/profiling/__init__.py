"""Profiles of tables: what every column holds, what the columns have to do with each other, what looks wrong.

`mlregistry.ml.profiling.building.profile` makes one, `document` is its only format; drift reads the same figures.
"""
