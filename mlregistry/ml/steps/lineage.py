"""From which raw columns, through which steps, each feature comes: asked of a fitted pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Origin:
    """The raw columns of one feature and the names of the steps it went through, both in order."""

    columns: tuple[str, ...]
    steps: tuple[str, ...]

    def to_json(self) -> dict[str, list[str]]:
        return {"columns": list(self.columns), "steps": list(self.steps)}


def lineage(steps: Sequence[tuple[str, Any]]) -> dict[str, Origin]:
    """Per feature its origin; `steps` are the fitted (name, transformer) of the pipeline, the estimator is skipped."""
    parts = [(name, part) for name, part in steps if hasattr(part, "names_out_")]
    known = {str(name): Origin((str(name),), ()) for name in parts[0][1].names_out_} if parts else {}
    for name, part in parts:
        known = follow(known, name, part)
    return known


def follow(known: dict[str, Origin], name: str, part: Any) -> dict[str, Origin]:
    """The origins after one more step."""
    found = {}
    for made in part.names_out_:
        if made not in part.sources_:
            found[made] = known[made]
            continue
        before = [known[source] for source in part.sources_[made] if source in known]
        columns = dict.fromkeys(column for origin in before for column in origin.columns)
        steps = dict.fromkeys(step for origin in before for step in origin.steps)
        found[made] = Origin(tuple(columns), (*steps, name))
    return found
