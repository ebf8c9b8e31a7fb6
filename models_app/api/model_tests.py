"""REST views of model tests and of the gate before aliases."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.lib.lazily import lazily
from mlregistry.ml.model_tests import plugins
from mlregistry.ml.model_tests.blocking import is_blocking
from mlregistry.ml.model_tests.check import Check
from mlregistry.ml.model_tests.limits import LIMITS
from mlregistry.rest import TeamView, valid
from models_app import access
from models_app.actions import gates as gate_actions
from models_app.actions import model_tests as actions
from models_app.models import ModelGate, ModelVersion
from models_app.queries import gates, load_verdicts
from models_app.queries import model_tests as queries

if TYPE_CHECKING:
    from mlregistry.ml.model_tests import table
else:
    table = lazily("mlregistry.ml.model_tests.table")


class GateIn(serializers.Serializer[Any]):
    aliases = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=50, required=False
    )
    blocking = serializers.JSONField(
        required=False, allow_null=True, help_text="names of checks; null: the usual ones"
    )
    limits = serializers.JSONField(required=False, help_text="bounds by name")
    expectations = serializers.JSONField(required=False, help_text="a list; see docs/model_tests.md")
    strict = serializers.BooleanField(required=False)
    load_test = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="null, {} or {ms, quantile, rate}: what load tests must show",
    )


class Tests(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="model_tests_read", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """The newest tests with all results, whether the gate is open, and earlier runs without results."""
        return Response(tests_json(access.version(self.actor, name, number)))

    @extend_schema(operation_id="model_tests_run", request=None, responses={202: dict})
    def post(self, request: Request, name: str, number: int) -> Response:
        """Starts the tests, unless they are under way."""
        run = actions.request_tests(access.version(self.actor, name, number), by=self.actor)
        return Response(queries.run_json(run), status=202)


class Gate(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.OWNER}

    @extend_schema(operation_id="model_gate_read", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """Guarded aliases, the checks that block, limits and declared expectations of one model."""
        return Response(gate_json(queries.gate_of(access.model(self.actor, name))))

    @extend_schema(operation_id="model_gate_set", request=GateIn, responses=dict)
    def put(self, request: Request, name: str) -> Response:
        """Changes what is given. New limits or expectations make earlier tests count no more."""
        model, given = access.model(self.actor, name), valid(GateIn, request)
        return Response(gate_json(gate_actions.set_gate(model, **given, by=self.actor)))


class Checks(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="model_tests_checks", responses=dict)
    def get(self, request: Request) -> Response:
        """Every check with what it looks at, every limit, and the operator's own files."""
        return Response(
            {
                "checks": [_check_json(check) for check in table.CHECKS],
                "limits": [vars(limit) for limit in LIMITS.values()],
                "plugins": [vars(file) for file in plugins.files(settings.MODEL_TESTS_FOLDER)],
            }
        )


def tests_json(version: ModelVersion) -> dict[str, Any]:
    found = gates.standing(version)
    runs = list(queries.runs_of(version)[: actions.MOST_KEPT])
    return {
        "gate": found.state,
        "reasons": found.reasons,
        "load_test": load_verdicts.verdict_json(load_verdicts.newest(version)),
        "newest": queries.run_json(runs[0]) if runs else None,
        "earlier": [queries.run_json(run, results=False) for run in runs[1:]],
    }


def gate_json(gate: ModelGate) -> dict[str, Any]:
    blocking = gate.blocking
    return {
        "aliases": gate.aliases,
        "blocking": blocking,
        "blocks": [check.name for check in table.CHECKS if is_blocking(check.name, check.severity, blocking)],
        "limits": gate.limits,
        "expectations": gate.expectations,
        "strict": gate.strict,
        "load_test": gate.load_test,
        "is_on": settings.MODEL_GATE,
    }


def _check_json(check: Check) -> dict[str, Any]:
    names = ("name", "title", "group", "about", "kinds", "needs", "severity")
    return {name: getattr(check, name) for name in names}
