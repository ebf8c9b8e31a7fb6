"""The one format of a profile, as frozen dataclasses and as JSON: for pages, quality checks and drift alike.

JSON has the same names, nested alike; what does not apply is null. Every float is finite (infinities are counted,
never stored), times are ISO text in UTC, places on a time axis are seconds since 1970. `format` rises when a
reader of the old form would go wrong. Built by `building`, read by queries, pages, quality checks and drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.profiling.codec import as_bytes, decoded, encoded, from_bytes

FORMAT = 1
KINDS = ("numeric", "boolean", "categorical", "text", "datetime", "identifier", "constant")
SEVERITIES = ("high", "medium", "low")
DEPTHS = ("quick", "full")


@dataclass(frozen=True)
class Histogram:
    """Bars of equal width: counts[i] values lie in [edges[i], edges[i + 1]), the last bar closed."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Bins:
    """The drift baseline of a numeric column: the distinct ones of its 101 percentiles, and what lies between.

    counts and sums have one more entry than edges: below edges[0], then [edges[i − 1], edges[i]), and last
    everything from edges[−1] on; here the first is empty and the last holds the values equal to the maximum.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    sums: tuple[float, ...]


@dataclass(frozen=True)
class Numbers:
    """A numeric column's finite values. Deviation has n − 1 below; skewness and kurtosis are unbiased (as pandas)."""

    minimum: int | float
    maximum: int | float
    mean: float
    deviation: float | None
    skewness: float | None
    kurtosis: float | None
    mad: float  # median of the distances from the median
    quantiles: Mapping[str, float]  # "0.01" "0.05" "0.25" "0.5" "0.75" "0.95" "0.99", interpolated linearly
    n_zero: int
    n_negative: int
    is_whole: bool  # every value is a whole number
    n_outliers_iqr: int  # farther than 1.5 interquartile ranges from the quartiles
    n_outliers_z: int  # robust z = 0.6745 · |value − median| / mad over 3.5
    histogram: Histogram
    bins: Bins


@dataclass(frozen=True)
class Gap:
    """A stretch of time without a row."""

    after: str
    before: str
    seconds: float


@dataclass(frozen=True)
class Times:
    """A column of times; steps are the distances between neighbouring distinct times."""

    minimum: str
    maximum: str
    n_future: int  # later than the clock that the profile was made with
    median_step_seconds: float | None
    gaps: tuple[Gap, ...]  # the longest steps, longest first, over ten median steps
    histogram: Histogram  # seconds since 1970
    bins: Bins


@dataclass(frozen=True)
class Texts:
    """A column of text: lengths in characters, and how many values look like something else."""

    shortest: int
    longest: int
    mean_length: float
    lengths: Histogram
    n_blank: int  # empty or white space only
    n_padded: int  # white space before or after
    n_numbers: int  # this and the next: none of a long column of many texts if none of 4,000 rows is one
    n_dates: int
    mean_words: float | None = (
        None  # this and the next: of some 4,000 rows of long columns; null in older profiles
    )
    form: str | None = None  # 0 for a digit, A and a for letters, where all look alike


@dataclass(frozen=True)
class TopValue:
    """A value as text (times in ISO form, booleans true and false) and its rows."""

    value: str
    count: int


@dataclass(frozen=True)
class Column:
    """One column. `type` is how it is stored (integer, float, boolean, string, datetime), `kind` what it means."""

    name: str
    type: str
    kind: str
    n: int  # values that are there: rows − missing
    n_missing: int
    n_infinite: int
    n_distinct: int
    # The most frequent first: 20, or all of few numbers, times or categories; those that come once only if all fit.
    top: tuple[TopValue, ...]
    n_other: int  # finite values not in top
    numbers: Numbers | None = None
    times: Times | None = None
    texts: Texts | None = None
    with_target: Relation | None = None  # full profiles with a target


@dataclass(frozen=True)
class Relation:
    """What a column says about the target, on the sample: bits shared, and how far it predicts it alone."""

    mutual_information: float  # nats, numbers in 20 bins of equal counts
    score: float | None  # cross-validated, of a tree on this column alone
    metric: str  # "roc_auc" (the worst class against the rest) or "r2"


@dataclass(frozen=True)
class Alert:
    """Something to look at: which columns, how large, what it means and what to do."""

    kind: str
    severity: str
    columns: tuple[str, ...]
    figure: float | None
    message: str
    advice: str


@dataclass(frozen=True)
class Pair:
    """Two columns and how strongly they go together: −1 to 1 for Pearson and Spearman, 0 to 1 otherwise."""

    left: str
    right: str
    value: float
    measure: str  # pearson, spearman, cramers_v, correlation_ratio


@dataclass(frozen=True)
class Matrix:
    """A symmetric matrix of a measure; null where it is not defined."""

    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Correlations:
    """On the sample. `ratio` pairs a category (left) with a number (right); `strongest` is over all measures."""

    n_rows: int
    pearson: Matrix
    spearman: Matrix
    cramers_v: Matrix
    ratio: tuple[Pair, ...]
    strongest: tuple[Pair, ...]
    columns_left_out: int


@dataclass(frozen=True)
class Pattern:
    """Rows in which exactly these columns are missing."""

    columns: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Missingness:
    """Which columns are missing together, over all rows; `together` are Pearson's correlations of the gaps."""

    n_complete_rows: int
    patterns: tuple[Pattern, ...]
    together: tuple[Pair, ...]


@dataclass(frozen=True)
class OddRow:
    """A row, counted from 0 over all parts, its anomaly score (0.5 ordinary, 1 alone), and its oddest columns."""

    row: int
    score: float
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Outliers:
    """By an isolation forest on the sample's numeric columns: rows that score 0.6 and more."""

    n_rows: int
    n_odd: int
    oddest: tuple[OddRow, ...]


@dataclass(frozen=True)
class Duplicates:
    """Rows beyond the first of each kind; rows that agree in everything but the target."""

    n_duplicate_rows: int
    most_copies: int
    n_conflicting_rows: int | None


@dataclass(frozen=True)
class Profile:
    """A whole table. The last four are there in full profiles only."""

    format: int
    depth: str
    target: str | None
    seed: int
    n_rows: int
    n_sampled: int  # rows behind the figures that say "on the sample"
    columns: tuple[Column, ...]
    alerts: tuple[Alert, ...]  # the gravest first
    correlations: Correlations | None = None
    missingness: Missingness | None = None
    outliers: Outliers | None = None
    duplicates: Duplicates | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def with_alerts(self, alerts: tuple[Alert, ...]) -> Profile:
        return replace(self, alerts=alerts)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Profile:
        """Invalid when the document is of another format or not a profile."""
        return decoded(cls, data, format=FORMAT, title="profile")

    def to_bytes(self) -> bytes:
        """The JSON as text, much faster than by way of `to_json`."""
        return as_bytes(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """Like `from_json`."""
        found = from_bytes(cls, data)
        if found.format != FORMAT:
            raise Invalid(f"This profile is of format {found.format}; {FORMAT} is known here.")
        return found
