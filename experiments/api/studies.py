"""REST: studies, their trials, and the same search from code by asking and telling."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import asking
from experiments.actions import studies as actions
from experiments.models import Study, Trial
from experiments.queries import outer_folds
from experiments.queries import studies as queries
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import filtered, parameters, parsed

FILTERS = {"problem": "problem_id", "experiment": "experiment_id", "state": "state"}
ORDERING = ("-created_at",)
TRIAL_FILTERS = {"state": "state"}
TRIAL_ORDERING = ("number", "seconds", "cpu_seconds")
PLAN = (
    "objectives", "sampler", "pruner", "shares", "seed", "n_lanes", "max_trials", "max_seconds", "max_cost",
    "patience", "trial_seconds", "trial_memory_mb", "warm_from", "outer_folds",
)  # fmt: skip


class StudyOut(serializers.ModelSerializer[Study]):
    class Meta:
        model = Study
        fields = (
            "id", "name", "state", "reason", "experiment", "problem", "dataset_version", "data_name", "run", "winner",
            "objectives", "sampler", "pruner", "shares", "seed", "warm_from", "n_lanes", "max_trials", "max_seconds",
            "max_cost", "patience", "trial_seconds", "trial_memory_mb", "outer_folds", "best_number", "best_value",
            "cpu_seconds", "created_by", "created_at", "ended_at",
        )  # fmt: skip


class StudyDetail(StudyOut):
    progress = serializers.SerializerMethodField()
    honest = serializers.SerializerMethodField()

    class Meta(StudyOut.Meta):
        fields = (*StudyOut.Meta.fields, "space", "recipe", "progress", "honest")  # type: ignore[assignment]  # the stubs want the base's own length

    def get_progress(self, study: Study) -> dict[str, Any]:
        return queries.progress(study)

    def get_honest(self, study: Study) -> dict[str, Any] | None:
        """Of the outer folds: each one's score, their mean and its interval."""
        found = outer_folds.of_study(study)
        if found is None:
            return None
        names = ("number", "score", "inner_value", "params", "n_trials", "seconds", "error")
        folds = [{name: getattr(fold, name) for name in names} for fold in found.folds]
        return {"estimate": found.estimate, "inner": found.inner, "folds": folds}


class StudyIn(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=200)
    problem = serializers.IntegerField(
        required=False, help_text="without one the trials are asked for and told by your own code"
    )
    dataset_version = serializers.IntegerField(required=False)
    experiment = serializers.IntegerField(required=False)
    space = serializers.JSONField(required=False, help_text="estimators, preparation, steps; or parameters")
    recipe = serializers.DictField(required=False, help_text="what each trial starts from: split, folds …")
    objectives = serializers.JSONField(required=False, help_text="[{metric, direction}]")
    sampler = serializers.CharField(
        required=False, help_text="tpe, random, grid, qmc, cmaes, gp, nsga2, portfolio"
    )
    pruner = serializers.CharField(required=False, help_text="none, median, halving, racing")
    shares = serializers.ListField(child=serializers.FloatField(), required=False)
    seed = serializers.IntegerField(required=False)
    n_lanes = serializers.IntegerField(required=False, help_text="trials at a time")
    max_trials = serializers.IntegerField(required=False)
    max_seconds = serializers.IntegerField(required=False)
    max_cost = serializers.FloatField(required=False)
    patience = serializers.IntegerField(required=False)
    trial_seconds = serializers.IntegerField(required=False)
    trial_memory_mb = serializers.IntegerField(required=False)
    warm_from = serializers.ListField(child=serializers.IntegerField(), required=False)
    outer_folds = serializers.IntegerField(
        required=False,
        help_text="0 for none: repeat the whole search in so many folds for an honest score of it",
    )


class TrialOut(serializers.ModelSerializer[Trial]):
    class Meta:
        model = Trial
        fields = (
            "number", "state", "params", "values", "intermediate", "attempt", "run", "error", "seconds", "cpu_seconds",
            "peak_memory_mb", "started_at", "ended_at",
        )  # fmt: skip


class AskIn(serializers.Serializer[Any]):
    lease_seconds = serializers.IntegerField(
        required=False, min_value=5, max_value=24 * 3600, help_text="renewed by each report; 600 by default"
    )
    worker = serializers.CharField(required=False, max_length=200)


class ReportIn(serializers.Serializer[Any]):
    attempt = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    step = serializers.IntegerField(min_value=0, max_value=10**9)
    value = serializers.FloatField()


class TellIn(serializers.Serializer[Any]):
    attempt = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    state = serializers.ChoiceField(["COMPLETE", "PRUNED", "FAILED"], required=False)
    values = serializers.ListField(child=serializers.FloatField(), required=False)
    metrics = serializers.DictField(child=serializers.FloatField(), required=False)
    error = serializers.CharField(required=False, max_length=4000)


class EnqueueIn(serializers.Serializer[Any]):
    params = serializers.DictField()


class Studies(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=StudyOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's studies, newest first."""
        rows = filtered(request, access.studies(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=StudyOut().to_representation)

    @extend_schema(request=StudyIn, responses={202: StudyDetail})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Start a study; problem and dataset version are enough."""
        wanted = parsed(StudyIn, body_of(request))
        study = actions.create_study(
            access.problem(self.actor, wanted["problem"]) if "problem" in wanted else None,
            access.dataset_version_by_id(self.actor, wanted["dataset_version"])
            if "dataset_version" in wanted
            else None,
            name=wanted.get("name", ""),
            space=wanted.get("space"),
            recipe=wanted.get("recipe"),
            plan={name: wanted[name] for name in PLAN if name in wanted},
            experiment=access.experiment(self.actor, wanted["experiment"])
            if "experiment" in wanted
            else None,
            by=self.actor,
        )
        return Response(StudyDetail(study).data, status=202)


class OneStudy(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(responses=StudyDetail)
    def get(self, request: Request, study_id: int) -> Response:
        """One study with its space and how far it is."""
        return Response(StudyDetail(access.study(self.actor, study_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, study_id: int) -> Response:
        """Delete a study that has ended; the runs of its trials stay."""
        actions.delete_study(access.study(self.actor, study_id), by=self.actor)
        return Response(status=204)


class ChangeStudy(TeamView):
    roles = {"post": Role.EDITOR}
    changes = {
        "pause": actions.pause_study,
        "resume": actions.resume_study,
        "cancel": actions.cancel_study,
    }

    @extend_schema(request=None, responses=StudyDetail)
    def post(self, request: Request, study_id: int, change: str) -> Response:
        """Pause, resume or cancel it."""
        study = self.changes[change](access.study(self.actor, study_id), by=self.actor)
        return Response(StudyDetail(study).data)


class Trials(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(TRIAL_FILTERS, TRIAL_ORDERING), responses=TrialOut(many=True))
    def get(self, request: Request, study_id: int) -> Response:
        """The trials of a study."""
        rows = filtered(request, queries.trials(access.study(self.actor, study_id)), TRIAL_FILTERS)
        return listing(request, rows, ordering=TRIAL_ORDERING, to_json=TrialOut().to_representation)

    @extend_schema(request=EnqueueIn, responses={201: TrialOut})
    def post(self, request: Request, study_id: int) -> Response:
        """Queue a trial with params of your own choice."""
        wanted = parsed(EnqueueIn, body_of(request))
        trial = actions.enqueue_trial(access.study(self.actor, study_id), wanted["params"], by=self.actor)
        return Response(TrialOut(trial).data, status=201)


class Ask(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=AskIn, responses=TrialOut)
    def post(self, request: Request, study_id: int) -> Response:
        """The next trial to measure, with its params and, for a problem, its recipe; 409 when there is none."""
        wanted = parsed(AskIn, body_of(request))
        study = access.study(self.actor, study_id)
        trial = asking.ask(study, **wanted, by=self.actor)
        recipe = {"recipe": asking.recipe_of(study, trial)} if study.has_problem else {}
        return Response({**TrialOut(trial).data, **recipe})


class Report(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=ReportIn, responses={200: dict[str, bool]})
    def post(self, request: Request, study_id: int, number: int) -> Response:
        """Tell what was found at a step; `prune` says whether to stop."""
        wanted = parsed(ReportIn, body_of(request))
        study = access.study(self.actor, study_id)
        return Response({"prune": asking.report(study, number, **wanted, by=self.actor)})


class Tell(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=TellIn, responses=TrialOut)
    def post(self, request: Request, study_id: int, number: int) -> Response:
        """End a trial with its values; telling the same twice is no error."""
        wanted = parsed(TellIn, body_of(request))
        study = access.study(self.actor, study_id)
        return Response(TrialOut(asking.tell(study, number, **wanted, by=self.actor)).data)
