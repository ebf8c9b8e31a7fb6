"""Admin pages that show rows and change them through actions alone: buttons, no free editing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.errors import MlregistryError
from mlregistry.look_only import LookOnly, operator


@dataclass(frozen=True)
class Button:
    """`act(row, by)` calls an action; `shown(row)` says whether the button makes sense now."""

    name: str
    title: str
    act: Callable[[Any, Actor], Any]
    shown: Callable[[Any], bool] = lambda row: True


class ThroughActions(LookOnly):
    """Read-only rows; `buttons` stand on the row's page and among the list's bulk actions."""

    buttons: Sequence[Button] = ()
    change_form_template = "admin/experiments/buttons.html"
    list_per_page = 50

    def team_of(self, row: Any) -> Team:
        team: Team = row.team
        return team

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_operate_permission(request):
            return {}
        return {
            button.name: (self._bulk(button), button.name, f"{button.title} the selected rows")
            for button in self.buttons
        }

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if object_id else None
        if row is None or not self.has_operate_permission(request):
            return super().changeform_view(request, object_id, form_url, extra_context)
        if request.method == "POST":
            return self._press(request, row)
        shown = [button for button in self.buttons if button.shown(row)]
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "buttons": shown}
        )

    def _press(self, request: HttpRequest, row: Any) -> HttpResponse:
        button = next((one for one in self.buttons if one.name == request.POST.get("_button")), None)
        if button is not None:
            self._act(request, button, row)
        return HttpResponseRedirect(request.path)

    def _bulk(self, button: Button) -> Callable[[Any, HttpRequest, QuerySet[Model]], None]:
        def run(modeladmin: Any, request: HttpRequest, rows: QuerySet[Model]) -> None:
            for row in rows:
                self._act(request, button, row)

        return run

    def _act(self, request: HttpRequest, button: Button, row: Any) -> None:
        by = operator(request, self.team_of(row))
        try:
            button.act(row, by)
        except MlregistryError as error:
            self.message_user(request, f"{row}: {error.message}", messages.ERROR)
        else:
            self.message_user(request, f"{button.title}: {row}", messages.SUCCESS)
