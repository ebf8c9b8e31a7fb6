"""Which columns are missing together, and rows that come twice, over all rows. Called by depths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mlregistry.ml.profiling import sorted_values
from mlregistry.ml.profiling.document import Column, Duplicates, Missingness, Pair, Pattern
from mlregistry.ml.profiling.source import Array, Field, Source

MOST_COLUMNS = 63
WEAKEST_LISTED = 0.2


def missingness(source: Source, columns: Sequence[Column]) -> Missingness:
    """Patterns of the 63 columns with the most gaps, as one bit each."""
    gaps = sorted((column for column in columns if column.n_missing), key=lambda column: -column.n_missing)
    fields = {field.name: field for field in source.fields}
    chosen = [fields[column.name] for column in gaps[:MOST_COLUMNS]]
    if not chosen:
        return Missingness(source.n_rows, (), ())
    bits = " | ".join(f"(({_gap(field)})::UBIGINT << {place})" for place, field in enumerate(chosen))
    masks = np.asarray(source.arrays([bits])[0])
    masks.sort()
    runs = sorted_values.runs(masks)
    distinct = masks[runs.starts]
    order = [int(place) for place in runs.most_frequent(source.limits.patterns + 1) if distinct[place]]
    patterns = tuple(
        Pattern(_names(int(distinct[place]), chosen), int(runs.counts[place]))
        for place in order[: source.limits.patterns]
    )
    return Missingness(
        n_complete_rows=_complete(source, [fields[column.name] for column in gaps], distinct, runs.counts),
        patterns=patterns,
        together=_together(chosen, distinct, runs.counts, source.limits.strongest_pairs),
    )


def _gap(field: Field) -> str:
    value = field.value
    return f"({value} IS NULL OR isnan({value}))" if field.type == "float" else f"{value} IS NULL"


def _names(mask: int, fields: Sequence[Field]) -> tuple[str, ...]:
    return tuple(field.name for place, field in enumerate(fields) if mask >> place & 1)


def _complete(source: Source, fields: Sequence[Field], distinct: Array, counts: Array) -> int:
    if len(fields) <= MOST_COLUMNS:
        return int(counts[distinct == 0].sum())
    condition = " OR ".join(_gap(field) for field in fields)
    return int(source.rows(f"SELECT count(*) FROM {source.table} WHERE NOT ({condition})")[0][0])  # noqa: S608  # duck quotes names and paths, the rest is ours


def _together(fields: Sequence[Field], distinct: Array, counts: Array, n: int) -> tuple[Pair, ...]:
    """Pearson's correlation of the gaps (phi), from the patterns and their counts."""
    size = len(fields)
    both = np.zeros((size, size))
    for start in range(0, len(distinct), 100_000):
        block = distinct[start : start + 100_000, None] >> np.arange(size, dtype=np.uint64)
        bits = (block & np.uint64(1)).astype(np.float64)
        both += bits.T @ (bits * counts[start : start + 100_000, None])
    total, each = float(counts.sum()), np.diag(both)
    pairs = []
    for a, b in combinations(range(size), 2):
        spread = each[a] * (total - each[a]) * each[b] * (total - each[b])
        value = float((total * both[a, b] - each[a] * each[b]) / spread**0.5) if spread > 0 else 0.0
        if abs(value) >= WEAKEST_LISTED:
            pairs.append(Pair(fields[a].name, fields[b].name, value, "pearson"))
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.value), pair.left, pair.right))[:n])


def duplicates(source: Source, columns: Sequence[Column], target: str | None) -> Duplicates:
    """Rows by a hash of all their values; for conflicts, of all but the target and identifiers."""
    if not source.n_rows:
        return Duplicates(0, 0, None if target is None else 0)
    whole = source.arrays([_hash([field.value for field in source.fields])])[0]
    whole.sort()
    counts = sorted_values.runs(whole).counts
    del whole
    named = {column.name for column in columns if column.kind in ("identifier", "constant")}
    features = [field for field in source.fields if field.name != target and field.name not in named]
    conflicts = None
    if target is not None:
        conflicts = _conflicts(source, features, target) if features else 0
    return Duplicates(source.n_rows - len(counts), int(counts.max()), conflicts)


def _conflicts(source: Source, features: Sequence[Field], target: str) -> int:
    """Rows whose like has another target."""
    outcome = next(field for field in source.fields if field.name == target)
    known = f"WHERE {outcome.quoted} IS NOT NULL"
    rows, targets = source.arrays(
        [_hash([field.value for field in features]), f"hash({outcome.value})"], known
    )
    if not len(rows):
        return 0
    order = np.argsort(rows)
    runs = sorted_values.runs(rows[order])
    sorted_targets = targets[order]
    low = np.minimum.reduceat(sorted_targets, runs.starts)
    high = np.maximum.reduceat(sorted_targets, runs.starts)
    return int(runs.counts[low != high].sum())


def _hash(values: Sequence[str]) -> str:
    return f"hash({', '.join(values)})"
