"""REST: comments on a thing, and every change of one."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.discussions import access
from mlregistry.discussions.actions import comments as actions
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import thing
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent

KIND = "problem, dataset, experiment, run, model, version, endpoint or writeup."
HANDLE = "Its id; the name of a model or endpoint; name/number of a version."
PARAMETERS = [
    OpenApiParameter("kind", str, required=True, description=KIND),
    OpenApiParameter("thing", str, required=True, description=HANDLE),
]


class CommentIn(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=20, help_text=KIND)
    thing = serializers.CharField(max_length=300, help_text=HANDLE)
    text = serializers.CharField(
        max_length=20_000, trim_whitespace=False, help_text="Markdown; @name mentions a member."
    )
    parent = serializers.IntegerField(  # type: ignore[assignment]  # taken out of the class before it is one
        required=False, allow_null=True, help_text="The comment that it answers."
    )


class CommentChange(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=20_000, trim_whitespace=False)


class CommentOut(serializers.ModelSerializer[Comment]):
    author = serializers.CharField(source="author.username", default=None, allow_null=True)
    resolved_by = serializers.CharField(source="resolved_by.username", default=None, allow_null=True)
    is_deleted = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text="Empty once it was deleted.")

    class Meta:
        model = Comment
        fields = [
            "id", "kind", "key", "parent", "text", "author", "created_at", "edited_at", "resolved_at",
            "resolved_by", "is_deleted",
        ]  # fmt: skip

    def get_is_deleted(self, row: Comment) -> bool:
        return row.deleted_at is not None

    def get_text(self, row: Comment) -> str:
        return "" if row.deleted_at is not None else row.text


def named(request: Request, name: str) -> str:
    """A parameter of the query that must be there."""
    value = request.query_params.get(name, "")
    if not value:
        raise Invalid(f"Say which: the parameter {name} is missing.", field=name)
    return value


class Comments(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.VIEWER}

    @extend_schema(operation_id="comments_list", parameters=PARAMETERS, responses=CommentOut(many=True))
    def get(self, request: Request) -> Response:
        """Those on one thing, replies among them, the oldest first; `parent` is the first of a reply's thread."""
        about = thing(self.actor, named(request, "kind"), named(request, "thing"))
        return listing(
            request,
            access.of_thing(about, self.actor),
            ordering=("created_at", "-created_at"),
            to_json=CommentOut().to_representation,
        )

    @extend_schema(operation_id="comments_create", request=CommentIn, responses={201: CommentOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """A comment or a reply. At most 30 in five minutes and 500 a day; 100 mentions an hour."""
        wanted = valid(CommentIn, request)
        about = thing(self.actor, wanted["kind"], wanted["thing"])
        to = access.comment(self.actor, wanted["parent"]) if wanted.get("parent") is not None else None
        made = actions.write_comment(about, wanted["text"], parent=to, by=self.actor)
        return Response(CommentOut(made).data, status=201)


class OneComment(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.VIEWER, "delete": Role.VIEWER}

    @extend_schema(operation_id="comments_get", responses=CommentOut)
    def get(self, request: Request, comment_id: int) -> Response:
        return Response(CommentOut(access.comment(self.actor, comment_id)).data)

    @extend_schema(operation_id="comments_update", request=CommentChange, responses=CommentOut)
    def patch(self, request: Request, comment_id: int) -> Response:
        """By its author. Whom the new text mentions for the first time is told."""
        found = access.comment(self.actor, comment_id)
        text = valid(CommentChange, request)["text"]
        return Response(CommentOut(actions.edit_comment(found, text, by=self.actor)).data)

    @extend_schema(operation_id="comments_delete", responses={204: None})
    def delete(self, request: Request, comment_id: int) -> Response:
        """By its author or an owner; `restore` brings it back within a day."""
        actions.delete_comment(access.comment(self.actor, comment_id), by=self.actor)
        return Response(status=204)


class Restore(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="comments_restore", request=None, responses=CommentOut)
    def post(self, request: Request, comment_id: int) -> Response:
        """By whoever deleted it, or an owner, within a day."""
        found = access.comment(self.actor, comment_id)
        return Response(CommentOut(actions.restore_comment(found, by=self.actor)).data)


class Resolve(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="comments_resolve", request=None, responses=CommentOut)
    def post(self, request: Request, comment_id: int) -> Response:
        """The whole thread, by who began it or an editor; answers with its first comment."""
        found = access.comment(self.actor, comment_id)
        return Response(CommentOut(actions.resolve_thread(found, by=self.actor)).data)


class Reopen(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="comments_reopen", request=None, responses=CommentOut)
    def post(self, request: Request, comment_id: int) -> Response:
        found = access.comment(self.actor, comment_id)
        return Response(CommentOut(actions.resolve_thread(found, is_resolved=False, by=self.actor)).data)
