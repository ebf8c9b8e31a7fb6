"""Makes the profile of a table in several Parquet files. Called by jobs, benchmarks and quality checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.profiling import alerts, columns, depths
from mlregistry.ml.profiling.columns import Report
from mlregistry.ml.profiling.document import DEPTHS, FORMAT, Profile
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.source import opened

DEFAULT_LIMITS = ProfileLimits()
SHARE_OF_COLUMNS = {"quick": 0.95, "full": 0.5}


def silent(fraction: float, message: str) -> None:
    """A report that nobody hears."""


def profile(
    parts: Sequence[Path],
    *,
    target: str | None = None,
    depth: str = "quick",
    limits: ProfileLimits = DEFAULT_LIMITS,
    report: Report = silent,
    seed: int = 0,
    now: datetime | None = None,
) -> Profile:
    """Quick: every column by itself. Full: also what lies between columns, and what each says about the target.

    `now` decides which times lie in the future. Invalid for an unknown depth or target, NotFound for a lost part.
    """
    if depth not in DEPTHS:
        raise Invalid(f"A profile is {' or '.join(DEPTHS)}, not {depth[:50]!r}.", field="depth")
    moment = now or datetime.now(UTC)
    with opened(parts, limits) as source, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if target is not None and target not in {field.name for field in source.fields}:
            raise Invalid(f"The table has no column '{target[:200]}' to predict.", field="target")
        share = SHARE_OF_COLUMNS[depth]
        found = columns.seen(source, moment, lambda fraction, text: report(share * fraction, text))
        plain = Profile(
            format=FORMAT,
            depth=depth,
            target=target,
            seed=seed,
            n_rows=source.n_rows,
            n_sampled=0,
            columns=tuple(entry.column for entry in found),
            alerts=(),
        )
        if depth == "full":
            deep = depths.deepened(
                source, plain, lambda fraction, text: report(share + 0.45 * fraction, text)
            )
        else:
            deep = depths.Deep(plain)
    report(0.97, "Alerts")
    return deep.profile.with_alerts(
        alerts.found(deep, {entry.column.name: entry.clues for entry in found}, moment)
    )
