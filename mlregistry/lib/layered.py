"""A small drawing of a layered graph: who stands beside whom so that few lines cross, and where. For lineage graphs.

The order follows the barycentre heuristic of Sugiyama, Tagawa and Toda (1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 6
BOX_WIDTH, BOX_HEIGHT = 180, 52
GAP_X, GAP_Y, EDGE = 54, 16, 4


@dataclass(frozen=True)
class Drawing:
    """The upper left corners of boxes by key, and the paths of edges in the order given."""

    places: dict[str, tuple[int, int]]
    paths: list[str]
    width: int
    height: int


def draw(layers: Sequence[Sequence[str]], edges: Sequence[tuple[str, str]]) -> Drawing:
    """Layers from left to right; those without boxes take no room. Edges lead from one layer to a later one."""
    ordered = arranged([list(layer) for layer in layers if layer], edges)
    tallest = max((len(layer) for layer in ordered), default=0)
    height = max(tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y, 0)
    places: dict[str, tuple[int, int]] = {}
    for column, layer in enumerate(ordered):
        room = len(layer) * (BOX_HEIGHT + GAP_Y) - GAP_Y
        for row, key in enumerate(layer):
            x = EDGE + column * (BOX_WIDTH + GAP_X)
            places[key] = (x, EDGE + (height - room) // 2 + row * (BOX_HEIGHT + GAP_Y))
    width = max(len(ordered) * (BOX_WIDTH + GAP_X) - GAP_X, 0)
    return Drawing(
        places, [_path(places[a], places[b]) for a, b in edges], width + 2 * EDGE, height + 2 * EDGE
    )


def arranged(layers: list[list[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each layer sorted by the mean place of its neighbours, forwards and back in turn; the order found with the
    fewest crossings."""
    beside: dict[str, list[str]] = {key: [] for layer in layers for key in layer}
    for first, second in edges:
        beside[first].append(second)
        beside[second].append(first)
    best, fewest = layers, crossings(layers, edges)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        layers = _swept(layers, beside, backwards=bool(sweep % 2))
        found = crossings(layers, edges)
        if found < fewest:
            best, fewest = layers, found
    return best


def crossings(layers: Sequence[Sequence[str]], edges: Sequence[tuple[str, str]]) -> int:
    """Pairs of edges between the same two layers that cross."""
    at = {key: (number, place) for number, layer in enumerate(layers) for place, key in enumerate(layer)}
    ends = [(at[a][0], at[b][0], at[a][1], at[b][1]) for a, b in edges]
    return sum(
        one[:2] == other[:2] and (one[2] - other[2]) * (one[3] - other[3]) < 0
        for number, one in enumerate(ends)
        for other in ends[:number]
    )


def _swept(layers: list[list[str]], beside: Mapping[str, list[str]], *, backwards: bool) -> list[list[str]]:
    found = layers[::-1] if backwards else layers[:]
    for number in range(1, len(found)):
        before = {key: place for layer in found[:number] for place, key in enumerate(layer)}
        found[number] = sorted(found[number], key=lambda key: _mean(key, beside, before))  # used at once
    return found[::-1] if backwards else found


def _mean(key: str, beside: Mapping[str, list[str]], before: Mapping[str, int]) -> float:
    """Boxes without a neighbour among those placed keep to the end."""
    places = [before[other] for other in beside[key] if other in before]
    return sum(places) / len(places) if places else float("inf")


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    to_x, to_y = end[0], end[1] + BOX_HEIGHT // 2
    bend = (to_x - x) // 2
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
