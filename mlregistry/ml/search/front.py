"""The Pareto front: the points that no other beats in every objective. Called by queries of studies."""

from __future__ import annotations

from collections.abc import Sequence


def front(points: Sequence[Sequence[float]], directions: Sequence[str]) -> list[int]:
    """Positions of the points that no other dominates; of equal points all stay."""
    signs = [1.0 if direction == "minimize" else -1.0 for direction in directions]
    turned = [tuple(sign * value for sign, value in zip(signs, point, strict=True)) for point in points]
    kept: list[tuple[float, ...]] = []
    for point in sorted(set(turned)):
        if not any(all(a <= b for a, b in zip(other, point, strict=True)) for other in kept):
            kept.append(point)
    best = set(kept)
    return [place for place, point in enumerate(turned) if point in best]
