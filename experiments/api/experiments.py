"""REST: experiments, their runs and leaderboard."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import experiments as actions
from experiments.actions import runs as run_actions
from experiments.actions.settling import settle_runs
from experiments.queries import runs as run_queries
from experiments.queries import standing
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from . import run_search
from .parsing import filtered, needed, parameters, parsed
from .serializers import (
    ExperimentChange,
    ExperimentDetail,
    ExperimentIn,
    ExperimentOut,
    LeaderboardRow,
    RunDetail,
    RunIn,
    RunOut,
)

FILTERS = {"name": "name__icontains", "problem": "problem_id", "lifecycle": "lifecycle"}
ORDERING = ("-created_at", "name", "updated_at")
RUN_FILTERS = {
    "name": "name__icontains", "status": "status", "lifecycle": "lifecycle", "estimator": "estimator",
    "is_baseline": "is_baseline", "dataset_version": "dataset_version_id", "job": "job_id",
}  # fmt: skip
RUN_ORDERING = ("-started_at", "name")


class Experiments(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=ExperimentOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's experiments."""
        rows = filtered(request, access.experiments(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=ExperimentOut().to_representation)

    @extend_schema(request=ExperimentIn, responses={201: ExperimentOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Make an empty experiment."""
        wanted = _with_problem(self.actor, parsed(ExperimentIn, body_of(request)))
        return Response(ExperimentOut(actions.create_experiment(**wanted, by=self.actor)).data, status=201)


class OneExperiment(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=ExperimentDetail)
    def get(self, request: Request, experiment_id: int) -> Response:
        """One experiment."""
        return Response(ExperimentDetail(access.experiment(self.actor, experiment_id)).data)

    @extend_schema(request=ExperimentChange(partial=True), responses=ExperimentOut)
    def patch(self, request: Request, experiment_id: int) -> Response:
        """Change the fields that are sent; `lifecycle` deletes or restores."""
        experiment = access.experiment(self.actor, experiment_id)
        changes = _with_problem(self.actor, parsed(ExperimentChange, body_of(request), partial=True))
        lifecycle = changes.pop("lifecycle", None)
        if lifecycle == "active":
            experiment = actions.restore_experiment(experiment, by=self.actor)
        if changes:
            experiment = actions.update_experiment(experiment, **changes, by=self.actor)
        if lifecycle == "deleted":
            experiment = actions.delete_experiment(experiment, by=self.actor)
        return Response(ExperimentOut(experiment).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, experiment_id: int) -> Response:
        """Delete the experiment with its runs; it can be restored."""
        actions.delete_experiment(access.experiment(self.actor, experiment_id), by=self.actor)
        return Response(status=204)


class ExperimentRuns(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(
        parameters=[*parameters(RUN_FILTERS, RUN_ORDERING), *run_search.PARAMETERS],
        responses=RunOut(many=True),
    )
    def get(self, request: Request, experiment_id: int) -> Response:
        """The experiment's runs with params, latest metrics and tags; with `filter` and the like, a search."""
        experiment = access.experiment(self.actor, experiment_id)
        settle_runs(self.actor.team)
        if run_search.asked(request):
            return Response(run_search.found(request, experiment, by=self.actor))
        rows = run_queries.with_measurements(access.runs(self.actor).filter(experiment=experiment))
        rows = filtered(request, rows, RUN_FILTERS)
        return listing(request, rows, ordering=RUN_ORDERING, to_json=RunOut().to_representation)

    @extend_schema(request=RunIn, responses={201: RunDetail})
    @idempotent()
    def post(self, request: Request, experiment_id: int) -> Response:
        """Begin a run that is logged from code."""
        experiment = access.experiment(self.actor, experiment_id)
        wanted = _with_rows(self.actor, parsed(RunIn, body_of(request)))
        run = run_actions.create_run(experiment, **wanted, by=self.actor)
        return Response(RunDetail(run).data, status=201)


class Leaderboard(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("metric", str), OpenApiParameter("limit", int)],
        responses=LeaderboardRow(many=True),
    )
    def get(self, request: Request, experiment_id: int) -> Response:
        """The active runs, best first by the problem's primary metric or by `metric`."""
        experiment = access.experiment(self.actor, experiment_id)
        settle_runs(self.actor.team)
        rows = standing.leaderboard(
            experiment, metric=request.query_params.get("metric"), limit=needed(request, "limit", 200)
        )
        return Response(LeaderboardRow(rows, many=True).data)


def _with_problem(by: Actor, wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted.get("problem") is not None:
        wanted["problem"] = access.problem(by, wanted["problem"])
    return wanted


def _with_rows(by: Actor, wanted: dict[str, Any]) -> dict[str, Any]:
    """The arguments with rows in place of ids."""
    if wanted.get("dataset_version") is not None:
        wanted["dataset_version"] = access.dataset_version_by_id(by, wanted["dataset_version"])
    if wanted.get("parent") is not None:
        wanted["parent"] = access.run(by, wanted["parent"])
    return wanted
