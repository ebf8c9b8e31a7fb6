"""The figures of columns of text: counted by value while the distinct ones are few, by hash when they are many.

Called by columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np

from mlregistry.ml import duck
from mlregistry.ml.profiling import patterns, sorted_values
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Histogram, Texts, TopValue
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.source import Array, Field, Source

PROBED_ROWS = 20_000
FEW_IN_PROBE = 5_000
LONGEST_FORM = 40
SIGNS = str.maketrans(digits + ascii_uppercase + ascii_lowercase, "0" * 10 + "A" * 26 + "a" * 26)


@dataclass(frozen=True)
class Measured:
    """What the texts of one column came to."""

    n: int
    n_distinct: int
    top: tuple[TopValue, ...]
    texts: Texts | None
    clues: Clues


@dataclass(frozen=True)
class Shape:
    """Rows by length, and how many are blank, padded, numbers or dates."""

    lengths: Mapping[int, int]
    n_blank: int
    n_padded: int
    n_numbers: int
    n_dates: int


def counted(array: Array, limits: ProfileLimits) -> Measured:
    """Of the texts themselves, none missing."""
    return by_value(Counter(array.tolist()), limits)


def by_value(counts: Mapping[str, int], limits: ProfileLimits) -> Measured:
    """Of every distinct text and its rows."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    looked_at = dict(ordered[: limits.values_looked_at])
    return Measured(
        n=sum(counts.values()),
        n_distinct=len(counts),
        top=_listed(ordered, limits),
        texts=_texts(_shape(counts), counts, limits) if counts else None,
        clues=Clues(values=looked_at, all_values=len(looked_at) == len(counts)),
    )


def _listed(ordered: Sequence[tuple[str, int]], limits: ProfileLimits) -> tuple[TopValue, ...]:
    return tuple(
        TopValue(value[: limits.longest_value], count) for value, count in ordered[: limits.categories]
    )


def many(source: Source, fields: Sequence[Field]) -> dict[str, Measured]:
    """Of long columns: a probe of the first rows tells which way each is counted."""
    if not fields:
        return {}
    distinct = ", ".join(f"count(DISTINCT {field.value})" for field in fields)
    head = f"(SELECT * FROM {source.table} LIMIT {PROBED_ROWS})"  # noqa: S608  # duck quotes names and paths, the rest is ours
    probe = source.rows(f"SELECT {distinct} FROM {head}")[0]  # noqa: S608  # duck quotes names and paths, the rest is ours
    few = [field for field, n in zip(fields, probe, strict=True) if n <= FEW_IN_PROBE]
    measured = {field.name: _grouped(source, field) for field in few}
    rest = [field for field in fields if measured.get(field.name) is None]
    spread = _spread(source, rest)
    for field in rest:
        measured[field.name] = _hashed(source, field, spread[field.name])
    return {name: found for name, found in measured.items() if found is not None}


def _grouped(source: Source, field: Field) -> Measured | None:
    """None when there are more distinct values than are counted so."""
    limit = source.limits.grouped_values
    pairs = source.rows(
        f"SELECT {field.value} AS v, count(*) FROM {source.table} WHERE v IS NOT NULL GROUP BY v LIMIT {limit + 1}"  # noqa: S608  # duck quotes names and paths, the rest is ours
    )
    return by_value(dict(pairs), source.limits) if len(pairs) <= limit else None


def _hashed(source: Source, field: Field, values: Mapping[str, int]) -> Measured:
    """Equal hashes count as equal texts: among 10 million that errs with a chance of 1 in 400,000."""
    limits, value = source.limits, field.value
    ordered = source.known(field, f"hash({value})")
    n = len(ordered)
    ordered.sort()
    found = sorted_values.runs(ordered)
    n_distinct = len(found.starts)
    frequent = [place for place in found.most_frequent(limits.top_values) if found.counts[place] > 1]
    top: list[tuple[str, int]] = []
    if frequent:
        hashes = ", ".join(str(ordered[found.starts[place]]) for place in frequent)
        top = source.rows(
            f"SELECT {value} AS v, count(*) AS n FROM {source.table} WHERE hash(v) IN ({hashes})"  # noqa: S608  # duck quotes names and paths, the rest is ours
            " GROUP BY v ORDER BY n DESC, v"
        )
    del ordered
    texts = _texts(_shape_by_sql(source, field, values), values, limits)
    return Measured(n, n_distinct, _listed(top, limits), texts, Clues(values=values))


def _spread(source: Source, fields: Sequence[Field]) -> dict[str, dict[str, int]]:
    """Some texts of each column, from rows all over the table."""
    if not fields:
        return {}
    part = source.sampled(2 * source.limits.values_looked_at)
    rows = source.rows(f"SELECT {', '.join(field.value for field in fields)} FROM {source.table} {part}")  # noqa: S608  # duck quotes names and paths, the rest is ours
    found = {}
    for place, field in enumerate(fields):
        counts = Counter(row[place] for row in rows if row[place] is not None)
        found[field.name] = dict(counts.most_common(source.limits.values_looked_at))
    return found


def _shape(counts: Mapping[str, int]) -> Shape:
    lengths: Counter[int] = Counter()
    n_blank = n_padded = n_numbers = n_dates = 0
    for value, n in counts.items():
        lengths[len(value)] += n
        bare = value.strip(patterns.SPACE)
        n_blank += n if not bare else 0
        n_padded += n if bare and len(bare) != len(value) else 0
        if patterns.number.fullmatch(bare):
            n_numbers += n
        elif patterns.date.fullmatch(bare):
            n_dates += n
    return Shape(lengths, n_blank, n_padded, n_numbers, n_dates)


def _shape_by_sql(source: Source, field: Field, values: Mapping[str, int]) -> Shape:
    """The same over all rows. Numbers and dates are looked for only if `values` hold any: it is the costly part."""
    spaces = ", ".join(str(ord(letter)) for letter in patterns.SPACE)
    edged = f"ascii(v) IN ({spaces}) OR unicode(v[-1]) IN ({spaces})"  # trimming is slow, and seldom needed
    bare = f"CASE WHEN {edged} THEN trim(v, {duck.text(patterns.SPACE)}) ELSE v END"
    seen = _shape(values)
    number = f"regexp_full_match(b, {duck.text(patterns.NUMBER)})" if seen.n_numbers else "false"
    date = f"regexp_full_match(b, {duck.text(patterns.DATE)})" if seen.n_dates else "false"
    rows = source.rows(
        "SELECT length(v) AS l, count(*), count(*) FILTER (b = ''), count(*) FILTER (b <> '' AND length(b) <> l),"  # noqa: S608  # duck quotes names and paths, the rest is ours
        " count(*) FILTER (k), count(*) FILTER (d AND NOT k)"
        f" FROM (SELECT v, b, {number} AS k, {date} AS d FROM (SELECT {field.value} AS v, {bare} AS b"
        f" FROM {source.table} WHERE v IS NOT NULL)) GROUP BY l"
    )
    sums = [sum(row[place] for row in rows) for place in range(2, 6)]
    return Shape({row[0]: row[1] for row in rows}, *sums)


def _texts(shape: Shape, values: Mapping[str, int], limits: ProfileLimits) -> Texts:
    lengths = np.array(sorted(shape.lengths))
    counts = np.array([shape.lengths[length] for length in lengths.tolist()])
    return Texts(
        shortest=int(lengths[0]),
        longest=int(lengths[-1]),
        mean_length=float((lengths * counts).sum() / counts.sum()),
        lengths=_bars(lengths, counts, limits.bars),
        n_blank=shape.n_blank,
        n_padded=shape.n_padded,
        n_numbers=shape.n_numbers,
        n_dates=shape.n_dates,
        mean_words=_mean_words(values),
        form=_form(values),
    )


def _mean_words(values: Mapping[str, int]) -> float:
    return sum((value.count(" ") + 1) * n for value, n in values.items()) / max(1, sum(values.values()))


def _form(values: Mapping[str, int]) -> str | None:
    """What all of them look like: 7590-VHVEG is 0000-AAAAA. None when they do not look alike."""
    found = None
    for value in values:
        form = value.translate(SIGNS)
        if len(value) > LONGEST_FORM or found not in (None, form):
            return None
        found = form
    return found


def _bars(lengths: Array, counts: Array, bars: int) -> Histogram:
    edges = sorted_values.histogram(lengths, bars).edges
    places = np.clip(np.searchsorted(edges, lengths, side="right") - 1, 0, len(edges) - 2)
    heights = np.bincount(places, weights=counts, minlength=len(edges) - 1)
    return Histogram(edges, tuple(int(height) for height in heights))
