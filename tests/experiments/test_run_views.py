"""Saved views of a runs table: whose they are, what the team sees, the default, and their doors."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments import access
from experiments.actions import run_views
from experiments.actions.run_views import create_run_view, delete_run_view, update_run_view
from experiments.models import Experiment, RunView
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound

Web = Callable[[User], Client]
Api = Callable[..., APIClient]
STATE = {"columns": ["metrics.auc", "min(metrics.loss)"], "filter": "status = 'FINISHED'"}


def test_a_view_is_ones_own_until_it_is_shared(
    experiment: Experiment, editor: Actor, viewer: Actor, owner: Actor
) -> None:
    view = create_run_view(experiment, " mine ", STATE, by=viewer)
    assert (view.name, view.state["columns"], view.state["since"]) == ("mine", STATE["columns"], "")
    with pytest.raises(NotFound):
        access.run_view(editor, view.pk)
    with pytest.raises(Forbidden, match="somebody else"):
        update_run_view(view, name="stolen", by=owner)
    with pytest.raises(Forbidden):
        update_run_view(view, is_shared=True, by=viewer)
    shared = create_run_view(experiment, "ours", STATE, is_shared=True, by=editor)
    assert access.run_view(viewer, shared.pk) == shared
    with pytest.raises(Forbidden):
        delete_run_view(shared, by=viewer)
    delete_run_view(view, by=viewer)
    assert AuditEvent.objects.filter(action="run_view.delete").count() == 1


def test_an_experiment_has_one_default_view_that_all_see(experiment: Experiment, editor: Actor) -> None:
    first = create_run_view(experiment, "a", STATE, is_default=True, by=editor)
    second = create_run_view(experiment, "b", STATE, by=editor)
    assert first.is_shared
    update_run_view(second, is_default=True, by=editor)
    assert set(RunView.objects.filter(is_default=True)) == {second}
    unshared = update_run_view(second, is_shared=False, by=editor)
    assert (unshared.is_shared, unshared.is_default) == (False, False)
    with pytest.raises(Invalid):
        update_run_view(second, is_default=True, is_shared=False, by=editor)


def test_wrong_views_are_refused(
    experiment: Experiment, editor: Actor, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, state, field in (
        ("", STATE, "name"), ("a", {"columns": ["x.y"]}, "columns"), ("a", {"filter": "metrics.a >"}, "filter"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            create_run_view(experiment, name, state, by=editor)
        assert refused.value.field == field
    create_run_view(experiment, "a", STATE, by=editor)
    create_run_view(experiment, "a", STATE, by=owner)
    with pytest.raises(AlreadyExists):
        create_run_view(experiment, "a", STATE, by=editor)
    create_run_view(experiment, "a", STATE, is_shared=True, by=editor)
    with pytest.raises(AlreadyExists):
        create_run_view(experiment, "a", STATE, is_shared=True, by=owner)
    monkeypatch.setattr(run_views, "MOST_VIEWS", 3)
    with pytest.raises(Conflict, match="at most 3"):
        create_run_view(experiment, "d", STATE, by=editor)


def test_the_page_opens_with_the_default_view_and_saves_others(
    web: Web, bob: User, vera: User, experiment: Experiment, editor: Actor
) -> None:
    client, address = web(bob), f"/experiments/{experiment.pk}/runs"
    create_run_view(experiment, "first of all", STATE, is_default=True, by=editor)
    text = client.get(address).content.decode()
    assert "View: first of all" in text
    assert "min(metrics.loss)" in text
    assert "View: none" in client.get(f"{address}?plain=1").content.decode()
    saved = client.post(
        f"{address}/views",
        {"name": "by depth", "columns": ["metrics.auc", "params.depth"], "widths": "0,90,0"},
    )
    view = RunView.objects.get(name="by depth")
    assert saved["Location"] == f"{address}?view={view.pk}"
    assert view.state["widths"] == [0, 90, 0]
    changed = f"{address}?view={view.pk}&columns=metrics.f1"
    assert "(changed)" in client.get(changed).content.decode()
    one = f"/run-views/{view.pk}"
    client.post(one, {"act": "keep", "columns": ["metrics.f1"]})
    client.post(one, {"act": "rename", "name": "by f1"})
    client.post(one, {"act": "default"})
    view.refresh_from_db()
    assert (view.name, view.state["columns"], view.is_default) == ("by f1", ["metrics.f1"], True)
    client.post(one, {"act": "ordinary"})
    client.post(one, {"act": "unshare"})
    assert web(vera).get(f"{address}?view={view.pk}").status_code == 200
    assert "by f1" not in web(vera).get(f"{address}?view={view.pk}").content.decode()
    client.post(f"{one}/delete")
    assert not RunView.objects.filter(pk=view.pk).exists()


def test_a_view_that_can_no_longer_be_read_locks_nobody_out(
    web: Web, bob: User, experiment: Experiment
) -> None:
    view = RunView.objects.create(
        experiment=experiment, name="old", state={"columns": ["gone.away"]}, is_shared=True
    )
    assert web(bob).get(f"/experiments/{experiment.pk}/runs?view={view.pk}").status_code == 200


def test_the_api_makes_changes_and_deletes_views(
    api: Api, bob: User, vera: User, charlie: User, experiment: Experiment
) -> None:
    client, address = api(bob), f"/api/v1/experiments/{experiment.pk}/run-views/"
    body: dict[str, Any] = {"name": "best", "state": STATE, "is_shared": True}
    made = client.post(address, body, format="json")
    assert (made.status_code, made.json()["created_by"], made.json()["is_default"]) == (201, "bob", False)
    one = f"/api/v1/run-views/{made.json()['id']}"
    assert client.post(address, body, format="json").status_code == 409
    assert api(vera).post(address, {**body, "name": "v"}, format="json").status_code == 403
    assert api(vera).post(address, {"name": "v", "state": {}}, format="json").status_code == 201
    assert api(vera).patch(one, {"name": "w"}, format="json").status_code == 403
    assert api(vera).get(one).json()["state"]["columns"] == STATE["columns"]
    assert [row["name"] for row in client.get(address).json()["results"]] == ["best"]
    assert api(charlie).get(one).status_code == 404
    changed = client.patch(
        one, {"is_default": True, "state": {"columns": ["metrics.f1"]}}, format="json"
    ).json()
    assert (changed["is_default"], changed["state"]["columns"]) == (True, ["metrics.f1"])
    wrong = client.patch(one, {"state": {"columns": ["metrics.a"] * 61}}, format="json")
    assert wrong.status_code == 400
    assert client.delete(one).status_code == 204
