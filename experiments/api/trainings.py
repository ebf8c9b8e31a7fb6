"""REST: start the training of several estimators in the background."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs.engines import DEFAULT_CLASS
from mlregistry.jobs.models import Priority
from mlregistry.ml.search.space import usual
from mlregistry.rest import TeamView, body_of
from mlregistry.rest_idempotency import idempotent

from .parsing import parsed
from .serializers import TrainingIn, TrainingOut

SHARED = ("seed", "folds", "repeats", "split", "calibration", "threshold", "preparation", "steps")


class Trainings(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=TrainingIn, responses={202: TrainingOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Train `estimators` (or `recipes`; by default the usual ones of the kind) for a problem on a dataset version,
        and a baseline.
        """
        wanted = parsed(TrainingIn, body_of(request))
        problem = access.problem(self.actor, wanted["problem"])
        version = _version(self.actor, wanted)
        experiment_id = wanted.get("experiment")
        experiment, runs, job = actions.start_training(
            problem,
            version,
            recipes=_recipes(wanted, problem, version),
            experiment=access.experiment(self.actor, experiment_id) if experiment_id is not None else None,
            priority=Priority[wanted.get("priority", "normal").upper()],
            queue=wanted.get("resource_class", DEFAULT_CLASS),
            by=self.actor,
        )
        answer = {"experiment": experiment.pk, "job": job.pk, "runs": [run.pk for run in runs]}
        return Response(TrainingOut(answer).data, status=202)


def _version(by: Actor, wanted: dict[str, Any]) -> DatasetVersion:
    if ("dataset" in wanted) == ("dataset_version" in wanted):
        raise Invalid("Name either 'dataset_version' or 'dataset'.", field="dataset_version")
    if "dataset" in wanted:
        access.dataset(by, wanted["dataset"])
        return access.dataset_version(by, wanted["dataset"])
    return access.dataset_version_by_id(by, wanted["dataset_version"])


def _recipes(wanted: dict[str, Any], problem: Problem, version: DatasetVersion) -> list[dict[str, Any]]:
    if "recipes" in wanted and "estimators" in wanted:
        raise Invalid("Send either 'estimators' or 'recipes'.", field="estimators")
    shared = {name: wanted[name] for name in SHARED if name in wanted}
    if "recipes" in wanted:
        return [_over(shared, recipe) for recipe in wanted["recipes"]]
    names = wanted["estimators"] if "estimators" in wanted else usual(problem.kind, version.n_rows)
    return [{**shared, "estimator": name} for name in names]


def _over(shared: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """What is shared, and the recipe's own; its own steps or preparation replace both shared ones."""
    own = {"steps", "preparation"} & set(recipe)
    left = {name: value for name, value in shared.items() if not own or name not in ("steps", "preparation")}
    return {**left, **recipe}
