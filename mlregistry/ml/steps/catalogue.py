"""The kinds of steps: title, options, and how each becomes a transformer. One row each; parsing and pages read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.selection.methods import METHODS
from mlregistry.ml.steps.options import Option

if TYPE_CHECKING:
    from mlregistry.ml.steps import making
else:
    making = lazily("mlregistry.ml.steps.making")

Columns = list[str] | dict[str, Any]
NUMBERS = {"type": ["numeric", "boolean"]}
STATISTICS = ("mean", "median", "std", "count", "min", "max")
WINDOW_STATISTICS = ("mean", "std", "min", "max", "sum", "count")
RANKED = ("univariate", *(name for name in METHODS if name != "variance"))
SHORT = Option(
    "short_history", "choice", "A prediction without enough history", "error", choices=("error", "missing"),
    help="Is refused, or has missing values as the first rows of training have.",
)  # fmt: skip
ORDER = Option("order", "name", "Order by the column", help="A time or a number that grows with time.")


@dataclass(frozen=True)
class Making:
    """What a transformer may depend on besides its step."""

    kind: str = "classification"
    seed: int = 42


@dataclass(frozen=True)
class Kind:
    """One kind of step. `columns` is the default choice, None where a step has none; `needed`: no default."""

    name: str
    title: str
    text: str
    group: str
    options: tuple[Option, ...] = ()
    columns: Columns | None = None
    needed: bool = False
    make: Callable[[Columns, Mapping[str, Any], Making], Any] | None = None  # None: a step on training rows
    needs_order: bool = False


def _later(name: str) -> Callable[[Columns, Mapping[str, Any], Making], Any]:
    return lambda columns, options, making_for: getattr(making, name)(columns, options, making_for)


ROWS, COLUMNS, GAPS, NUMERIC, ENCODE, MAKE = (
    "Training rows", "Columns", "Missing values", "Numbers", "Categories, times, texts", "New features",
)  # fmt: skip
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "duplicates", "Leave out duplicate rows", "Only from the training rows; the target counts too.", ROWS,
            columns={"type": "all"},
        ),
        Kind(
            "drop_rows", "Leave out rows with gaps", "Only from the training rows; predictions keep theirs.", ROWS,
            (Option("which", "choice", "Gaps in", "any", choices=("any", "all"), help="any or all of the columns"),),
            columns={"type": "all"},
        ),
        Kind("drop", "Drop columns", "They are not read at all.", COLUMNS, needed=True, make=_later("drop")),
        Kind("keep", "Keep columns", "All others are dropped.", COLUMNS, needed=True, make=_later("keep")),
        Kind(
            "drop_useless", "Drop useless columns", "Decided on the training rows.", COLUMNS,
            (
                Option("empty", "switch", "Empty columns", True),
                Option("constant", "switch", "Constant columns", True),
                Option("identifiers", "switch", "Identifiers (texts that hardly repeat)", True),
                Option("missing_share", "number", "With more than this share missing", 1.0, low=0, high=1),
            ),
            columns={"type": "all"}, make=_later("drop_useless"),
        ),
        Kind(
            "convert", "Convert columns", "Numbers that only name something become text, so categories.", COLUMNS,
            (
                Option("to", "choice", "To", "text", choices=("text", "number", "time")),
                Option("unit", "choice", "Numbers count", "seconds",
                       choices=("days", "seconds", "milliseconds", "microseconds"), methods=("time",),
                       help="Since 1970. Texts are read as 2024-01-31 or 2024-01-31T12:30."),
            ),
            needed=True, make=_later("convert"),
        ),
        Kind(
            "impute", "Fill missing values", "With what the training rows tell.", GAPS,
            (
                Option("method", "choice", "Method", "median",
                       choices=("mean", "median", "mode", "constant", "knn", "iterative"),
                       help="Texts and booleans take their mode or a constant; knn and iterative are for numbers."),
                Option("fill", "value", "Constant", nullable=True, help="Empty: 0, false or “(missing)”.",
                       methods=("constant",)),
                Option("indicator", "switch", "Add a column that marks them", False),
                Option("neighbors", "whole", "Neighbours", 5, low=1, high=100, methods=("knn",)),
                Option("rounds", "whole", "Rounds", 10, low=1, high=25, methods=("iterative",)),
            ),
            columns={"type": "numeric"}, make=_later("impute"),
        ),
        Kind(
            "clip", "Clip outliers", "Values beyond the bounds become the bounds.", NUMERIC,
            (
                Option("method", "choice", "Bounds by", "quantile", choices=("quantile", "iqr", "sigma")),
                Option("low", "number", "Lower quantile", 0.01, low=0, high=0.5, methods=("quantile",)),
                Option("high", "number", "Upper quantile", 0.99, low=0.5, high=1, methods=("quantile",)),
                Option("factor", "number", "Factor", 3.0, low=0.1, high=100, methods=("iqr", "sigma")),
            ),
            columns={"type": "numeric"}, make=_later("clip"),
        ),
        Kind(
            "scale", "Scale numbers", "Linear models, SVM and neighbours need it; trees do not mind.", NUMERIC,
            (
                Option("method", "choice", "Method", "standard",
                       choices=("standard", "min_max", "robust", "quantile", "power")),
                Option("output", "choice", "Shape", "uniform", choices=("uniform", "normal"), methods=("quantile",)),
            ),
            columns={"type": "numeric"}, make=_later("scale"),
        ),
        Kind(
            "bin", "Sort numbers into bins", "The number of the bin, from 0.", NUMERIC,
            (
                Option("method", "choice", "Method", "quantile", choices=("uniform", "quantile", "k_means", "edges")),
                Option("n_bins", "whole", "Bins", 5, low=2, high=100, methods=("uniform", "quantile", "k_means")),
                Option("edges", "edges", "Edges", nullable=True, help="Rising numbers.", methods=("edges",)),
                Option("keep", "switch", "Keep the numbers too", False),
            ),
            needed=True, make=_later("bins"),
        ),
        Kind(
            "encode", "Encode categories", "As numbers.", ENCODE,
            (
                Option("method", "choice", "Method", "one_hot",
                       choices=("one_hot", "ordinal", "label", "target", "frequency", "hash"),
                       help="target is cross-fitted: a training row never sees its own target."),
                Option("max_categories", "whole", "Most categories", 30, low=2, high=1000,
                       help="Rarer ones are put together.", methods=("one_hot", "ordinal")),
                Option("order", "texts", "Order", nullable=True, help="Categories from low to high.",
                       methods=("ordinal",)),
                Option("folds", "whole", "Folds", 5, low=2, high=20, methods=("target",)),
                Option("n_columns", "whole", "Columns", 16, low=2, high=1024, methods=("hash",)),
            ),
            columns={"type": "categorical"}, make=_later("encode"),
        ),
        Kind(
            "dates", "Take times apart", "Into parts of the calendar.", ENCODE,
            (
                Option("parts", "choices", "Parts", ("year", "month", "day", "weekday", "hour", "days"),
                       choices=("year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year", "days"),
                       help="days: since 1970, with fractions."),
                Option("cyclic", "switch", "Sine and cosine of parts that return", False),
                Option("keep", "switch", "Keep the times for later steps", False),
            ),
            columns={"type": "datetime"}, make=_later("dates"),
        ),
        Kind(
            "text", "Weigh words of texts", "TF-IDF of the most frequent terms, and lengths.", ENCODE,
            (
                Option("max_terms", "whole", "Terms per column", 200, low=1, high=2000),
                Option("longest_phrase", "whole", "Words in a term", 1, low=1, high=3),
                Option("lengths", "switch", "Add numbers of characters and words", True),
            ),
            columns={"type": "text"}, make=_later("text"),
        ),
        Kind(
            "polynomial", "Powers and products", "Of numbers without gaps.", MAKE,
            (
                Option("degree", "whole", "Degree", 2, low=2, high=3),
                Option("interactions_only", "switch", "Products of different columns only", False),
            ),
            needed=True, make=_later("polynomial"),
        ),
        Kind(
            "formula", "Compute a column", "By a formula over columns.", MAKE,
            (
                Option("name", "name", "Name of the new column"),
                Option("formula", "formula", "Formula", help="Such as if(isnull(age), 0, income / age)."),
            ),
            make=_later("formula"),
        ),
        Kind(
            "aggregate", "Figures of a group", "Learnt on the training rows; unseen groups have those of all.", MAKE,
            (
                Option("by", "names", "Group by", low=1),
                Option("statistics", "choices", "Statistics", ("mean",), choices=STATISTICS),
            ),
            columns={"type": "numeric"}, make=_later("aggregate"),
        ),
        Kind(
            "lag", "Values of earlier rows", "Needs a split by time.", MAKE,
            (
                ORDER,
                Option("group", "names", "Within the group", (), low=0),
                Option("lags", "wholes", "Rows back", (1,), low=1, high=1000),
                SHORT,
            ),
            needed=True, make=_later("lag"), needs_order=True,
        ),
        Kind(
            "rolling", "Figures of the rows before", "Not the row itself. Needs a split by time.", MAKE,
            (
                ORDER,
                Option("group", "names", "Within the group", (), low=0),
                Option("window", "whole", "Rows in the window", 3, low=1, high=1000),
                Option("statistics", "choices", "Statistics", ("mean",), choices=WINDOW_STATISTICS),
                SHORT,
            ),
            needed=True, make=_later("rolling"), needs_order=True,
        ),
        Kind(
            "select", "Select features", "Within each fold, so that nothing leaks.", COLUMNS,
            (
                Option("method", "choice", "Method", "variance", choices=("variance", *RANKED)),
                Option("n_features", "whole", "Features to keep", 20, low=1, high=2000, nullable=True, methods=RANKED,
                       help="Empty: the method's own number."),
                Option("threshold", "number", "Least variance", 0.0, low=0, high=1e300, methods=("variance",)),
            ),
            columns=NUMBERS, make=_later("select"),
        ),
    )
}  # fmt: skip
