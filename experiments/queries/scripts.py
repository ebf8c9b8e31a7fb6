"""A trained run as a Python script that stands alone, and what it needs installed. Called by doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.models import Run
from mlregistry.errors import Conflict
from mlregistry.lib.lazily import lazily
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse

from . import provenance

if TYPE_CHECKING:
    from mlregistry.ml.scripts import writing
    from mlregistry.ml.scripts.writing import Script
else:
    writing = lazily("mlregistry.ml.scripts.writing")

BLAS = ("openblas", "mkl", "blis", "flexiblas")
DEFAULT_THREADS = 1


def script_of(run: Run) -> tuple[str, str]:
    """Name and text of the script; Conflict for a run that was not trained here or whose data is gone."""
    wanted = _wanted(run)
    return wanted.name, writing.to_script(wanted)


def requirements_of(run: Run) -> str:
    """The same versions as in the script's head, as a requirements file."""
    return "\n".join(writing.listed(writing.to_script(_wanted(run)))) + "\n"


def _wanted(run: Run) -> Script:
    found = provenance.of_run(run)
    if run.recipe is None or found is None or not found.facts:
        raise Conflict("Only a run that was trained here, and has finished, can be written as a script.")
    version = run.dataset_version
    if version is None:
        raise Conflict(
            "The data that the run was trained on was deleted, so a script would have nothing to read."
        )
    spec = ProblemSpec.from_json(found.spec)
    around = found.facts["environment"]
    return writing.Script(
        name=f"run_{run.pk.hex[:12]}.py",
        data=str(version),
        spec=spec,
        recipe=parse(run.recipe, kind=spec.kind),
        columns=[column["name"] for column in version.columns],
        table_digest=found.facts["table_digest"],
        libraries=around["libraries"],
        threads=_threads(around["threads"]),
    )


def _threads(facts: Mapping[str, Any]) -> dict[str, int]:
    blas = [int(facts[name]) for name in BLAS if name in facts]
    return {"blas": max(blas, default=DEFAULT_THREADS), "openmp": int(facts.get("openmp", DEFAULT_THREADS))}
