"""The admin of rows that only actions make, change and delete; every app's admin builds on it."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team, User
from mlregistry.admin_lists import PatientlyCounted, patience
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ui.page import error_page


def operator(request: HttpRequest, team: Team) -> Actor:
    """The staff member, with an owner's role in a team that need not be theirs."""
    user = request.user if isinstance(request.user, User) else None
    return Actor(user=user, team=team, role=Role.OWNER, via="admin")


class LookOnly(admin.ModelAdmin[Any]):
    """To look and to search; buttons ask for `permissions=["operate"]` and call actions through `act_on`.

    Lists are quick on tables of millions of rows: they count to ten thousand, and a search that takes too long is
    ended with a sentence. The bulk actions of a list stand on the page of each row as buttons.
    """

    paginator = PatientlyCounted
    show_full_result_count = False
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter
    change_form_template: ClassVar[Any] = "admin/look_only.html"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Django's permission to change the model, which pages to look at do not otherwise ask for."""
        return super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"title": str(self.opts.verbose_name_plural).capitalize(), **(extra_context or {})}
        if request.method != "GET":  # actions take the time and the transactions that they need
            return super().changelist_view(request, context)
        try:
            with patience():
                answer = super().changelist_view(request, context)
                return answer.render() if isinstance(answer, TemplateResponse) else answer
        except Invalid as error:
            if "q" not in request.GET:
                return error_page(request, error)
            self.message_user(request, error.message, messages.WARNING)
            return HttpResponseRedirect(request.path)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> HttpResponse:
        actions: dict[str, Any] = self.get_actions(request)
        context["row_actions"] = [
            (name, title) for _, name, title in actions.values() if name in self._declared()
        ]
        return super().render_change_form(request, context, *args, **options)

    def _declared(self) -> set[str]:
        """The names of this page's own bulk actions."""
        declared: Any = self.actions
        return {str(getattr(action, "__name__", action)) for action in declared or ()}

    def act_on(self, request: HttpRequest, row: Any, team: Team, action: Any) -> None:
        """Runs an action as the person who is signed in, and says what came of it."""
        name = str(row)
        try:
            action(row, by=operator(request, team))
        except MlregistryError as error:
            self.message_user(request, f"{name}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{name}: done.")


class LookOnlyInline(admin.TabularInline[Any, Any]):
    """Rows under the row they belong to, to look at; `fields` names what is shown."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
