"""Save, change and delete views of a runs table. Called by the pages and the API.

Whoever may see the experiment may keep views of their own; what the team sees takes an editor.
"""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from experiments.models import Experiment, RunView
from experiments.queries.table_state import checked_filter, state_of
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid
from mlregistry.lib.names import clean_name

MOST_VIEWS = 200


def create_run_view(
    experiment: Experiment,
    name: str,
    state: Mapping[str, Any],
    *,
    is_shared: bool = False,
    is_default: bool = False,
    by: Actor,
) -> RunView:
    """Private, or shared with the team; the default one is shared too."""
    view = RunView(experiment=experiment, created_by=by.user)
    _require(view, by, team=is_shared or is_default)
    if RunView.objects.filter(experiment=experiment).count() >= MOST_VIEWS:
        raise Conflict(f"An experiment has at most {MOST_VIEWS} views; delete one first.")
    view.name = clean_name(name, field="name", max_length=100)
    view.state = _checked(state)
    view.is_shared = is_shared or is_default
    return _saved(view, is_default, "run_view.create", by)


def update_run_view(
    view: RunView,
    *,
    name: str | None = None,
    state: Mapping[str, Any] | None = None,
    is_shared: bool | None = None,
    is_default: bool | None = None,
    by: Actor,
) -> RunView:
    """What is given changes. A view that is no longer shared is no default any more."""
    _require(view, by, team=bool(is_shared or is_default))
    if name is not None:
        view.name = clean_name(name, field="name", max_length=100)
    if state is not None:
        view.state = _checked(state)
    if is_default and is_shared is False:
        raise Invalid("The default view is shared with the team.", field="is_shared")
    if is_shared is not None or is_default:
        view.is_shared = bool(is_shared or is_default)
    default = view.is_default if is_default is None else is_default
    return _saved(view, default and view.is_shared, "run_view.update", by)


def delete_run_view(view: RunView, *, by: Actor) -> KeptDeletion | None:
    _require(view, by)
    with transaction.atomic():
        audit.record(by, "run_view.delete", view)
        role = Role.EDITOR if view.is_shared else Role.VIEWER
        return deletions.delete(view, "run view", role=role, by=by)


def _require(view: RunView, by: Actor, *, team: bool = False) -> None:
    """One's own view is one's own matter; that of another, or what the team sees, an editor's."""
    by.require(Role.EDITOR if team or view.is_shared else Role.VIEWER)
    if view.pk and not view.is_shared and (by.user is None or view.created_by_id != by.user.pk):
        raise Forbidden("This view is somebody else's own.")


def _checked(state: Mapping[str, Any]) -> dict[str, Any]:
    """As it is stored: everything in it can be shown."""
    found = state_of(state)
    checked_filter(found.filter)
    return found.to_json()


def _saved(view: RunView, is_default: bool, action: str, by: Actor) -> RunView:
    try:
        with transaction.atomic():
            if is_default:
                others = RunView.objects.filter(~Q(pk=view.pk), experiment=view.experiment_id)
                others.filter(is_default=True).update(is_default=False)
            view.is_default = is_default
            view.save()
            audit.record(by, action, view, shared=view.is_shared, default=view.is_default)
    except IntegrityError as error:
        raise AlreadyExists(
            f"There is a view named “{view.name}” already; choose another name, or update that one.",
            field="name",
        ) from error
    return view
