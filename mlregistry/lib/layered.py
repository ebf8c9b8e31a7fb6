"""A small drawing of a layered graph: who stands beside whom so that few lines cross, and where. For lineage graphs.

The order follows the barycentre heuristic of Sugiyama, Tagawa and Toda (1981).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

SWEEPS = 6
BOX_WIDTH, BOX_HEIGHT = 180, 52
GAP_X, GAP_Y, EDGE = 54, 16, 4
GAP_LABELLED = 108  # before boxes that lines with a label lead to
LINE_HEIGHT, LETTER_WIDTH = 15, 7
ALONG = sorted((step / 50 for step in range(9, 42)), key=lambda share: abs(share - 0.5))  # places of labels


@dataclass(frozen=True)
class Drawing:
    """The upper left corners of boxes by key, the paths of edges in the order given, and the middles of labels."""

    places: dict[str, tuple[int, int]]
    paths: list[str]
    width: int
    height: int
    labels: list[tuple[str, int, int]] = field(default_factory=list)


def draw(
    layers: Sequence[Sequence[str]],
    edges: Sequence[tuple[str, str]],
    labels: Mapping[tuple[str, str], str] | None = None,
) -> Drawing:
    """Layers from left to right; those without boxes take no room. Edges lead from one layer to a later one.

    Labels are by edge; each stands on its line where it covers no other.
    """
    said = {edge: text for edge, text in (labels or {}).items() if text}
    ordered = arranged([list(layer) for layer in layers if layer], edges)
    columns = _columns(ordered, {end for _, end in said})
    tallest = max((len(layer) for layer in ordered), default=0)
    height = max(tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y, 0)
    places: dict[str, tuple[int, int]] = {}
    for column, layer in enumerate(ordered):
        room = len(layer) * (BOX_HEIGHT + GAP_Y) - GAP_Y
        for row, key in enumerate(layer):
            places[key] = (columns[column], EDGE + (height - room) // 2 + row * (BOX_HEIGHT + GAP_Y))
    width = columns[-1] - EDGE + BOX_WIDTH if columns else 0
    paths = [_path(places[a], places[b]) for a, b in edges]
    return Drawing(places, paths, width + 2 * EDGE, height + 2 * EDGE, _labelled(said, places))


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


def _columns(layers: Sequence[Sequence[str]], labelled: Collection[str]) -> list[int]:
    """Where each layer begins."""
    found, x = [], EDGE
    for number, layer in enumerate(layers):
        if number:
            x += BOX_WIDTH + (GAP_LABELLED if any(key in labelled for key in layer) else GAP_X)
        found.append(x)
    return found


def _labelled(
    said: Mapping[tuple[str, str], str], places: Mapping[str, tuple[int, int]]
) -> list[tuple[str, int, int]]:
    """Flat lines first, as they leave the least choice."""
    found: list[tuple[str, int, int]] = []
    flat_first = sorted(said.items(), key=lambda item: abs(places[item[0][0]][1] - places[item[0][1]][1]))
    for (first, second), text in flat_first:
        spots = [_on_path(places[first], places[second], share) for share in ALONG]
        free = [spot for spot in spots if not any(_covers((text, *spot), other) for other in found)]
        found.append((text, *(free or spots)[0]))
    return found


def _covers(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    wide = (len(one[0]) + len(other[0])) * LETTER_WIDTH / 2
    return abs(one[1] - other[1]) < wide and abs(one[2] - other[2]) < LINE_HEIGHT


def _on_path(start: tuple[int, int], end: tuple[int, int], share: float) -> tuple[int, int]:
    """The point of `_path` at this share of its parameter."""
    x, y = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    to_x, to_y = end[0], end[1] + BOX_HEIGHT // 2
    across = 1.5 * share * (1 - share) + share**3
    risen = share**2 * (3 - 2 * share)
    return round(x + (to_x - x) * across), round(y + (to_y - y) * risen)


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    to_x, to_y = end[0], end[1] + BOX_HEIGHT // 2
    bend = (to_x - x) // 2
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
