"""REST views of a version's model card: the document, what people write on it, and Markdown."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, valid
from mlregistry.rest_uploads import downloaded
from models_app import access
from models_app.actions.cards import LONGEST, write_card
from models_app.card_markdown import markdown
from models_app.queries.cards import card


class CardIn(serializers.Serializer[Any]):
    intended_use = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST, help_text="Markdown"
    )
    limits = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST, help_text="Markdown")


class Card(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR}

    @extend_schema(operation_id="model_versions_card", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """Data, metrics with intervals, signature, environment, lineage, formats, speed, and who did what."""
        return Response(card(access.version(self.actor, name, number)))

    @extend_schema(operation_id="model_versions_write_card", request=CardIn, responses=dict)
    def patch(self, request: Request, name: str, number: int) -> Response:
        """Intended use and limits, in Markdown."""
        version = access.version(self.actor, name, number)
        write_card(version, **valid(CardIn, request), by=self.actor)
        return Response(card(version))


class CardMarkdown(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="model_versions_card_markdown", responses={(200, "text/markdown"): OpenApiTypes.STR}
    )
    def get(self, request: Request, name: str, number: int) -> HttpResponse:
        """The card as Markdown, to take away."""
        version = access.version(self.actor, name, number)
        return downloaded(markdown(card(version)), f"card-v{number}.md", "text/markdown")
