"""What a team may declare about drift: methods by kind and by column, thresholds, levels. Parsed once, read by judging.

All of it has defaults: up to 1,000 rows on the smaller side tests, beyond distances, as Evidently 0.7 chooses by the
baseline's rows alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.drift.correcting import CORRECTIONS
from mlregistry.ml.drift.methods import BOTH, METHODS, NUMERIC, Method, method

ASKED, EVERY, NEVER = "asked", "every", "never"  # in exact checks, in every check
ADWIN, PAGE_HINKLEY, NO_STREAM = "adwin", "page_hinkley", "none"
FEW = 1_000
FEW_VALUES = 5
MOST_COLUMNS = 5_000


@dataclass(frozen=True)
class ColumnRule:
    """About one column; None leaves it to the defaults."""

    method: str | None = None
    threshold: float | None = None
    watched: bool = True


@dataclass(frozen=True)
class Declaration:
    """How a comparison is judged. Shares lie between 0 and 1; `least_rows` of the window are needed for a verdict."""

    methods: Mapping[str, str] = field(default_factory=dict)  # by kind of column
    thresholds: Mapping[str, float] = field(default_factory=dict)  # by method
    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    alpha: float = 0.05
    correction: str = "benjamini_hochberg"
    drifted_share: float = 0.5
    missing_change: float = 0.05
    unseen_share: float = 0.01
    least_rows: int = 30
    two_sample: str = ASKED  # whether a classifier tries to tell the window's rows from the baseline's
    stream: str = ADWIN  # what follows the hours of a month
    stream_delta: float = 0.002
    stream_change: float = 0.2  # in deviations of the baseline; smaller changes are not told

    def method_for(self, name: str, kind: str, *, n_smaller: int, n_distinct: int) -> Method:
        """Declared for the column, declared for the kind, or by the sizes."""
        rule = self.columns.get(name, ColumnRule())
        if rule.method is not None:
            return method(rule.method, kind, f"columns.{name}.method")
        chosen = self.methods.get(kind)
        return METHODS[chosen or _default(kind, n_smaller, n_distinct)]

    def threshold_for(self, name: str, chosen: Method) -> float | None:
        """Of the column, of the method, for tests the level of all; None for a distance's default."""
        rule = self.columns.get(name, ColumnRule())
        if rule.threshold is not None:
            return rule.threshold
        return self.thresholds.get(chosen.name, self.alpha if chosen.is_test else None)

    def watches(self, name: str) -> bool:
        return self.columns.get(name, ColumnRule()).watched


def _default(kind: str, n_smaller: int, n_distinct: int) -> str:
    if n_smaller > FEW:
        return "wasserstein" if kind == NUMERIC and n_distinct > FEW_VALUES else "jensen_shannon"
    if kind == NUMERIC and n_distinct > FEW_VALUES:
        return "ks"
    return "z_test" if n_distinct <= 2 else "chi_square"


def parse(document: Any) -> Declaration:
    """The declaration of a JSON object; Invalid names the field that is wrong."""
    data = _object(document, "drift")
    unknown = sorted(set(data) - set(_FIELDS))
    if unknown:
        raise Invalid(
            f"'{str(unknown[0])[:50]}' is nothing to declare about drift; known are: {', '.join(_FIELDS)}.",
            field=str(unknown[0])[:50],
        )
    return replace(Declaration(), **{name: _FIELDS[name](value, name) for name, value in data.items()})


def _methods(value: Any, name: str) -> dict[str, str]:
    data = _object(value, name)
    for kind in data:
        if kind not in BOTH:
            raise Invalid(
                f"{name}: '{str(kind)[:50]}' is no kind of column; use {' or '.join(BOTH)}.", field=name
            )
    return {kind: method(_text(data[kind], f"{name}.{kind}"), kind, f"{name}.{kind}").name for kind in data}


def _thresholds(value: Any, name: str) -> dict[str, float]:
    found = {}
    for key, threshold in _object(value, name).items():
        if key not in METHODS:
            raise Invalid(f"{name}: '{str(key)[:50]}' is no drift method.", field=name)
        found[key] = _number(threshold, f"{name}.{key}", most=METHODS[key].most)
    return found


def _columns(value: Any, name: str) -> dict[str, ColumnRule]:
    data = _object(value, name)
    if len(data) > MOST_COLUMNS:
        raise Invalid(f"{name}: {len(data):,} columns; at most {MOST_COLUMNS:,} may be named.", field=name)
    return {str(column): _rule(rule, f"{name}.{str(column)[:100]}") for column, rule in data.items()}


def _rule(value: Any, name: str) -> ColumnRule:
    data = _object(value, name)
    if unknown := set(data) - {"method", "threshold", "watched"}:
        raise Invalid(
            f"{name}: '{str(min(unknown))[:50]}' is unknown; use method, threshold or watched.", field=name
        )
    chosen = _text(data["method"], f"{name}.method") if data.get("method") is not None else None
    if chosen is not None and chosen not in METHODS:
        raise Invalid(
            f"{name}.method: '{chosen[:50]}' is no drift method; choose one of: {', '.join(METHODS)}.",
            field=f"{name}.method",
        )
    most = METHODS[chosen].most if chosen else math.inf
    threshold = data.get("threshold")
    watched = data.get("watched", True)
    if not isinstance(watched, bool):
        raise Invalid(f"{name}.watched must be true or false.", field=f"{name}.watched")
    return ColumnRule(
        chosen, None if threshold is None else _number(threshold, f"{name}.threshold", most=most), watched
    )


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{name} must be an object.", field=name)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{name} must be text.", field=name)
    return value


def _number(value: Any, name: str, *, least: float = 0.0, most: float = math.inf) -> float:
    """More than `least`, at most `most`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least < value <= most or value > 1e300:
        upper = f" and at most {most:.4g}" if math.isfinite(most) else ""
        raise Invalid(f"{name} must be a number over {least:g}{upper}.", field=name)
    return float(value)


def _share(value: Any, name: str) -> float:
    return _number(value, name, most=1.0)


def _level(value: Any, name: str) -> float:
    return _number(value, name, most=0.5)


def _one_of(*known: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise Invalid(f"{name} must be one of: {', '.join(known)}.", field=name)
        return value

    return read


def _change(value: Any, name: str) -> float:
    return _number(value, name, most=100.0)


def _rows(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10**9:
        raise Invalid(f"{name} must be a whole number from 1 to 1,000,000,000.", field=name)
    return value


_FIELDS: Mapping[str, Callable[[Any, str], Any]] = {
    "methods": _methods,
    "thresholds": _thresholds,
    "columns": _columns,
    "alpha": _level,
    "correction": _one_of(*CORRECTIONS),
    "drifted_share": _share,
    "missing_change": _share,
    "unseen_share": _share,
    "least_rows": _rows,
    "two_sample": _one_of(ASKED, EVERY, NEVER),
    "stream": _one_of(ADWIN, PAGE_HINKLEY, NO_STREAM),
    "stream_delta": _level,
    "stream_change": _change,
}
DEFAULTS = Declaration()
