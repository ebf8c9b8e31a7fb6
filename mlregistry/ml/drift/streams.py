"""When the mean of a column changed: its hours one after the other, through a detector. Called by jobs that check.

Numbers are followed by their mean, categories by the share of the baseline's most frequent one, both in deviations of
the baseline. The hours come as counters, so a stream of millions of rows is a few hundred sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import Baseline, WatchedColumn
from mlregistry.ml.drift.changes import Adwin, PageHinkley
from mlregistry.ml.drift.counters import SQUARES, Counters
from mlregistry.ml.drift.declaring import PAGE_HINKLEY, Declaration

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

USUAL_HOURS = 24  # that tell what is usual, for Page and Hinkley's test
NEWEST_HOURS = 3  # that tell what it is after an alarm of it
LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Change:
    """Seen in the hour that begins at `at` (seconds since 1970); both means are in the column's unit.

    `label` is the category whose share they are; `step` is their distance in deviations of the baseline.
    """

    column: str
    at: int
    before: float
    after: float
    step: float
    label: str | None = None


@dataclass(frozen=True)
class _Scale:
    """Where values lie usually, and how far apart."""

    column: WatchedColumn
    centre: float
    deviation: float
    reach: float

    def change(self, at: int, before: float, after: float) -> Change:
        label = self.column.labels[0] if self.column.numbers is None else None
        means = [self.centre + self.deviation * value for value in (before, after)]
        return Change(self.column.name, at, means[0], means[1], after - before, label)


def changes(
    baseline: Baseline,
    reference: Counters,
    hours: Sequence[tuple[int, Counters]],
    declaration: Declaration,
) -> list[Change]:
    """The newest first; `hours` in their order, each with its begin. Changes below `stream_change` are left out."""
    find = _page_hinkley if declaration.stream == PAGE_HINKLEY else _adwin
    found = [
        change
        for scale, place in _scales(baseline, reference)
        if declaration.watches(scale.column.name)
        for change in find(scale, _sums(baseline, scale, place, hours), declaration)
        if abs(change.step) >= declaration.stream_change
    ]
    return sorted(found, key=lambda change: (-change.at, change.column))


Sums = Sequence[tuple[int, int, float, float]]
"""Of each hour: its begin, how many values, their sum and sum of squares, in deviations from the centre."""


def _scales(baseline: Baseline, reference: Counters) -> Iterator[tuple[_Scale, int]]:
    """Of the columns that vary in the baseline."""
    for place, column in enumerate(baseline.columns):
        counts = reference.counts[baseline.places[column.name]]
        n = int(counts.sum())
        if not n or not (column.numbers or column.labels):
            continue
        if column.numbers is not None:
            centre = column.numbers.centre
            deviation = float(np.sqrt(reference.figures[place, SQUARES] / n))
            low, high = reference.limits[place].tolist()
            reach = high - low
        else:
            centre, reach = float(counts[0]) / n, 1.0
            deviation = float(np.sqrt(centre * (1 - centre)))
        if deviation > LEAST_SPREAD * max(1.0, abs(centre)):
            yield _Scale(column, centre, deviation, max(1.0, reach / deviation)), place


def _sums(baseline: Baseline, scale: _Scale, place: int, hours: Sequence[tuple[int, Counters]]) -> Sums:
    cells, column = baseline.places[scale.column.name], scale.column
    edges = np.asarray(column.numbers.edges) if column.numbers else None
    found = []
    for at, hour in hours:
        counts = hour.counts[cells]
        n = int(counts.sum())
        if not n:
            continue
        if edges is not None:
            total = float((hour.offsets[cells] + counts * _anchors(edges)).sum()) - n * scale.centre
            squares = float(hour.figures[place, SQUARES])
        else:
            first = int(counts[0])
            total = first - n * scale.centre
            squares = first * (1 - scale.centre) ** 2 + (n - first) * scale.centre**2
        found.append((at, n, total / scale.deviation, squares / scale.deviation**2))
    return found


def _anchors(edges: Floats) -> Floats:
    return np.concatenate([edges[:1], edges])


def _adwin(scale: _Scale, sums: Sums, declaration: Declaration) -> Iterator[Change]:
    detector = Adwin(declaration.stream_delta, scale.reach)
    for at, n, total, squares in sums:
        before = detector.mean
        if detector.add_sums(n, total, squares):
            yield scale.change(at, before, detector.mean)


def _page_hinkley(scale: _Scale, sums: Sums, _: Declaration) -> Iterator[Change]:
    """The means of hours; a day tells what is usual, and another one after each alarm."""
    means = [(at, total / n, n) for at, n, total, _ in sums]
    start = 0
    while len(means) - start > USUAL_HOURS:
        usual = [mean for _, mean, _ in means[start : start + USUAL_HOURS]]
        least = 1 / float(np.sqrt(np.mean([n for *_, n in means[start : start + USUAL_HOURS]])))
        detector = PageHinkley(float(np.mean(usual)), max(float(np.std(usual)), least))
        alarm = next(
            (k for k in range(start + USUAL_HOURS, len(means)) if detector.add(means[k][1])), len(means)
        )
        if alarm < len(means):
            newest = [
                mean for _, mean, _ in means[max(start + USUAL_HOURS, alarm - NEWEST_HOURS + 1) : alarm + 1]
            ]
            yield scale.change(means[alarm][0], detector.mean, float(np.mean(newest)))
        start = alarm + 1
