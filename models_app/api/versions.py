"""REST views of model versions, their lineage and aliases."""

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
from models_app.actions import aliases, versions
from models_app.actions.stages import transition_stage
from models_app.api.schemas import AliasIn, VersionIn, VersionOut, VersionPatch, version_json
from models_app.api.searching import PARAMETERS, search_terms
from models_app.models import ModelVersion, RegisteredModel
from models_app.queries.lineage import lineage
from models_app.queries.models import with_details
from models_app.queries.search import search_versions


class Versions(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="model_versions_list", parameters=PARAMETERS, responses=VersionOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The model's versions; with `filter`, `order_by` or `page_token` a search of them."""
        model = access.model(self.actor, name)
        if terms := search_terms(request):
            return self._searched(model, terms)
        rows = with_details(access.versions(self.actor).filter(model=model))
        return listing(request, rows, ordering=("-number", "created_at"), to_json=version_json)

    def _searched(self, model: RegisteredModel, terms: dict[str, Any]) -> Response:
        found = search_versions(self.actor.team.pk, model_id=model.pk, **terms)
        mine = access.versions(self.actor).filter(pk__in=[row.id for row in found.rows])
        rows = {row.pk: row for row in with_details(mine)}
        results = [version_json(rows[row.id]) for row in found.rows if row.id in rows]
        return Response({"results": results, "next_page_token": found.next_page_token})

    @extend_schema(operation_id="model_versions_register", request=VersionIn, responses={201: VersionOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Registers the model of a run; a model of this name is created when there is none.

        An alias that is guarded and would move waits for the version's tests, and moves when they pass.
        """
        given = valid(VersionIn, request)
        run = experiments_access.run(self.actor, given["run"])
        with transaction.atomic():
            version = versions.register(run, name, description=given["description"], by=self.actor)
            if given.get("alias"):
                aliases.set_or_await(version.model, given["alias"], version, by=self.actor)
        return Response(_json(self, version), status=201)


class Version(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="model_versions_read", responses=VersionOut)
    def get(self, request: Request, name: str, number: int) -> Response:
        return Response(_json(self, access.version(self.actor, name, number)))

    @extend_schema(operation_id="model_versions_update", request=VersionPatch, responses=VersionOut)
    def patch(self, request: Request, name: str, number: int) -> Response:
        version, given = access.version(self.actor, name, number), valid(VersionPatch, request)
        stage = given.pop("stage", None)
        with transaction.atomic():
            if stage is not None:
                transition_stage(version, stage, by=self.actor)
            if given or stage is None:
                versions.update_version(version, **given, by=self.actor)
        return Response(_json(self, version))

    @extend_schema(operation_id="model_versions_delete", responses={204: None})
    def delete(self, request: Request, name: str, number: int) -> Response:
        """Refused (409) while an endpoint serves it."""
        versions.delete_version(access.version(self.actor, name, number), by=self.actor)
        return Response(status=204)


class Lineage(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="model_versions_lineage", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """Run, recipe, dataset version and problem that this version was made of."""
        return Response(lineage(access.version(self.actor, name, number)))


class Alias(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="model_aliases_read", responses=VersionOut)
    def get(self, request: Request, name: str, alias: str) -> Response:
        """The version that the alias points at."""
        return Response(_json(self, access.version_by_alias(self.actor, name, alias)))

    @extend_schema(operation_id="model_aliases_set", request=AliasIn, responses=VersionOut)
    def put(self, request: Request, name: str, alias: str) -> Response:
        """A guarded alias moves only to a version whose tests passed (409); an owner may say why all the same."""
        given = valid(AliasIn, request)
        version = access.version(self.actor, name, given["version"])
        aliases.set_alias(version.model, alias, version, why=given["why"], by=self.actor)
        return Response(_json(self, version))

    @extend_schema(operation_id="model_aliases_delete", responses={204: None})
    def delete(self, request: Request, name: str, alias: str) -> Response:
        aliases.delete_alias(access.model(self.actor, name), alias, by=self.actor)
        return Response(status=204)


def _json(view: TeamView, version: ModelVersion) -> dict[str, Any]:
    return version_json(with_details(access.versions(view.actor)).get(pk=version.pk))
