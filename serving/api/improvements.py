"""REST views of improvement studies: what would be tried now, start, look, cancel, adopt, withdraw, delete."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access as experiments_access
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving import models as rows
from serving.actions import improvement_adoptions as adoptions
from serving.actions import improvements as actions
from serving.api.drift_windows import WHICH, VersionIn, asked_of, version_of
from serving.queries import improvements as queries

PLAN = ("folds", "repeats", "minutes", "most_proposals", "held_out", "only")


class ImprovementIn(VersionIn):
    dataset_version = serializers.IntegerField(
        required=False, min_value=1, help_text="Its id; that of the version's training when left out."
    )
    folds = serializers.IntegerField(required=False, help_text="3 to 10; 5 when left out.")
    repeats = serializers.IntegerField(required=False, help_text="Of the cross-validation, 1 to 10; 2.")
    minutes = serializers.FloatField(required=False, help_text="What is not tried by then is left; 10.")
    most_proposals = serializers.IntegerField(required=False)
    held_out = serializers.FloatField(
        required=False, help_text="Share of the training rows for the check of the winner; 0.2."
    )
    only = serializers.ListField(
        child=serializers.CharField(max_length=1000),
        required=False,
        max_length=160,
        help_text="Keys of proposals.",
    )


class ImprovementAdoptIn(serializers.Serializer[Any]):
    changes = serializers.ListField(
        child=serializers.CharField(max_length=1000), required=False, allow_empty=False, max_length=16,
        help_text="Keys of the proposals to take; the winner's when left out.",
    )  # fmt: skip
    why = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class ImprovementOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    model = serializers.CharField()
    version = serializers.IntegerField()
    dataset = serializers.CharField(help_text="The dataset version that is searched.")
    state = serializers.CharField()
    progress = serializers.FloatField(allow_null=True)
    error = serializers.CharField()
    plan = serializers.DictField()
    n_proposals = serializers.IntegerField()
    winner = serializers.ListField(child=serializers.CharField(), help_text="Keys of the proposals in it.")
    advice = serializers.CharField()
    job = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    adopted_at = serializers.DateTimeField(allow_null=True)
    adopted_by = serializers.CharField(allow_null=True)
    adopted_why = serializers.CharField()


class ImprovementDetail(ImprovementOut):
    recipe = serializers.DictField(help_text="The unchanged one.")
    proposals = serializers.ListField(child=serializers.DictField())
    result = serializers.DictField(allow_null=True)


class Proposals(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="improvement_proposals", parameters=WHICH[2:], responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """What the facts ask for now: changes of the recipe with reason, figures and priority. Nothing is fitted."""
        endpoint = access.endpoint(self.actor, name)
        version = version_of(endpoint, asked_of(request.query_params))
        found = queries.grounds(endpoint, version, now=timezone.now())
        return Response({
            "model": version.model.name, "version": version.number, "recipe": found.recipe.to_json(),
            "proposals": [one.to_json() for one in found.proposals], "notes": found.notes,
        })  # fmt: skip


class Improvements(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="improvements_list", responses=ImprovementOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's studies without their results, the newest first."""
        found = access.improvements(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, found, ordering=("-created_at",), to_json=improvement_json)

    @extend_schema(operation_id="improvements_start", request=ImprovementIn, responses={202: ImprovementOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Tries the proposals in the background; one study at a time for an endpoint."""
        endpoint, asked = access.endpoint(self.actor, name), valid(ImprovementIn, request)
        data = asked.get("dataset_version")
        row = actions.start_improvement(
            endpoint,
            version_of(endpoint, asked),
            plan={key: asked[key] for key in PLAN if key in asked},
            dataset_version=experiments_access.dataset_version_by_id(self.actor, data) if data else None,
            by=self.actor,
        )
        return Response(improvement_json(access.improvement(self.actor, row.pk)), status=202)


class Improvement(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(operation_id="improvements_read", responses=ImprovementDetail)
    def get(self, request: Request, improvement_id: int) -> Response:
        """With its proposals and, once it has ended, what each is worth."""
        row = access.improvement(self.actor, improvement_id)
        more = {name: getattr(row, name) for name in ("recipe", "proposals", "result")}
        return Response(improvement_json(row) | more)

    @extend_schema(operation_id="improvements_delete", responses={204: None})
    def delete(self, request: Request, improvement_id: int) -> Response:
        """A study whose recipe is adopted is withdrawn first; a job that is at it is stopped."""
        actions.delete_improvement(access.improvement(self.actor, improvement_id), by=self.actor)
        return Response(status=204)


class Cancel(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="improvements_cancel", request=None, responses=ImprovementOut)
    def post(self, request: Request, improvement_id: int) -> Response:
        """Stops its job; what was tried until then is not kept."""
        actions.cancel_improvement(access.improvement(self.actor, improvement_id), by=self.actor)
        return Response(improvement_json(access.improvement(self.actor, improvement_id)))


class Adopt(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="improvements_adopt", request=ImprovementAdoptIn, responses=ImprovementOut)
    def post(self, request: Request, improvement_id: int) -> Response:
        """The winner, or the changes that are named, make the recipe of the endpoint's next retraining."""
        row, given = access.improvement(self.actor, improvement_id), valid(ImprovementAdoptIn, request)
        return Response(
            improvement_json(
                adoptions.adopt_improvement(row, keys=given.get("changes"), why=given["why"], by=self.actor)
            )
        )


class Withdraw(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="improvements_withdraw", request=None, responses=ImprovementOut)
    def post(self, request: Request, improvement_id: int) -> Response:
        """The next retraining takes the recipe of the version it replaces again."""
        adoptions.withdraw_improvement(access.improvement(self.actor, improvement_id), by=self.actor)
        return Response(improvement_json(access.improvement(self.actor, improvement_id)))


def improvement_json(row: rows.Improvement) -> dict[str, Any]:
    return {
        "id": row.pk,
        "endpoint": row.endpoint.name,
        "model": row.version.model.name,
        "version": row.version.number,
        "dataset": row.data_name,
        "state": str(row.state),
        "progress": row.job.progress if row.job else None,
        "error": row.job.error if row.job and not row.result else "",
        "plan": row.plan,
        "n_proposals": len(row.proposals),
        "winner": row.winner,
        "advice": (row.result or {}).get("advice", ""),
        "job": str(row.job_id) if row.job_id else None,
        "created_at": row.created_at,
        "adopted_at": row.adopted_at,
        "adopted_by": row.adopted_by.get_username() if row.adopted_by else None,
        "adopted_why": row.adopted_why,
    }
