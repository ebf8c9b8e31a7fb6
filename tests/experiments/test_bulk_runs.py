"""Many runs at once: deleted and brought back, tagged, moved; through the page, the API and the actions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import bulk_runs
from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run
from experiments.models import Experiment, Lifecycle, Run, RunTag
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound

Web = Callable[[User], Client]
Api = Callable[..., APIClient]


@pytest.fixture
def runs(experiment: Experiment, editor: Actor) -> list[Run]:
    return [create_run(experiment, name=f"run {i}", by=editor) for i in range(4)]


def active(experiment: Experiment) -> set[str]:
    return set(Run.objects.filter(experiment=experiment, lifecycle="active").values_list("name", flat=True))


def test_a_deletion_is_undone_as_a_whole_and_alone(
    experiment: Experiment, runs: list[Run], editor: Actor
) -> None:
    n_first, _ = bulk_runs.delete_runs(experiment, [runs[0].pk], by=editor)
    n_second, moment = bulk_runs.delete_runs(experiment, [run.pk for run in runs[:3]], by=editor)
    assert (n_first, n_second, active(experiment)) == (1, 2, {"run 3"})
    assert bulk_runs.restore_runs(experiment, moment, by=editor) == 2
    assert bulk_runs.restore_runs(experiment, moment, by=editor) == 0
    assert active(experiment) == {"run 1", "run 2", "run 3"}
    told = AuditEvent.objects.filter(action__in=("run.delete", "run.restore"))
    assert sorted(told.values_list("action", "target_name")) == [
        ("run.delete", "run 0"), ("run.delete", "run 1"), ("run.delete", "run 2"),
        ("run.restore", "run 1"), ("run.restore", "run 2"),
    ]  # fmt: skip


def test_tags_are_set_overwritten_and_taken_away(
    experiment: Experiment, runs: list[Run], editor: Actor
) -> None:
    ids = [run.pk for run in runs[:2]]
    RunTag.objects.create(run=runs[0], experiment=experiment, key="owner", value="old")
    before = Run.objects.get(pk=runs[1].pk).changes
    assert bulk_runs.tag_runs(experiment, ids, "owner", "risk", by=editor) == 2
    assert set(RunTag.objects.values_list("run_id", "value")) == {(pk, "risk") for pk in ids}
    assert Run.objects.get(pk=runs[1].pk).changes > before, "or what clients read of it would be stale"
    bulk_runs.tag_runs(experiment, [ids[0]], "owner", None, by=editor)
    assert list(RunTag.objects.values_list("run_id", flat=True)) == [ids[1]]
    assert AuditEvent.objects.get(action="experiment.tag_runs").details["n_runs"] == 2


def test_what_cannot_be_done_to_all_is_done_to_none(
    experiment: Experiment, runs: list[Run], editor: Actor, viewer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_run(create_experiment("other", by=editor), by=editor)
    with pytest.raises(NotFound):
        bulk_runs.delete_runs(experiment, [runs[0].pk, other.pk], by=editor)
    with pytest.raises(Invalid, match="Choose 1"):
        bulk_runs.delete_runs(experiment, [], by=editor)
    with pytest.raises(Invalid, match="meaning of its own"):
        bulk_runs.tag_runs(experiment, [runs[0].pk], "mlflow.runName", "x", by=editor)
    with pytest.raises(Forbidden):
        bulk_runs.delete_runs(experiment, [runs[0].pk], by=viewer)
    with pytest.raises(Forbidden):
        bulk_runs.tag_runs(experiment, [runs[0].pk], "a", "b", by=viewer)
    _, moment = bulk_runs.delete_runs(experiment, [runs[3].pk], by=editor)
    with pytest.raises(Forbidden):
        bulk_runs.restore_runs(experiment, moment, by=viewer)
    with pytest.raises(Conflict, match="is deleted"):
        bulk_runs.tag_runs(experiment, [runs[0].pk, runs[3].pk], "a", "b", by=editor)
    experiment.lifecycle = Lifecycle.DELETED
    with pytest.raises(Conflict):
        bulk_runs.restore_runs(experiment, moment, by=editor)
    monkeypatch.setattr(bulk_runs, "MOST_CHOSEN", 1)
    with pytest.raises(Invalid):
        bulk_runs.delete_runs(experiment, [run.pk for run in runs], by=editor)
    assert active(experiment) == {"run 0", "run 1", "run 2"}


def test_the_page_acts_and_answers_a_script_in_json(
    web: Web, bob: User, vera: User, experiment: Experiment, runs: list[Run], editor: Actor
) -> None:
    client, address = web(bob), f"/experiments/{experiment.pk}/runs"
    ids = ",".join(run.pk.hex for run in runs[:2])

    def sent(act: str, **fields: Any) -> Any:
        return client.post(f"{address}/{act}", fields, headers={"HX-Request": "true"})

    deleted = sent("delete", runs=ids).json()
    assert (deleted["n"], active(experiment)) == (2, {"run 2", "run 3"})
    assert sent("restore", undo=deleted["undo"]).json()["text"] == "2 runs restored."
    assert sent("restore", undo="yesterday").status_code == 400
    assert sent("tag", runs=ids, key="owner", value="risk").json()["text"] == "2 runs tagged “owner”."
    assert sent("tag", runs=ids, key="owner", remove="1").json()["n"] == 2
    assert "back-tick" not in sent("tag", runs=ids, key="a`b", value="").json()["error"]
    assert sent("delete", runs="").json()["error"] == "Select runs first."
    assert sent("delete", runs="x").status_code == 400
    target = create_experiment("target", by=editor)
    assert sent("move", runs=ids, to=target.pk).json()["n"] == 2
    assert sent("move", runs=runs[2].pk.hex, to=987654321).status_code == 404
    assert active(target) == {"run 0", "run 1"}
    assert web(vera).post(f"{address}/delete", {"runs": runs[3].pk.hex}).status_code == 403


def test_a_form_without_a_script_works_too(
    web: Web, bob: User, experiment: Experiment, runs: list[Run]
) -> None:
    client, address = web(bob), f"/experiments/{experiment.pk}/runs"
    two = {"run": [run.pk.hex for run in runs[:2]]}
    assert client.post(f"{address}/compare", two)["Location"].startswith("/compare?run=")
    answer = client.post(f"{address}/delete", two, headers={"Referer": f"http://testserver{address}"})
    assert answer["Location"].endswith(address)
    assert "2 runs deleted" in client.get(address).content.decode()
    client.post(f"{address}/delete", {}, headers={"Referer": f"http://testserver{address}"})
    assert "Select runs first." in client.get(address).content.decode()


def test_the_api_deletes_undoes_and_tags(
    api: Api, bob: User, vera: User, charlie: User, experiment: Experiment, runs: list[Run]
) -> None:
    client, address = api(bob), f"/api/v1/experiments/{experiment.pk}/runs"
    body = {"runs": [str(run.pk) for run in runs[:3]]}
    assert api(vera).post(f"{address}/delete", body, format="json").status_code == 403
    assert api(charlie).post(f"{address}/delete", body, format="json").status_code == 404
    deleted = client.post(f"{address}/delete", body, format="json").json()
    assert deleted["n"] == 3
    undone = client.post(f"{address}/undo-delete", {"undo": deleted["undo"]}, format="json")
    assert undone.json() == {"n": 3}
    tagged = client.post(f"{address}/tag", {**body, "key": "owner", "value": "risk"}, format="json")
    assert tagged.json() == {"n": 3}
    client.post(f"{address}/tag", {**body, "key": "owner", "value": None}, format="json")
    assert not RunTag.objects.filter(key="owner").exists()
    wrong = client.post(f"{address}/tag", {"runs": ["x"], "key": "a", "value": "b"}, format="json")
    assert (wrong.status_code, wrong.json()["status"]) == (400, 400)
