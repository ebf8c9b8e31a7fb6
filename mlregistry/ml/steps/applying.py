"""A transformer of arrays on some columns of a table, and the steps that drop, keep and convert columns."""

from __future__ import annotations

import re
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from mlregistry.ml.steps.frames import (
    Table,
    TableStep,
    as_numbers,
    as_text,
    choose,
    gaps_of,
    numbered_columns,
    objects,
    unique,
    written_column,
)

_NAME = re.compile(r"(missingindicator_)?c([0-9]+)(?![0-9])")
MOST_COLUMNS = 50_000
IDENTIFIER_ROWS = 50
IDENTIFIER_SHARE = 0.9
MICROSECONDS = {"days": 86_400e6, "seconds": 1e6, "milliseconds": 1e3, "microseconds": 1.0}
FIRST_MOMENT, LAST_MOMENT = -62_135_596_800e6, 253_402_300_799e6  # the years 1 to 9999


class ApplyTo(TableStep):
    """Fits `transformer` on the chosen columns; what it makes takes their place, or stands behind with `keep`.

    `reads`: "numbers" (float64, NaN), "text" (gaps as a category of their own) or "times". More than `most`
    columns are refused, where what is made grows faster than what is read.
    """

    def __init__(
        self,
        transformer: Any,
        columns: Any,
        reads: str = "numbers",
        keep: bool = False,
        most: int | None = None,
    ) -> None:
        self.transformer = transformer
        self.columns = columns
        self.reads = reads
        self.keep = keep
        self.most = most

    def fit(self, X: Table, y: Any = None) -> Self:
        self._fit(X, y, transform=False)
        return self

    def fit_transform(self, X: Table, y: Any = None, **params: Any) -> Table:
        values = self._fit(X, y, transform=True)
        return self._assembled(X, values) if self.columns_ else X

    def transform(self, X: Table) -> Table:
        if not self.columns_:
            return X
        return self._assembled(X, self.transformer_.transform(self._input(X)))

    def _fit(self, X: Table, y: Any, *, transform: bool) -> Any:
        self.columns_ = choose(X, self.columns)
        if not self.columns_:
            self.made_: list[str] = []
            self._remember(X, list(X.columns), {})
            return None
        if self.most is not None and len(self.columns_) > self.most:
            raise ValueError(
                f"{len(self.columns_):,} columns are too many for this step; choose at most {self.most}"
            )
        self.transformer_ = clone(self.transformer)
        if transform:  # cross-fitting encoders give the training rows other values
            values = self.transformer_.fit_transform(self._input(X), y)
        else:
            values = self.transformer_.fit(self._input(X), y)
        self._name(X)
        return values

    def _input(self, X: Table) -> Any:
        if self.reads == "times":
            return X.only(self.columns_)
        return as_numbers(X, self.columns_) if self.reads == "numbers" else as_text(X, self.columns_)

    def _name(self, X: Table) -> None:
        """The new columns' names, where each comes from, and the order of all."""
        made = outputs(self.transformer_, self.columns_)
        if len(made) > MOST_COLUMNS:
            raise ValueError(f"it makes {len(made):,} columns; at most {MOST_COLUMNS:,} are allowed")
        read = set(self.columns_)
        rest = [name for name in X.columns if self.keep or name not in read]
        self.made_ = unique([name for name, _ in made], set(rest))
        in_place = not self.keep and self.made_ == self.columns_
        names = list(X.columns) if in_place else [*rest, *self.made_]
        sources = {name: origin for name, (_, origin) in zip(self.made_, made, strict=True)}
        self._remember(X, names, sources)

    def _assembled(self, X: Table, values: Any) -> Table:
        return X.using(self.names_out_, *numbered_columns(values, self.made_))


def outputs(transformer: Any, columns: list[str]) -> list[tuple[str, list[str]]]:
    """(name, columns it comes from) of each output, found by asking with placeholders as input names."""
    powers = getattr(transformer, "powers_", None)
    if powers is not None:
        return [_product(row, columns) for row in powers]
    placeholders = np.array([f"c{place}" for place in range(len(columns))], dtype=object)
    return [_output(str(name), columns) for name in transformer.get_feature_names_out(placeholders)]


def _output(name: str, columns: list[str]) -> tuple[str, list[str]]:
    found = _NAME.match(name)
    if found is None:
        return name, list(columns)
    column = columns[int(found[2])]
    return column + (" is missing" if found[1] else name[found.end() :]), [column]


def _product(powers: npt.NDArray[Any], columns: list[str]) -> tuple[str, list[str]]:
    places = [place for place, power in enumerate(powers) if power]
    factors = [columns[place] + (f"^{powers[place]}" if powers[place] > 1 else "") for place in places]
    return " × ".join(factors), [columns[place] for place in places]


class DropColumns(TableStep):
    """Without the chosen columns."""

    def __init__(self, columns: Any) -> None:
        self.columns = columns

    def fit(self, X: Table, y: Any = None) -> Self:
        self.dropped_ = dict.fromkeys(choose(X, self.columns), "is left out by the recipe")
        return self._remember(X, [name for name in X.columns if name not in self.dropped_], {})

    def transform(self, X: Table) -> Table:
        return X.only(self.names_out_)


class KeepColumns(DropColumns):
    """Only the chosen columns."""

    def fit(self, X: Table, y: Any = None) -> Self:
        kept = choose(X, self.columns)
        self.dropped_ = dict.fromkeys(set(X.columns) - set(kept), "is not kept by the recipe")
        return self._remember(X, kept, {})


class DropUseless(DropColumns):
    """Without columns that are empty, constant or identifiers in the training rows."""

    def __init__(
        self, columns: Any, empty: bool = True, constant: bool = True, identifiers: bool = True,
        missing_share: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(columns)
        self.empty = empty
        self.constant = constant
        self.identifiers = identifiers
        self.missing_share = missing_share

    def fit(self, X: Table, y: Any = None) -> Self:
        reasons = {name: self._reason(X.values[name], X.kinds[name]) for name in choose(X, self.columns)}
        self.dropped_ = {name: reason for name, reason in reasons.items() if reason}
        return self._remember(X, [name for name in X.columns if name not in self.dropped_], {})

    def _reason(self, values: npt.NDArray[Any], kind: str) -> str:
        gaps = gaps_of(values)
        n_known = len(values) - int(gaps.sum())
        if n_known == 0:
            return "is empty" if self.empty else ""
        if len(values) - n_known > self.missing_share * len(values):
            return f"is missing in {1 - n_known / len(values):.0%} of the rows"
        n_distinct = len(pd.unique(values[~gaps]))
        if self.constant and n_distinct == 1:
            return "is constant"
        text = self.identifiers and kind == "text" and n_known >= IDENTIFIER_ROWS
        return "looks like an identifier" if text and n_distinct > IDENTIFIER_SHARE * n_known else ""


class ConvertColumns(TableStep):
    """Numbers as text (then they are categories), text as numbers, or either as times; what is none becomes missing.

    Numbers count `unit`s since 1970 (UTC); text is a date or time as in ISO 8601, with an offset it moves to UTC.
    """

    def __init__(self, columns: Any, to: str = "text", unit: str = "seconds") -> None:
        self.columns = columns
        self.to = to
        self.unit = unit

    def fit(self, X: Table, y: Any = None) -> Self:
        self.columns_ = choose(X, self.columns)
        return self._remember(X, list(X.columns), {name: [name] for name in self.columns_})

    def transform(self, X: Table) -> Table:
        convert = {"text": self._text, "number": self._numbers, "time": self._times}[self.to]
        values = {name: convert(X.values[name], X.kinds[name]) for name in self.columns_}
        return X.using(self.names_out_, values, dict.fromkeys(self.columns_, self.to))

    def _text(self, values: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
        return objects(written_column(values, kind, None))

    def _numbers(self, values: npt.NDArray[Any], kind: str) -> npt.NDArray[np.float64]:
        if kind in ("number", "boolean"):
            return values
        text = pd.Series(written_column(values, kind, None), dtype=object)
        found = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        return np.where(np.isfinite(found), found, np.nan)

    def _times(self, values: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
        if kind == "time":
            return values
        if kind == "text":
            text = pd.Series(written_column(values, kind, None), dtype=object)
            found = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
            return found.dt.tz_localize(None).to_numpy("datetime64[us]")
        with np.errstate(over="ignore"):  # what is beyond all times becomes none
            moments = np.rint(values * MICROSECONDS[self.unit])
        known = (moments >= FIRST_MOMENT) & (moments <= LAST_MOMENT)
        made = np.full(len(values), np.datetime64("NaT", "us"))
        made[known] = moments[known].astype(np.int64).view("datetime64[us]")
        return made
