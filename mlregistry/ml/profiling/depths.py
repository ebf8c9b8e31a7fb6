"""Deepens a quick profile to a full one: what lies between columns and rows. Called by building."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from mlregistry.ml.profiling import correlations, missingness, outliers, relations, sample
from mlregistry.ml.profiling.columns import Report
from mlregistry.ml.profiling.document import Column, Profile
from mlregistry.ml.profiling.sample import Sample
from mlregistry.ml.profiling.source import Source

MOST_COMPARED = 200


@dataclass(frozen=True)
class Deep:
    """A profile, and what only alerts ask for."""

    profile: Profile
    equal: tuple[tuple[str, str], ...] = ()  # columns with the same values in each row
    order_score: float | None = None  # how well the row's place alone predicts the target


def deepened(source: Source, plain: Profile, report: Report) -> Deep:
    """Correlations, missingness, outliers, duplicates, and relations to the target if there is one."""
    report(0.0, "Missing values")
    gaps = missingness.missingness(source, plain.columns)
    report(0.1, "Duplicates")
    doubles = missingness.duplicates(source, plain.columns, plain.target)
    equal = _equal(source, plain.columns)
    if not source.n_rows:
        return Deep(replace(plain, missingness=gaps, duplicates=doubles))
    report(0.4, "Sample")
    rows = sample.drawn(source, plain.columns, plain.seed)
    report(0.5, "Correlations")
    found = replace(
        plain,
        n_sampled=rows.n,
        missingness=gaps,
        duplicates=doubles,
        correlations=correlations.between(rows, plain.columns, source.limits),
    )
    report(0.7, "Outliers")
    found = replace(
        found, outliers=outliers.outliers(rows, plain.columns, plain.target, source.limits, plain.seed)
    )
    columns, order_score = _related(source, found, rows, report)
    return Deep(replace(found, columns=columns), equal, order_score)


def _related(
    source: Source, plain: Profile, rows: Sample, report: Report
) -> tuple[tuple[Column, ...], float | None]:
    outcome = plain.column(plain.target) if plain.target is not None else None
    if outcome is None or not outcome.n:
        return plain.columns, None
    target = relations.target_of(rows, outcome, source.limits, plain.seed)
    columns = []
    for place, column in enumerate(plain.columns):
        report(0.75 + 0.25 * place / len(plain.columns), f"{column.name} and the target")
        columns.append(replace(column, with_target=relations.relation(rows, column, target, outcome)))
    order = relations.of_numbers(rows.rows[target.rows].astype(np.float64), target) if target else None
    return tuple(columns), order


def _equal(source: Source, columns: Sequence[Column]) -> tuple[tuple[str, str], ...]:
    """Those whose figures agree are compared row by row."""
    alike: dict[object, list[str]] = defaultdict(list)
    for column in columns:
        if column.n_distinct > 1:
            alike[_figures(column)].append(column.name)
    pairs = [pair for names in alike.values() for pair in combinations(names, 2)][:MOST_COMPARED]
    if not pairs:
        return ()
    fields = {field.name: field.quoted for field in source.fields}
    differ = ", ".join(f"count(*) FILTER ({fields[a]} IS DISTINCT FROM {fields[b]})" for a, b in pairs)
    counts = source.rows(f"SELECT {differ} FROM {source.table}")[0]  # noqa: S608  # duck quotes names and paths, the rest is ours
    return tuple(pair for pair, n in zip(pairs, counts, strict=True) if n == 0)


def _figures(column: Column) -> object:
    numbers, times, texts = column.numbers, column.times, column.texts
    return (
        column.type, column.n, column.n_distinct, column.top,
        numbers and (numbers.minimum, numbers.maximum, numbers.mean),
        times and (times.minimum, times.maximum, times.median_step_seconds),
        texts and (texts.shortest, texts.longest, texts.mean_length),
    )  # fmt: skip
