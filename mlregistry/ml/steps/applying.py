"""A transformer of arrays on some columns of a frame, and the steps that drop, keep and convert columns."""

from __future__ import annotations

import re
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from mlregistry.ml.steps.frames import FrameStep, as_numbers, as_text, choose, column_kind, frame_of, unique

_NAME = re.compile(r"(missingindicator_)?c([0-9]+)(?![0-9])")
IDENTIFIER_ROWS = 50
IDENTIFIER_SHARE = 0.9


class ApplyTo(FrameStep):
    """Fits `transformer` on the chosen columns; what it makes takes their place, or stands behind with `keep`.

    `reads`: "numbers" (float64, NaN), "text" (gaps as a category of their own) or "frame". More than `most`
    columns are refused, where what is made grows faster than what is read.
    """

    def __init__(
        self, transformer: Any, columns: Any, reads: str = "numbers", keep: bool = False, most: int | None = None
    ) -> None:
        self.transformer = transformer
        self.columns = columns
        self.reads = reads
        self.keep = keep
        self.most = most

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self._fit(X, y, transform=False)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **params: Any) -> pd.DataFrame:
        values = self._fit(X, y, transform=True)
        return self._assembled(X, values) if self.columns_ else X

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        if not self.columns_:
            return X
        return self._assembled(X, self.transformer_.transform(self._input(X)))

    def _fit(self, X: pd.DataFrame, y: Any, *, transform: bool) -> Any:
        self.columns_ = choose(X, self.columns)
        if not self.columns_:
            self.made_: list[str] = []
            self._remember(X, list(X.columns), {})
            return None
        if self.most is not None and len(self.columns_) > self.most:
            raise ValueError(f"{len(self.columns_):,} columns are too many for this step; choose at most {self.most}")
        self.transformer_ = clone(self.transformer)
        if transform:  # cross-fitting encoders give the training rows other values
            values = self.transformer_.fit_transform(self._input(X), y)
        else:
            values = self.transformer_.fit(self._input(X), y)
        self._name(X)
        return values

    def _input(self, X: pd.DataFrame) -> Any:
        if self.reads == "frame":
            return X[self.columns_]
        return as_numbers(X, self.columns_) if self.reads == "numbers" else as_text(X, self.columns_)

    def _name(self, X: pd.DataFrame) -> None:
        """The new columns' names, where each comes from, and the order of all."""
        made = outputs(self.transformer_, self.columns_)
        read = set(self.columns_)
        rest = [name for name in X.columns if self.keep or name not in read]
        self.made_ = unique([name for name, _ in made], set(rest))
        in_place = not self.keep and self.made_ == self.columns_
        names = list(X.columns) if in_place else [*rest, *self.made_]
        sources = {name: origin for name, (_, origin) in zip(self.made_, made, strict=True)}
        self._remember(X, names, sources)

    def _assembled(self, X: pd.DataFrame, values: Any) -> pd.DataFrame:
        if isinstance(values, pd.DataFrame):
            new = values.set_axis(self.made_, axis=1)
        else:
            new = pd.DataFrame(values, columns=self.made_, index=X.index)
        return joined(X, new, self.names_out_)


def joined(X: pd.DataFrame, new: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The columns `names` out of both frames; those of `new` win."""
    made = set(new.columns)
    rest = [name for name in names if name not in made]
    return pd.concat([X[rest], new], axis=1)[names] if rest else new[names]


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


class DropColumns(FrameStep):
    """Without the chosen columns."""

    def __init__(self, columns: Any) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self.dropped_ = dict.fromkeys(choose(X, self.columns), "is left out by the recipe")
        return self._remember(X, [name for name in X.columns if name not in self.dropped_], {})

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        return X[self.names_out_]


class KeepColumns(DropColumns):
    """Only the chosen columns."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
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

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        reasons = {name: self._reason(X[name]) for name in choose(X, self.columns)}
        self.dropped_ = {name: reason for name, reason in reasons.items() if reason}
        return self._remember(X, [name for name in X.columns if name not in self.dropped_], {})

    def _reason(self, column: pd.Series[Any]) -> str:
        n_known = int(column.notna().sum())
        if n_known == 0:
            return "is empty" if self.empty else ""
        if len(column) - n_known > self.missing_share * len(column):
            return f"is missing in {1 - n_known / len(column):.0%} of the rows"
        n_distinct = int(column.nunique(dropna=True))
        if self.constant and n_distinct == 1:
            return "is constant"
        text = self.identifiers and column_kind(column) == "text" and n_known >= IDENTIFIER_ROWS
        return "looks like an identifier" if text and n_distinct > IDENTIFIER_SHARE * n_known else ""


class ConvertColumns(FrameStep):
    """Numbers as text (then they are categories), or text as numbers; what is no number becomes missing."""

    def __init__(self, columns: Any, to: str = "text") -> None:
        self.columns = columns
        self.to = to

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self.columns_ = choose(X, self.columns)
        return self._remember(X, list(X.columns), {name: [name] for name in self.columns_})

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        if not self.columns_:
            return X
        text = as_text(X, self.columns_, None)
        data: dict[str, Any] = {}
        for place, name in enumerate(self.columns_):
            if self.to == "text":
                data[name] = text[:, place]
            else:
                data[name] = self._numbers(X[name], text[:, place])
        return joined(X, frame_of(data, X.index), self.names_out_)

    def _numbers(self, column: pd.Series[Any], text: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        if column_kind(column) in ("number", "boolean"):
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        found = pd.to_numeric(pd.Series(text, dtype=object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        return np.where(np.isfinite(found), found, np.nan)
