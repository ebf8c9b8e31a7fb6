"""Baselines of versions as they are compared with: read once, kept in memory. For counting, checks and pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from mlregistry.ml.drift import coding
from mlregistry.ml.drift.baselines import Baseline
from mlregistry.ml.drift.counters import Counters
from mlregistry.ml.drift.folding import reader_of
from mlregistry.ml.drift.json_rows import JsonRows
from models_app.models import ModelVersion
from serving.models import BaselineState, DriftBaseline

MOST_REMEMBERED = 64


@dataclass(frozen=True, eq=False)
class Watched:
    """A version's baseline with its own counters, and the version's classes in their order."""

    baseline: Baseline
    reference: Counters
    classes: Sequence[Any]

    @cached_property
    def reader(self) -> JsonRows:
        """Of logged inputs."""
        return reader_of(self.baseline)


def watched(version_ids: Iterable[int]) -> dict[int, Watched]:
    """Those of the versions whose baseline is ready."""
    rows = DriftBaseline.objects.filter(version_id__in=set(version_ids), state=BaselineState.READY)
    return {
        version_id: _watched(version_id, made_at)
        for version_id, made_at in rows.values_list("version_id", "made_at")
    }


def of_version(version: ModelVersion) -> DriftBaseline | None:
    """The row without its large columns, whatever its state."""
    rows = DriftBaseline.objects.defer("document", "counters").select_related(
        "dataset_version__dataset", "job"
    )
    return rows.filter(version=version).first()


@lru_cache(maxsize=MOST_REMEMBERED)
def _watched(version_id: int, made_at: datetime) -> Watched:
    """A baseline that is ready never changes; `made_at` tells it from one of the same version made after it."""
    row = DriftBaseline.objects.select_related("version").get(version_id=version_id, made_at=made_at)
    baseline = Baseline.from_json(row.document or {})
    reference = coding.from_bytes(bytes(row.counters or b""), baseline)
    return Watched(baseline, reference, row.version.served_signature.get("classes") or ())
