"""What a protocol adds to a prediction: how its body is opened, how answers and errors are worded.

`predict` takes one; MLflow's is here, the Open Inference Protocol's in `inference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from mlregistry.errors import MlregistryError
from serving.hotpath import problems, records, wire
from serving.hotpath.snapshot import Endpoint, Scorer, Variant

Answer = tuple[int, dict[str, str], bytes]


class Served(msgspec.Struct, frozen=True):
    """Who answered what: the record's id makes the prediction ids."""

    id: str
    n_rows: int
    endpoint: Endpoint
    variant: Variant
    model: Scorer


class Wording(Protocol):
    """One way to ask and to answer. `version` is the one that the address names, if it does."""

    @property
    def version(self) -> int | None: ...

    def open_body(self, body: bytes, headers: Mapping[str, str]) -> wire.Body: ...

    def answer(self, scores: Mapping[str, Any], opened: wire.Body, served: Served) -> bytes: ...

    def problem(self, error: MlregistryError, *, request_id: str) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Scoring:
    """MLflow's scoring formats, with problem+json for errors."""

    version: int | None = None
    open_body = staticmethod(wire.open_body)
    problem = staticmethod(problems.problem)

    def answer(self, scores: Mapping[str, Any], opened: wire.Body, served: Served) -> bytes:
        ids = records.prediction_ids(served.id, served.n_rows)
        return wire.answer(scores, prediction_ids=ids, params=opened.params)


SCORING = Scoring()
