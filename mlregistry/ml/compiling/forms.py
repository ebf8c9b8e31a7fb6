"""A form: what a fitted estimator computes, as a named operation with options and plain arrays.

Converters make forms of scikit-learn objects, `storing` writes them, `building` makes functions of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid

Array = npt.NDArray[Any]
Run = Callable[[Any], Any]


class Unsupported(Exception):
    """There is no form of this estimator; the message says why."""


class Refused(Exception):
    """The compiled form does not answer this input: the native model decides."""


@dataclass(frozen=True)
class Form:
    """`parts` are the forms it is made of. Options are JSON; arrays hold no objects."""

    op: str
    options: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    parts: tuple[Form, ...] = ()

    def all(self) -> Iterator[Form]:
        """This one and all within."""
        yield self
        for part in self.parts:
            yield from part.all()

    def floats(self, name: str, *, ndim: int, finite: bool = True) -> Array:
        """The array of numbers of that name; Invalid when it is none."""
        found = self._array(name, "f", ndim)
        if finite and not np.isfinite(found).all():
            raise Invalid(f"The array “{name}” of {self.op} holds what is no number.", field=name)
        return found

    def places(self, name: str, *, below: int, low: int = 0) -> Array:
        """The one-dimensional array of whole numbers of that name, each from `low` to under `below`."""
        found = self._array(name, "iu", 1)
        if len(found) and (int(found.min()) < low or int(found.max()) >= below):
            raise Invalid(f"The array “{name}” of {self.op} points outside.", field=name)
        return found

    def flags(self, name: str, *, ndim: int) -> Array:
        return self._array(name, "b", ndim)

    def _array(self, name: str, kinds: str, ndim: int) -> Array:
        found = self.arrays.get(name)
        if found is None or found.dtype.kind not in kinds or found.ndim != ndim:
            raise Invalid(f"The form {self.op} lacks the array “{name}”.", field=name)
        return found


def need(is_right: bool, form: Form) -> None:
    """Invalid where the arrays of a form do not fit together."""
    if not is_right:
        raise Invalid(f"The arrays of {form.op} do not fit together.", field="arrays")


def finite_or_refuse(values: Array) -> None:
    """Refused for NaN and infinities, as scikit-learn's estimators refuse them."""
    # A sum is finite only if every value is; only a sum that overflows is looked at closer.
    if not math.isfinite(np.add.reduce(values, axis=None)) and not np.isfinite(values).all():
        raise Refused


def bounded_or_refuse(values: Array) -> None:
    """Refused for infinities; NaN passes."""
    if not math.isfinite(np.add.reduce(values, axis=None)) and np.isinf(values).any():
        raise Refused


GUARDS: dict[str, Callable[[Array], None]] = {"finite": finite_or_refuse, "bounded": bounded_or_refuse}
