"""What a run came from: its training here, or the code that a client names. Called by doors and the training job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from experiments.models import Artifact, Provenance, Run
from mlregistry.artifacts import store
from mlregistry.lib import tag_names
from mlregistry.lib.http_urls import without_credentials
from mlregistry.ml.problems import ProblemSpec

from .problems import spec_of

MOST_DIFF = 200_000
DIFF_FILES = Q(path__endswith=".diff") | Q(path__endswith=".patch")


@dataclass(frozen=True, slots=True)
class Code:
    """Where the code of a run came from, as its client says; "" for what it does not say.

    `diff` is what was changed since the commit, its first 200,000 characters; `diff_file` the file it lies in.
    """

    name: str = ""
    commit: str = ""
    branch: str = ""
    repository: str = ""
    dirty: bool = False
    diff: str = ""
    diff_file: str = ""
    diff_is_cut: bool = False


def of_run(run: Run) -> Provenance | None:
    """With the run that it repeats; None for a run that was not trained here."""
    return Provenance.objects.select_related("again_of").filter(run=run).first()


def spec_for(run: Run) -> ProblemSpec | None:
    """The problem that the run is trained for: as it was for the run that it repeats, else as it is now."""
    found = of_run(run)
    if found is not None and found.again_of_id is not None:
        return ProblemSpec.from_json(found.spec)
    return None if run.problem is None else spec_of(run.problem)


def code_of(run: Run) -> Code:
    """From the tags that MLflow's clients set, and a file of the run that ends in .diff or .patch."""
    tags = dict(
        run.tags.filter(Q(key__startswith="mlflow.source.") | Q(key__startswith="mlflow.git")).values_list(
            "key", "value"
        )
    )
    diff, path = tags.get(tag_names.SOURCE_DIFF, ""), ""
    if not diff:
        diff, path = _diff_file(run)
    return Code(
        name=tags.get(tag_names.SOURCE_NAME, ""),
        commit=tags.get(tag_names.SOURCE_COMMIT, ""),
        branch=tags.get(tag_names.SOURCE_BRANCH) or tags.get(tag_names.OLD_BRANCH, ""),
        repository=without_credentials(
            tags.get(tag_names.SOURCE_REPOSITORY) or tags.get(tag_names.OLD_REPOSITORY, "")
        ),
        dirty=bool(diff) or tags.get(tag_names.SOURCE_DIRTY, "").lower() == "true",
        diff=diff[:MOST_DIFF],
        diff_file=path,
        diff_is_cut=len(diff) > MOST_DIFF,
    )


def document(run: Run) -> dict[str, Any]:
    """Everything at once, as JSON."""
    found = of_run(run)
    return {
        "trained_here": None if found is None or not found.facts else found.facts,
        "problem": None if found is None else found.spec,
        "recipe": run.recipe,
        "code": asdict(code_of(run)),
    }


def _diff_file(run: Run) -> tuple[str, str]:
    """The text of the first such file by path, one character more than is shown at most, and its path."""
    row = Artifact.objects.filter(DIFF_FILES, run=run).select_related("file").order_by("path").first()
    if row is None:
        return "", ""
    with store.open_file(row.file) as file:
        return file.read(4 * MOST_DIFF).decode("utf-8", "replace")[: MOST_DIFF + 1], row.path
