"""What a measure gives back. Made by all files beside this one, read by judging."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """How far apart the sides are; `p_value` is of tests only, `n_bins` is 0 for what needs none."""

    statistic: float
    p_value: float | None = None
    n_bins: int = 0
