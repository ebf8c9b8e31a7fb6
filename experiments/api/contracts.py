"""REST: a dataset's contract, the checks of its versions, overrides, and quality over time."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import alerts
from experiments.actions import contracts as actions
from experiments.models import ContractCheck, DataContract, DatasetVersion, QualityAlert, VersionComparison
from experiments.queries import contracts as queries
from experiments.queries import quality
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of
from mlregistry.rest_idempotency import idempotent

from .parsing import number as query_number
from .parsing import parsed


class ContractOut(serializers.ModelSerializer[DataContract]):
    class Meta:
        model = DataContract
        fields = ("dataset", "number", "document", "created_by", "created_at")


class ProposalOut(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    document = serializers.JSONField()
    reasons = serializers.DictField(child=serializers.CharField())


class OverrideIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)


class OverrideOut(serializers.Serializer[Any]):
    reason = serializers.CharField(source="override_reason")
    by = serializers.CharField(source="overridden_by.username", allow_null=True, default=None)
    at = serializers.DateTimeField(source="overridden_at")


class ComparisonOut(serializers.Serializer[Any]):
    earlier = serializers.IntegerField(source="earlier.number")
    state = serializers.CharField()
    report = serializers.JSONField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ChecksOut(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="no contract, unchecked, pending, passed, failed or error")
    blocks_training = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    contract = serializers.IntegerField(allow_null=True)
    report = serializers.JSONField(allow_null=True)
    override = OverrideOut(allow_null=True)
    comparison = ComparisonOut(allow_null=True)


class AlertOut(serializers.ModelSerializer[QualityAlert]):
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = QualityAlert
        fields = ("id", "dataset", "version", "problem", "kind", "message", "created_at")


class QualityOut(serializers.Serializer[Any]):
    timeline = serializers.ListField(child=serializers.DictField())
    alerts = AlertOut(many=True)


class Contract(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR}

    @extend_schema(parameters=[OpenApiParameter("number", int)], responses=ContractOut)
    def get(self, request: Request, dataset_id: int) -> Response:
        """The contract that holds, or the edition with this number."""
        dataset = access.dataset(self.actor, dataset_id)
        return Response(ContractOut(queries.edition(dataset, query_number(request, "number"))).data)

    @extend_schema(request=serializers.JSONField(), responses=ContractOut)
    def put(self, request: Request, dataset_id: int) -> Response:
        """Set the contract: a new edition, against which the newest versions are checked."""
        dataset = access.dataset(self.actor, dataset_id)
        return Response(ContractOut(actions.set_contract(dataset, body_of(request), by=self.actor)).data)


class InferContract(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, parameters=[OpenApiParameter("version", int)], responses=ProposalOut)
    def post(self, request: Request, dataset_id: int) -> Response:
        """Propose a contract from a version, the newest by default; nothing is stored."""
        version = access.dataset_version(self.actor, dataset_id, query_number(request, "version"))
        proposal = actions.propose(version, by=self.actor)
        return Response({"version": version.number, **proposal.to_json()})


class VersionChecks(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(responses=ChecksOut)
    def get(self, request: Request, dataset_id: int, number: int) -> Response:
        """How the version stands to the contract that holds, and to the version before."""
        return Response(_checks(access.dataset_version(self.actor, dataset_id, number)))

    @extend_schema(request=None, responses={202: ChecksOut})
    @idempotent()
    def post(self, request: Request, dataset_id: int, number: int) -> Response:
        """Check and compare the version again in the background."""
        version = access.dataset_version(self.actor, dataset_id, number)
        actions.request_checks([version], by=self.actor)
        return Response(_checks(version), status=202)


class VersionOverride(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(request=OverrideIn, responses=ChecksOut)
    def post(self, request: Request, dataset_id: int, number: int) -> Response:
        """Let a marked version be trained on all the same; the reason is audited and shown."""
        version = access.dataset_version(self.actor, dataset_id, number)
        actions.override(version, parsed(OverrideIn, body_of(request))["reason"], by=self.actor)
        return Response(_checks(version))


class Quality(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=QualityOut)
    def get(self, request: Request, dataset_id: int) -> Response:
        """Rows, missing share, contract and drift of each version, oldest first; and the open alerts."""
        dataset = access.dataset(self.actor, dataset_id)
        rows = [moment.to_json() for moment in quality.timeline(dataset)]
        found = AlertOut(quality.open_alerts(dataset=dataset), many=True).data
        return Response({"timeline": rows, "alerts": found})


class CloseAlert(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, dataset_id: int, alert_id: int) -> Response:
        """Accept what an alert says; an accepted difference no longer blocks scheduled training."""
        dataset = access.dataset(self.actor, dataset_id)
        alerts.close_alert(quality.alert(dataset, alert_id), by=self.actor)
        return Response(status=204)


def _checks(version: DatasetVersion) -> dict[str, Any]:
    standing, row = queries.standing(version), quality.comparison(version)
    check = standing.check
    return {
        "state": standing.state,
        "blocks_training": standing.blocks,
        "reasons": list(standing.reasons),
        "contract": check.contract.number if check else None,
        "report": check.report if check else None,
        "override": _override(check) if standing.is_overridden else None,
        "comparison": _comparison(row) if row else None,
    }


def _override(check: ContractCheck | None) -> dict[str, Any]:
    return dict(OverrideOut(check).data)


def _comparison(row: VersionComparison) -> dict[str, Any]:
    return {**ComparisonOut(row).data, "state": queries.state_of(row)}
