"""Rows of the prediction log, each a JSON object as text, into columns of numbers and categories in one pass.

Called by those who fold the log into counters, and by exact checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from mlregistry.lib.floats import as_float
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import msgspec
    import numpy as np
else:
    msgspec, np = lazily("msgspec"), lazily("numpy")

AT_ONCE = 500  # rows; more than fit the cache take twice the time


class JsonRows:
    """Reads the columns that are named; `numbers` says which of them hold numbers. Made once, asked often."""

    def __init__(self, numbers: Mapping[str, bool]) -> None:
        self.numbers = dict(numbers)
        fields = [
            (f"c{place}", float | None if is_number else Any, None)
            for place, is_number in enumerate(numbers.values())
        ]
        names = {f"c{place}": name for place, name in enumerate(numbers)}
        self._row = msgspec.defstruct("LoggedRow", fields, rename=names, gc=False)
        self._typed = msgspec.json.Decoder(list[self._row])  # type: ignore[name-defined]  # the type is made at run time
        self._plain = msgspec.json.Decoder()

    def columns(self, texts: Sequence[str | bytes]) -> dict[str, Any]:
        """By name: arrays of floats, NaN where there is no number, and tuples of JSON values."""
        if not texts or not self.numbers:
            return dict.fromkeys(self.numbers, ())
        blocks = [self._block(texts[start : start + AT_ONCE]) for start in range(0, len(texts), AT_ONCE)]
        if len(blocks) == 1:
            return blocks[0]
        return {
            name: _joined([block[name] for block in blocks], is_number)
            for name, is_number in self.numbers.items()
        }

    def _block(self, texts: Sequence[str | bytes]) -> dict[str, Any]:
        whole = _array(texts)
        try:
            cells = zip(*map(msgspec.structs.astuple, self._typed.decode(whole)), strict=True)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeEncodeError):
            return self._one_by_one(texts)
        return {
            name: np.asarray(values, dtype=np.float64) if is_number else values
            for (name, is_number), values in zip(self.numbers.items(), cells, strict=True)
        }

    def _one_by_one(self, texts: Sequence[str | bytes]) -> dict[str, Any]:
        """Where some value is not of its column's type: what is no number is missing, the others stand."""
        rows = [self._plain.decode(text) for text in texts]
        found: dict[str, Any] = {}
        for name, is_number in self.numbers.items():
            values = tuple(row.get(name) for row in rows)
            found[name] = np.array([_number(value) for value in values]) if is_number else values
        return found


def _joined(parts: Sequence[Any], is_number: bool) -> Any:
    return np.concatenate(parts) if is_number else tuple(chain.from_iterable(parts))


def answers_of(texts: Sequence[str | bytes]) -> tuple[list[Any], list[Any]]:
    """Predictions, and the probabilities of those that have some."""
    read, predictions, sure = _answers(), [], []
    for start in range(0, len(texts), AT_ONCE):
        rows = read.decode(_array(texts[start : start + AT_ONCE]))
        predictions += [row.prediction for row in rows]
        sure += [row.probabilities for row in rows if row.probabilities is not None]
    return predictions, sure


@cache
def _answers() -> msgspec.json.Decoder[Any]:
    """Of rows that the garbage collector need not look at."""
    fields: list[tuple[str, Any, Any]] = [("prediction", Any, None), ("probabilities", Any, None)]
    return msgspec.json.Decoder(list[msgspec.defstruct("LoggedAnswer", fields, gc=False)])  # type: ignore[misc]  # the type is made at run time


def _array(texts: Sequence[str | bytes]) -> str | bytes:
    """One JSON text of all of them, which are of one kind."""
    if isinstance(texts[0], bytes):
        return b"[" + b",".join(texts) + b"]"  # type: ignore[arg-type]  # all are of the first one's kind
    return f"[{','.join(texts)}]"  # type: ignore[arg-type]  # the same


def _number(value: Any) -> float:
    return as_float(value) if isinstance(value, int | float) else float("nan")
