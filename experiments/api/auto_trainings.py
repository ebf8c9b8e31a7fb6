"""REST: just train it — a portfolio within a budget of time, then ensembles."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import auto_trainings as actions
from experiments.models import AutoTraining, Study
from experiments.queries import auto_trainings as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.ml.portfolio import planning
from mlregistry.rest import TeamView, body_of
from mlregistry.rest_idempotency import idempotent

from .parsing import parsed

MINUTES = f"{planning.MINUTES[0]:g} to {planning.MINUTES[1]:g}, {planning.DEFAULT_MINUTES:g} by default"


class JustTrainIn(serializers.Serializer[Any]):
    dataset_version = serializers.IntegerField()
    minutes = serializers.FloatField(required=False, help_text=MINUTES)
    wish = serializers.CharField(
        required=False, allow_blank=True, help_text="fast: to answer; of models as good, the fastest"
    )
    recipe = serializers.DictField(
        required=False, help_text="split, steps or preparation; those suggested for the table by default"
    )
    seed = serializers.IntegerField(required=False)
    n_lanes = serializers.IntegerField(required=False, help_text="trials at a time")


class LeaderOut(serializers.Serializer[Any]):
    """The best trial of a family of models so far, or the first one that is under way."""

    title = serializers.CharField()
    trial = serializers.IntegerField()
    value = serializers.FloatField()
    n_trials = serializers.IntegerField(help_text="complete ones of the family")
    n_folds = serializers.IntegerField(
        allow_null=True, help_text="that a trial under way has told; 0 for a first look at a few rows"
    )


class OfferOut(serializers.Serializer[Any]):
    run = serializers.CharField()
    method = serializers.CharField(help_text="single, vote, greedy, stack, quick")
    title = serializers.CharField()
    status = serializers.CharField()
    error = serializers.CharField()
    chosen = serializers.BooleanField()
    members = serializers.JSONField(help_text="[{trial, weight}]")
    value = serializers.FloatField(help_text="the metric on the held-out rows the weights were chosen on")
    honest = serializers.JSONField(help_text="on rows without a say in the weights: mean, error, low, high")
    test = serializers.FloatField(allow_null=True, help_text="on the test rows")
    ms_per_request = serializers.FloatField(allow_null=True, required=False)
    ms_per_row = serializers.FloatField(allow_null=True, required=False)
    form = serializers.CharField(required=False, help_text="what answers a request: compiled or native")
    megabytes = serializers.FloatField(allow_null=True, required=False)


class AutoTrainingOut(serializers.Serializer[Any]):
    study = serializers.IntegerField(allow_null=True, help_text="null for kinds that are not searched")
    experiment = serializers.IntegerField()
    phase = serializers.CharField(help_text="searching, building ensembles, ready, stopped, failed")
    reason = serializers.CharField()
    seconds = serializers.IntegerField(allow_null=True, help_text="the whole budget")
    seconds_used = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)
    wish = serializers.CharField()
    chosen = serializers.CharField(allow_null=True, help_text="the run to use")
    job = serializers.CharField(allow_null=True, help_text="builds the ensembles")
    reasons = serializers.ListField(child=serializers.CharField())
    leaders = LeaderOut(many=True)
    offers = OfferOut(many=True)


class JustTrain(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=JustTrainIn, responses={202: AutoTrainingOut})
    @idempotent()
    def post(self, request: Request, problem_id: int) -> Response:
        """Start it for one problem; the dataset version is enough."""
        wanted = parsed(JustTrainIn, body_of(request))
        problem = access.problem(self.actor, problem_id)
        version = access.dataset_version_by_id(self.actor, wanted.pop("dataset_version"))
        started = actions.just_train(problem, version, **wanted, by=self.actor)
        if started.study is not None:
            return Response(_body(_auto(started.study)), status=202)
        return Response(_without_study(started), status=202)


class OneAutoTraining(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=AutoTrainingOut)
    def get(self, request: Request, study_id: int) -> Response:
        """How far it is, and the models it offers with their prices."""
        return Response(_body(_auto(access.study(self.actor, study_id))))


class ChangeAutoTraining(TeamView):
    roles = {"post": Role.EDITOR}
    changes = {"cancel": actions.cancel, "finish": actions.finish_now}

    @extend_schema(request=None, responses=AutoTrainingOut)
    def post(self, request: Request, study_id: int, change: str) -> Response:
        """Cancel it, or finish the search now and build the ensembles."""
        study = self.changes[change](access.study(self.actor, study_id), by=self.actor)
        return Response(_body(_auto(study)))


def _auto(study: Study) -> AutoTraining:
    found = queries.of_study(study)
    if found is None:
        raise NotFound(f"{study.name} was not started by “just train it”.")
    return found


def _body(auto: AutoTraining) -> dict[str, Any]:
    where = queries.standing(auto)
    return {
        "study": auto.study_id,
        "experiment": auto.study.experiment_id,
        "phase": where.phase,
        "reason": where.reason,
        "seconds": auto.seconds,
        "seconds_used": round(where.seconds_used, 1),
        "seconds_left": round(where.seconds_left, 1),
        "wish": auto.wish,
        "chosen": str(auto.chosen_id) if auto.chosen_id else None,
        "job": str(auto.job_id) if auto.job_id else None,
        "reasons": auto.reasons,
        "leaders": [_leader(one) for one in queries.leaders(auto.study)],
        "offers": [_offer(one) for one in queries.offers(auto)],
    }


def _leader(one: dict[str, Any]) -> dict[str, Any]:
    return {"trial": one["best"].number, **{key: value for key, value in one.items() if key != "best"}}


def _offer(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one.get(name) for name in map(str, OfferOut().fields)}


def _without_study(started: actions.Started) -> dict[str, Any]:
    return {
        "study": None, "experiment": started.experiment.pk, "phase": "side by side", "reason": "", "seconds": None,
        "seconds_used": None, "seconds_left": None, "wish": "", "chosen": None, "job": None,
        "reasons": list(started.reasons), "leaders": [], "offers": [],
    }  # fmt: skip
