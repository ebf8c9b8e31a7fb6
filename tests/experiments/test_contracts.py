"""Contracts on the server: editions, checks on arrival, marked versions, overrides, alerts, permissions."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from experiments.actions import alerts as alert_actions
from experiments.actions import contracts as actions
from experiments.actions import datasets as dataset_actions
from experiments.actions import training
from experiments.models import (
    ContractCheck,
    DataContract,
    Dataset,
    DatasetVersion,
    Problem,
    QualityAlert,
    VersionComparison,
)
from experiments.queries import contracts as queries
from experiments.queries import quality
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State

from .conftest import churn_csv

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
RECIPES = [{"estimator": "dummy"}]


def ages(most: int) -> dict[str, Any]:
    """A contract under which an age over `most` is at fault."""
    others = [{"name": name, "type": "categorical"} for name in ("plan", "churned")]
    return {
        "columns": [
            {"name": "age", "type": "numeric", "min": 0, "max": most},
            *others,
            {"name": "usage", "type": "numeric"},
        ]
    }


def add(dataset: Dataset, by: Actor, n: int, body: bytes = b"") -> DatasetVersion:
    return dataset_actions.add_version(dataset, io.BytesIO(body or churn_csv(n)), filename="c.csv", by=by)


def run_checks() -> None:
    for job in Job.objects.filter(kind="experiments.check_version", state=State.QUEUED):
        done = run_here(job)
        assert done.state == State.SUCCEEDED, done.error


@pytest.fixture
def marked(version: DatasetVersion, editor: Actor) -> DatasetVersion:
    actions.set_contract(version.dataset, ages(50), by=editor)
    run_checks()
    return version


def test_a_first_version_without_contract_starts_no_job(version: DatasetVersion) -> None:
    assert not Job.objects.filter(kind="experiments.check_version").exists()
    standing = queries.standing(version)
    assert (standing.state, standing.blocks) == ("no contract", False)


def test_a_version_is_checked_against_a_new_contract(version: DatasetVersion, editor: Actor) -> None:
    contract = actions.set_contract(version.dataset, ages(120), by=editor)
    assert contract.number == 1
    assert queries.standing(version).state == "pending"
    run_checks()
    standing = queries.standing(version)
    assert (standing.state, standing.blocks) == ("passed", False)
    assert standing.check is not None
    assert standing.check.report is not None
    assert standing.check.report["n_rows"] == 120
    assert AuditEvent.objects.filter(action="dataset.set_contract").count() == 1


def test_the_same_contract_again_is_no_new_edition(version: DatasetVersion, editor: Actor) -> None:
    first = actions.set_contract(version.dataset, ages(120), by=editor)
    assert actions.set_contract(version.dataset, ages(120), by=editor).pk == first.pk
    assert actions.set_contract(version.dataset, ages(119), by=editor).number == 2
    assert DataContract.objects.count() == 2


def test_a_wrong_contract_changes_nothing(version: DatasetVersion, editor: Actor) -> None:
    with pytest.raises(Invalid) as caught:
        actions.set_contract(version.dataset, {"columns": [{"name": "a", "type": "x"}]}, by=editor)
    assert caught.value.field == "columns.0.type"
    assert not DataContract.objects.exists()


def test_a_version_that_breaks_its_contract_is_kept_marked_and_not_trained_on(
    marked: DatasetVersion, problem: Problem, editor: Actor
) -> None:
    standing = queries.standing(marked)
    assert (standing.state, standing.blocks) == ("failed", True)
    with pytest.raises(Conflict) as caught:
        training.start_training(problem, marked, recipes=RECIPES, by=editor)
    assert "breaks its contract" in caught.value.message
    assert "values of 50 or less" in caught.value.details[0]
    (alert,) = quality.open_alerts(dataset=marked.dataset)
    assert (alert.kind, alert.version_id) == ("contract", marked.pk)
    assert AuditEvent.objects.get(action="quality.contract_alert").target_id == str(marked.pk)


def test_an_owner_may_override_with_a_reason_that_stays(
    marked: DatasetVersion, problem: Problem, owner: Actor, editor: Actor
) -> None:
    with pytest.raises(Forbidden):
        actions.override(marked, "We know about these ages.", by=editor)
    with pytest.raises(Invalid):
        actions.override(marked, "because", by=owner)
    check = actions.override(marked, "We know about these ages.", by=owner)
    assert check.overridden_by == owner.user
    assert queries.standing(marked).badge == "overridden"
    line = AuditEvent.objects.get(action="dataset.override")
    assert line.details["reason"] == "We know about these ages."
    assert line.user == owner.user
    assert not quality.open_alerts(dataset=marked.dataset).exists()
    training.start_training(problem, marked, recipes=RECIPES, by=editor)


def test_an_override_does_not_outlive_the_contract(
    marked: DatasetVersion, owner: Actor, editor: Actor
) -> None:
    actions.override(marked, "We know about these ages.", by=owner)
    actions.request_checks([marked], by=editor)
    run_checks()
    assert queries.standing(marked).is_overridden
    assert not QualityAlert.objects.filter(closed_at=None).exists()
    actions.set_contract(marked.dataset, ages(40), by=editor)
    run_checks()
    assert queries.standing(marked).blocks
    actions.set_contract(marked.dataset, ages(99), by=editor)
    run_checks()
    assert not queries.standing(marked).blocks
    assert not QualityAlert.objects.filter(closed_at=None).exists()
    with pytest.raises(Conflict):
        actions.override(marked, "There is nothing to override.", by=owner)


def test_a_version_not_yet_checked_is_not_trained_on(
    version: DatasetVersion, problem: Problem, editor: Actor
) -> None:
    actions.set_contract(version.dataset, ages(120), by=editor)
    with pytest.raises(Conflict, match="still being checked"):
        training.start_training(problem, version, recipes=RECIPES, by=editor)
    Job.objects.update(state=State.FAILED, error="It used more than 2,048 MB.")
    with pytest.raises(Conflict, match="It used more than"):
        training.start_training(problem, version, recipes=RECIPES, by=editor)
    ContractCheck.objects.all().delete()
    with pytest.raises(Conflict, match="has not been checked"):
        training.start_training(problem, version, recipes=RECIPES, by=editor)


def test_a_new_version_is_checked_and_compared_on_arrival(version: DatasetVersion, editor: Actor) -> None:
    actions.set_contract(version.dataset, ages(120), by=editor)
    second = add(version.dataset, editor, 40)
    run_checks()
    assert queries.standing(second).state == "passed"
    row = VersionComparison.objects.get(version=second)
    assert (row.earlier_id, row.state) == (version.pk, "failed")
    assert row.report is not None
    assert row.report["changes"][0]["rule"] == "rows_lost"
    (alert,) = quality.open_alerts(dataset=version.dataset)
    assert alert.kind == "comparison"
    third = add(version.dataset, editor, 41)
    run_checks()
    assert quality.comparison(third).state == "passed"  # type: ignore[union-attr]  # it is there
    assert not quality.open_alerts(dataset=version.dataset).exists()


def test_versions_are_compared_without_a_contract_too(version: DatasetVersion, editor: Actor) -> None:
    second = add(version.dataset, editor, 110)
    run_checks()
    assert queries.standing(second).state == "no contract"
    moments = quality.timeline(version.dataset)
    assert [moment.version.number for moment in moments] == [1, 2]
    assert moments[0].missing == pytest.approx(8 / 480)
    assert moments[1].drift is not None
    assert moments[1].comparison_state in ("passed", "warning")


def test_a_closed_alert_is_audited(marked: DatasetVersion, editor: Actor, viewer: Actor) -> None:
    alert = QualityAlert.objects.get()
    with pytest.raises(Forbidden):
        alert_actions.close_alert(alert, by=viewer)
    alert_actions.close_alert(alert, by=editor)
    assert AuditEvent.objects.filter(action="quality.close_alert").exists()
    assert queries.standing(marked).blocks  # closing is no override


def test_a_job_for_a_version_that_is_gone_says_so(marked: DatasetVersion, editor: Actor) -> None:
    (job,) = actions.request_checks([marked], by=editor)
    dataset_actions.delete_dataset(marked.dataset, by=editor)
    done = run_here(job)
    assert done.state == State.FAILED
    assert "gone" in done.error


def test_the_api_proposes_sets_checks_and_overrides(
    version: DatasetVersion, api: Api, bob: User, alice: User, vera: User, charlie: User
) -> None:
    address = f"/api/v1/datasets/{version.dataset_id}"
    editor, viewer = api(bob), api(vera)
    assert viewer.get(f"{address}/contract").status_code == 404
    proposal = editor.post(f"{address}/contract/infer").json()
    assert proposal["version"] == 1
    assert {column["name"]: column["type"] for column in proposal["document"]["columns"]} == {
        "age": "numeric", "plan": "categorical", "usage": "numeric", "churned": "boolean",
    }  # fmt: skip
    assert set(proposal["reasons"]) == {"age", "plan", "usage", "churned"}
    assert viewer.put(f"{address}/contract", proposal["document"], format="json").status_code == 403
    assert editor.put(f"{address}/contract", proposal["document"], format="json").json()["number"] == 1
    run_checks()
    checks = f"{address}/versions/1/checks"
    assert viewer.get(checks).json()["state"] == "passed"
    answer = editor.put(f"{address}/contract", ages(50), format="json")
    assert (answer.status_code, answer.json()["number"]) == (200, 2)
    assert viewer.get(f"{address}/contract?number=1").json()["document"] == proposal["document"]
    run_checks()
    found = viewer.get(checks).json()
    assert (found["state"], found["blocks_training"], found["contract"]) == ("failed", True, 2)
    (result,) = found["report"]["results"]
    assert (result["n_failed"], result["examples"][0]) == (38, {"row": 32, "value": 51})
    override = f"{address}/versions/1/override"
    reason = {"reason": "The survey allows every age."}
    assert editor.post(override, reason, format="json").status_code == 403
    assert api(charlie).post(override, reason, format="json").status_code == 404
    assert api(alice).post(override, {}, format="json").status_code == 400
    found = api(alice).post(override, reason, format="json").json()
    assert found["blocks_training"] is False
    assert (found["override"]["by"], found["override"]["reason"]) == ("alice", reason["reason"])
    assert editor.post(checks).status_code == 202
    timeline = viewer.get(f"{address}/quality").json()["timeline"]
    assert timeline[0]["contract"] == "overridden"


@pytest.mark.parametrize(
    ("body", "field"),
    [([], None), ({"columns": 5}, "columns"), ({"columns": [{"name": "a"}]}, "columns.0.type")],
)
def test_a_bad_contract_is_refused_by_the_api(
    version: DatasetVersion, api: Api, bob: User, body: Any, field: str | None
) -> None:
    answer = api(bob).put(f"/api/v1/datasets/{version.dataset_id}/contract", body, format="json")
    assert (answer.status_code, answer.json().get("field")) == (400, field)


def test_the_api_closes_alerts_of_its_own_dataset_only(
    marked: DatasetVersion, api: Api, bob: User, charlie: User
) -> None:
    alert = QualityAlert.objects.get()
    address = f"/api/v1/datasets/{marked.dataset_id}/alerts/{alert.pk}/close"
    assert api(charlie).post(address).status_code == 404
    assert api(bob).post(address).status_code == 204
    assert api(bob).post(address).status_code == 404
