"""What recipes of steps do to a dataset version: suggestions, previews on a sample, Python. Called by the doors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.models import DatasetVersion, Problem
from experiments.queries.datasets import local_paths
from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.steps import suggesting
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.steps.parsing import Step
from mlregistry.ml.steps.suggesting import Suggestion
from mlregistry.ml.table_sample import sample

from . import profiles
from .datasets import table_info
from .problems import spec_of

if TYPE_CHECKING:
    from mlregistry.ml.steps import exporting, previewing
    from mlregistry.ml.steps.previewing import Preview
else:
    exporting, previewing = lazily("mlregistry.ml.steps.exporting"), lazily("mlregistry.ml.steps.previewing")

SAMPLE_ROWS = 500
NO_TARGET = "\x00no target"
SAMPLE_CELLS = 40_000


def suggest(problem: Problem, version: DatasetVersion) -> Suggestion:
    """Sensible steps for the problem's features in this table, with a reason for each."""
    _columns(problem, version)
    row = profiles.chosen(version)
    profile = profiles.document(row) if row is not None and row.state == "ready" else None
    return suggesting.suggest(spec_of(problem), table_info(version), profile)


def preview(problem: Problem, version: DatasetVersion, steps: Sequence[Step]) -> list["Preview"]:
    """What each step does to a sample of at most 500 rows of the table."""
    columns = _columns(problem, version)
    with local_paths(version) as paths:
        frame = sample(
            paths,
            columns,
            n_rows=max(20, min(SAMPLE_ROWS, SAMPLE_CELLS // len(columns))),
            of=version.n_rows,
            consecutive=any(step.entry.needs_order for step in steps),
        )
    target = problem.target or NO_TARGET
    if not problem.target:
        frame = frame.assign(**{NO_TARGET: 0})
    return previewing.preview(steps, frame, target, Making(problem.kind))


def python(problem: Problem, steps: Sequence[Step]) -> str:
    """The steps as a Python file that needs nothing of ours."""
    _check_kind(problem)
    if not problem.target:
        raise Invalid("Python of a recipe is for problems with a target.", field="problem")
    making = Making(problem.kind)
    return exporting.to_python(steps, making, target=problem.target, features=problem.features)


def _columns(problem: Problem, version: DatasetVersion) -> list[str]:
    """The features and the target, in the table's order; Invalid when one is not in it."""
    _check_kind(problem)
    names = [column["name"] for column in version.columns]
    features = spec_of(problem).feature_names(names)
    wanted = [*features, *([problem.target] if problem.target else [])]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise Invalid(f"The table has no column '{missing[0]}'.", field="dataset_version")
    if not features:
        raise Invalid("The table has no feature column besides the target.", field="dataset_version")
    return wanted


def _check_kind(problem: Problem) -> None:
    if problem.kind == "recommendation":
        raise Invalid("A recommendation has no columns to prepare, so it has no recipes.", field="problem")
