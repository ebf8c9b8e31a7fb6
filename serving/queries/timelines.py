"""The timeline of an endpoint as coordinates: which versions had which share of its traffic, and when. For its page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from serving.models import EndpointMove

WIDTH, HEIGHT = 1000.0, 100.0
N_COLOURS = 6


@dataclass(frozen=True)
class Block:
    """One version in one period; `tone` is its colour."""

    label: str
    x: float
    y: float
    width: float
    height: float
    tone: int


@dataclass(frozen=True)
class Timeline:
    since: datetime
    until: datetime
    blocks: list[Block] = field(default_factory=list)
    versions: list[tuple[str, int]] = field(default_factory=list)


def timeline(moves: Sequence[EndpointMove], *, now: datetime) -> Timeline | None:
    """Moves with the oldest first; the last period lasts until now. None without any."""
    if not moves:
        return None
    since = moves[0].at
    length = max((now - since).total_seconds(), 1.0)
    tones: dict[str, int] = {}
    blocks: list[Block] = []
    for move, until in zip(moves, [*(later.at for later in moves[1:]), now], strict=True):
        start = (move.at - since).total_seconds() / length * WIDTH
        width = (until - move.at).total_seconds() / length * WIDTH
        blocks += _stacked(move, start, width, tones)
    return Timeline(since, now, blocks, list(tones.items()))


def _stacked(move: EndpointMove, start: float, width: float, tones: dict[str, int]) -> list[Block]:
    found, height = [], 0.0
    for one in move.variants:
        share = float(one["weight"])
        if share <= 0:
            continue
        version = f"{one['model']} v{one['version']}"
        tone = tones.setdefault(version, len(tones) % N_COLOURS + 1)
        label = f"{version}: {share:g} % since {move.at:%Y-%m-%d %H:%M} UTC"
        found.append(
            Block(label, round(start, 2), round(HEIGHT - height - share, 2), round(width, 2), share, tone)
        )
        height += share
    return found
