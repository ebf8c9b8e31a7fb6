"""Imports the packages of boosting that are there, for the fork server of jobs to have them loaded."""

from __future__ import annotations

import contextlib

from mlregistry.errors import Invalid
from mlregistry.ml.boosting import packages

for _name in packages.TITLES:
    with contextlib.suppress(Invalid):
        packages.load(_name)
