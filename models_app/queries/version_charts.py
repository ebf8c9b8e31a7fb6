"""A metric over the versions of a model, as coordinates of a drawing. For the model's page."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 1000.0, 160.0, 12.0
MOST_POINTS = 200


@dataclass(frozen=True)
class Dot:
    number: int
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """`line` is a path through all dots; `low` and `high` are the ends of the scale."""

    dots: list[Dot]
    line: str
    low: float
    high: float
    best: Dot


def chart_of(values: Sequence[tuple[int, float]], *, best: float | None) -> Chart | None:
    """The newest 200, the oldest first; None for fewer than two."""
    shown = list(values)[-MOST_POINTS:]
    if len(shown) < 2:
        return None
    low, high = min(value for _, value in shown), max(value for _, value in shown)
    first, last = shown[0][0], shown[-1][0]
    dots = [
        Dot(
            number, value,
            round(EDGE + (number - first) / max(last - first, 1) * (WIDTH - 2 * EDGE), 1),
            round(HEIGHT - EDGE - (value - low) / ((high - low) or 1) * (HEIGHT - 2 * EDGE), 1),
        )
        for number, value in shown
    ]  # fmt: skip
    line = "M" + " L".join(f"{dot.x} {dot.y}" for dot in dots)
    crowned = next((dot for dot in dots if dot.value == best), dots[-1])
    return Chart(dots, line, low, high, crowned)
