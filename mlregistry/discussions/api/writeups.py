"""REST: write-ups, their versions and what changed between them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.discussions import access
from mlregistry.discussions.actions import writeups as actions
from mlregistry.discussions.models import WriteUp, WriteUpVersion
from mlregistry.discussions.queries.writeups import diff
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent


class WriteUpIn(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=actions.LONGEST_TEXT, allow_blank=True, trim_whitespace=False)


class WriteUpChange(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200, required=False)
    text = serializers.CharField(
        max_length=actions.LONGEST_TEXT, allow_blank=True, trim_whitespace=False, required=False
    )
    base = serializers.IntegerField(
        required=False, help_text="The version it was written on: 409 when it is not the newest."
    )


class WriteUpOut(serializers.ModelSerializer[WriteUp]):
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)

    class Meta:
        model = WriteUp
        fields = ["id", "title", "last_number", "created_by", "created_at", "updated_at"]


class WriteUpVersionOut(serializers.ModelSerializer[WriteUpVersion]):
    author = serializers.CharField(source="author.username", default=None, allow_null=True)

    class Meta:
        model = WriteUpVersion
        fields = ["number", "title", "author", "at", "restored_from"]


class WholeWriteUpVersionOut(WriteUpVersionOut):
    class Meta(WriteUpVersionOut.Meta):
        fields = [*WriteUpVersionOut.Meta.fields, "text"]


class WholeWriteUpOut(WriteUpOut):
    text = serializers.CharField()

    class Meta(WriteUpOut.Meta):
        fields = [*WriteUpOut.Meta.fields, "text"]


class WriteUpDiffLineOut(serializers.Serializer[Any]):
    sign = serializers.CharField(help_text="+, -, a blank, or … for lines left out.")
    text = serializers.CharField(allow_blank=True)
    older = serializers.IntegerField(allow_null=True)
    newer = serializers.IntegerField(allow_null=True)


class WriteUpDiffOut(serializers.Serializer[Any]):
    lines = WriteUpDiffLineOut(many=True)


class WriteUps(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="writeups_list", responses=WriteUpOut(many=True))
    def get(self, request: Request) -> Response:
        return listing(
            request,
            access.writeups(self.actor),
            ordering=("-updated_at", "updated_at", "title", "-title"),
            to_json=WriteUpOut().to_representation,
        )

    @extend_schema(operation_id="writeups_create", request=WriteUpIn, responses={201: WholeWriteUpOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        made = actions.create_writeup(**valid(WriteUpIn, request), by=self.actor)
        return Response(whole(made, access.version(made, made.last_number, self.actor)), status=201)


class OneWriteUp(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="writeups_get", responses=WholeWriteUpOut)
    def get(self, request: Request, writeup_id: int) -> Response:
        """With the text of its newest version."""
        row = access.writeup(self.actor, writeup_id)
        return Response(whole(row, access.version(row, row.last_number, self.actor)))

    @extend_schema(operation_id="writeups_save", request=WriteUpChange, responses=WholeWriteUpOut)
    def patch(self, request: Request, writeup_id: int) -> Response:
        """A new version; what is not sent stays."""
        row, sent = access.writeup(self.actor, writeup_id), valid(WriteUpChange, request)
        last = access.version(row, row.last_number, self.actor)
        title, text = sent.get("title", last.title), sent.get("text", last.text)
        made = actions.save_writeup(row, title, text, base=sent.get("base"), by=self.actor)
        return Response(whole(access.writeup(self.actor, writeup_id), made))

    @extend_schema(operation_id="writeups_delete", responses={204: None})
    def delete(self, request: Request, writeup_id: int) -> Response:
        """`restore` brings it back within thirty days."""
        actions.delete_writeup(access.writeup(self.actor, writeup_id), by=self.actor)
        return Response(status=204)


class Restore(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="writeups_restore", request=None, responses=WriteUpOut)
    def post(self, request: Request, writeup_id: int) -> Response:
        row = access.writeup(self.actor, writeup_id, deleted=True)
        return Response(WriteUpOut(actions.restore_writeup(row, by=self.actor)).data)


class Versions(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="writeup_versions_list", responses=WriteUpVersionOut(many=True))
    def get(self, request: Request, writeup_id: int) -> Response:
        row = access.writeup(self.actor, writeup_id)
        return listing(
            request,
            access.versions(row, self.actor).defer("text"),
            ordering=("-number", "number"),
            to_json=WriteUpVersionOut().to_representation,
        )


class OneVersion(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="writeup_versions_get", responses=WholeWriteUpVersionOut)
    def get(self, request: Request, writeup_id: int, number: int) -> Response:
        row = access.writeup(self.actor, writeup_id)
        return Response(WholeWriteUpVersionOut(access.version(row, number, self.actor)).data)


class RestoreVersion(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="writeup_versions_restore", request=None, responses=WholeWriteUpVersionOut)
    def post(self, request: Request, writeup_id: int, number: int) -> Response:
        """What that version said becomes the newest."""
        row = access.writeup(self.actor, writeup_id)
        made = actions.restore_version(access.version(row, number, self.actor), by=self.actor)
        return Response(WholeWriteUpVersionOut(made).data)


class Diff(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="writeup_versions_diff",
        parameters=[
            OpenApiParameter("from", int, description="An older version; the one before when left out.")
        ],
        responses=WriteUpDiffOut,
    )
    def get(self, request: Request, writeup_id: int, number: int) -> Response:
        """What changed line by line."""
        row = access.writeup(self.actor, writeup_id)
        text = request.query_params.get("from", str(max(1, number - 1)))
        if not (text.isascii() and text.isdigit()):
            raise Invalid("from is the number of a version.", field="from")
        pair = access.version(row, int(text[:12]), self.actor), access.version(row, number, self.actor)
        return Response(WriteUpDiffOut({"lines": diff(*pair)}).data)


def whole(row: WriteUp, version: WriteUpVersion) -> dict[str, Any]:
    return {**WriteUpOut(row).data, "text": version.text}
