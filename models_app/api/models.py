"""REST views of registered models."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access as experiments_access
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from models_app import access
from models_app.actions import models as actions
from models_app.api.schemas import ModelIn, ModelOut, ModelPatch, model_json
from models_app.api.searching import PARAMETERS, search_terms
from models_app.models import RegisteredModel
from models_app.queries.models import with_latest
from models_app.queries.search import search_models


class Models(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="models_list", parameters=PARAMETERS, responses=ModelOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's models; `search` looks in names, `problem` filters, and `filter` is MLflow's grammar."""
        if terms := search_terms(request):
            return self._searched(terms)
        rows = access.models(self.actor)
        if search := request.query_params.get("search"):
            rows = rows.filter(name__icontains=search)
        if problem := request.query_params.get("problem"):
            rows = rows.filter(problem_id=int(problem) if problem.isdigit() else 0)
        ordering = ("name", "created_at", "updated_at")
        return listing(request, with_latest(rows), ordering=ordering, to_json=model_json)

    def _searched(self, terms: dict[str, Any]) -> Response:
        found = search_models(self.actor.team.pk, **terms)
        rows = {
            row.pk: row
            for row in with_latest(access.models(self.actor).filter(pk__in=[r.id for r in found.rows]))
        }
        results = [model_json(rows[row.id]) for row in found.rows if row.id in rows]
        return Response({"results": results, "next_page_token": found.next_page_token})

    @extend_schema(operation_id="models_create", request=ModelIn, responses={201: ModelOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        given = valid(ModelIn, request)
        problem = experiments_access.problem(self.actor, given["problem"]) if given.get("problem") else None
        model = actions.create_model(
            given["name"], description=given["description"], problem=problem, by=self.actor
        )
        return Response(_json(self, model), status=201)


class Model(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="models_read", responses=ModelOut)
    def get(self, request: Request, name: str) -> Response:
        return Response(_json(self, access.model(self.actor, name)))

    @extend_schema(operation_id="models_update", request=ModelPatch, responses=ModelOut)
    def patch(self, request: Request, name: str) -> Response:
        model = access.model(self.actor, name)
        given = valid(ModelPatch, request)
        if "problem" in given:
            given["problem"] = experiments_access.problem(self.actor, given["problem"])
        new_name = given.pop("name", model.name)
        with transaction.atomic():
            if new_name != model.name:
                actions.rename_model(model, new_name, by=self.actor)
            return Response(_json(self, actions.update_model(model, **given, by=self.actor)))

    @extend_schema(operation_id="models_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Refused (409) while an endpoint serves one of its versions."""
        actions.delete_model(access.model(self.actor, name), by=self.actor)
        return Response(status=204)


def _json(view: TeamView, model: RegisteredModel) -> dict[str, Any]:
    return model_json(with_latest(access.models(view.actor)).get(pk=model.pk))
