"""The pages of contracts, quality and schedules as a person walks them."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from experiments.actions import contracts as actions
from experiments.actions import datasets as dataset_actions
from experiments.actions import problems as problem_actions
from experiments.models import DataContract, DatasetVersion, QualityAlert, TrainingSchedule
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State

Web = Callable[[User], Client]


def csv(n: int, color: str = "red") -> bytes:
    lines = [f"k{i:03d},{20 + i % 40},{(color, 'blue')[i % 2]},{('yes', 'no')[i % 3 == 0]}" for i in range(n)]
    return ("key,age,color,bought\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def version(by: Actor) -> DatasetVersion:
    problem = problem_actions.create_problem(
        "Buyers", kind="classification", target="bought", granularity=["key"], by=by
    )
    dataset = dataset_actions.create_dataset("Customers", problem=problem, by=by)
    return dataset_actions.add_version(dataset, io.BytesIO(csv(90)), filename="c.csv", by=by)


def run_checks() -> None:
    for job in Job.objects.filter(kind="experiments.check_version", state=State.QUEUED):
        assert run_here(job).state == State.SUCCEEDED


def fields(**changes: Any) -> dict[str, Any]:
    """The form of the table above, as a browser sends it."""
    form: dict[str, Any] = {"column": ["key", "age", "color", "bought"], "extra_columns": "warn"}
    types = ("identifier", "numeric", "categorical", "boolean")
    stored = ("string", "integer", "string", "string")
    for place, (type, kind) in enumerate(zip(types, stored, strict=True)):
        form |= {f"c{place}-type": type, f"c{place}-stored": kind, f"c{place}-required": "on"}
    form |= {"numeric_method": "ks", "categorical_method": "js", "do": "save"}
    return form | changes


def page(client: Client, address: str, **form: Any) -> str:
    answer = client.post(address, form) if form else client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def test_a_contract_is_suggested_edited_saved_and_shown_with_its_failing_rows(
    web: Web, bob: User, alice: User, vera: User, version: DatasetVersion
) -> None:
    address = f"/datasets/{version.dataset_id}/contract"
    client = web(bob)
    assert "Suggest a contract" in page(client, address)
    text = page(client, address, do="suggest")
    assert "Nothing is saved yet" in text
    assert "[a-z][0-9]{3}" in text
    assert "Suggested as identifier" in text
    assert not DataContract.objects.exists()

    form = fields(**{"c1-max": "50", "c1-unit": "years", "c1-description": "At <b>first</b> order.",
                     "c2-categories": "red\r\nblue", "c0-unique": "on", "t-rows_lost-fail": "0,3",
                     "c0-min": "5"})  # fmt: skip
    assert client.post(address, form).status_code == 302
    document = DataContract.objects.get().document
    rules = {column["name"]: column for column in document["columns"]}
    assert (rules["age"]["max"], rules["age"]["unit"]) == (50, "years")
    assert rules["color"]["categories"] == ["red", "blue"]
    assert "min" not in rules["key"]  # not for its type
    assert document["comparison"]["thresholds"]["rows_lost"] == {"warn": None, "fail": 0.3}
    text = page(client, address)
    assert "At &lt;b&gt;first" in text
    assert "up to 50" in text

    own = f"/datasets/{version.dataset_id}/versions/1/"
    assert 'hx-trigger="every 2s"' in page(client, own)
    run_checks()
    text = page(client, own)
    assert "and is marked" in text
    assert "row 32" in text
    assert "Train on this" not in text
    assert "Override the contract" not in text
    assert "Override the contract" in page(web(alice), own)
    assert client.post(own + "override", {"reason": "A good reason."}).status_code == 403
    assert web(alice).post(own + "override", {"reason": "A good reason."}).status_code == 302
    text = page(web(vera), own)
    assert "A good reason." in text
    assert "disabled" in page(web(vera), address)


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"c1-min": "many"}, "c1-min", "not a number"),
        ({"c1-min": "5", "c1-max": "4"}, "c1-max", "min is above max"),
        ({"c0-type": "", "c2-pattern": "(("}, "c2-pattern", "no regular expression"),
        ({"c0-min_length": "1.5"}, "c0-min_length", "not a whole number"),
        ({"min_rows": "x"}, "min_rows", "not a number"),
        ({"max_age_hours": "5"}, "time_column", "needs a time_column"),
    ],
)
def test_a_mistake_keeps_what_was_sent_and_marks_the_field(
    web: Web, bob: User, version: DatasetVersion, change: dict[str, str], name: str, words: str
) -> None:
    answer = web(bob).post(
        f"/datasets/{version.dataset_id}/contract", fields(**change, **{"c1-unit": "years"})
    )
    text = answer.content.decode()
    assert answer.status_code == 400
    assert words in text
    assert 'value="years"' in text
    marked = text.split('class="field wrong"')[1]
    assert f'name="{name}"' in marked.split("</div>")[0]
    assert not DataContract.objects.exists()


def test_one_column_takes_its_suggested_values_and_the_others_stay(
    web: Web, bob: User, version: DatasetVersion
) -> None:
    form = fields(**{"c1-max": "44", "c1-unit": "years", "c2-categories": "green", "do": "suggest-1"})
    text = page(web(bob), f"/datasets/{version.dataset_id}/contract", **form)
    assert "Suggested as numeric" in text
    assert 'value="44"' not in text
    assert 'value="years"' in text
    assert "green" in text
    assert not DataContract.objects.exists()


def test_columns_beyond_the_form_keep_their_rules(
    web: Web, bob: User, version: DatasetVersion, by: Actor
) -> None:
    document = {"columns": [{"name": "elsewhere", "type": "numeric", "required": False, "min": 3}]}
    actions.set_contract(version.dataset, document, by=by)
    assert web(bob).post(f"/datasets/{version.dataset_id}/contract", fields()).status_code == 302
    names = [column["name"] for column in DataContract.objects.latest("number").document["columns"]]
    assert names == ["key", "age", "color", "bought", "elsewhere"]


def test_quality_over_time_is_shown_on_dataset_problem_and_home(
    web: Web, bob: User, vera: User, version: DatasetVersion, by: Actor
) -> None:
    client, address = web(bob), f"/datasets/{version.dataset_id}/"
    assert "chart-rows" not in page(client, address)
    dataset_actions.add_version(version.dataset, io.BytesIO(csv(30, "violet")), filename="d.csv", by=by)
    run_checks()
    text = page(client, address)
    for shown in (
        "chart-rows",
        "chart-missing",
        "chart-drift",
        "1 data quality alert",
        "90 rows before, 30 now",
    ):
        assert shown in text, shown
    for other in ("/", f"/problems/{version.dataset.problem_id}/"):
        assert "90 rows before, 30 now" in page(web(vera), other)
    moved = client.get(f"{address}versions/2/changes")
    assert moved.headers["Location"] == f"{address}compare?from=1&to=2"
    text = page(client, moved.headers["Location"])
    for shown in ("violet", "Kolmogorov–Smirnov", "Jensen–Shannon", "90 rows before, 30 now"):
        assert shown in text, shown
    assert client.get(f"{address}versions/1/changes").status_code == 404
    alert = QualityAlert.objects.get()
    assert web(vera).post(f"{address}alerts/{alert.pk}/close").status_code == 403
    assert client.post(f"{address}alerts/{alert.pk}/close").status_code == 302
    assert "data quality alert" not in page(client, "/")


def test_the_fit_says_what_to_do(web: Web, bob: User, version: DatasetVersion, by: Actor) -> None:
    doubled = csv(60) + b"k001,5,red,no\n"
    dataset_actions.add_version(version.dataset, io.BytesIO(doubled), filename="d.csv", by=by)
    text = page(web(bob), f"/datasets/{version.dataset_id}/versions/2/")
    assert "One row per key is expected, but 2 rows share 1 keys (key=k001: 2 rows)." in text
    assert "Remove the doubles" in text


def test_a_schedule_is_made_paused_and_deleted_on_the_problem_page(
    web: Web, bob: User, vera: User, version: DatasetVersion
) -> None:
    client, address = web(bob), f"/problems/{version.dataset.problem_id}/"
    form: dict[str, Any] = {
        "dataset": version.dataset_id,
        "rhythm": "0 6 * * 1",
        "estimator": ["decision_tree"],
    }
    assert web(vera).post(address + "schedules", form).status_code == 403
    assert client.post(address + "schedules", {**form, "estimator": []}).status_code == 302
    assert not TrainingSchedule.objects.exists()
    client.post(address + "schedules", {**form, "cron": "nonsense"})
    assert "five fields" in page(client, address)
    client.post(address + "schedules", form)
    schedule = TrainingSchedule.objects.get()
    assert "0 6 * * 1" in page(client, address)
    own = f"/training-schedules/{schedule.pk}"
    assert web(vera).post(own, {"do": "delete"}).status_code == 403
    client.post(own, {"do": "pause"})
    assert "paused" in page(client, address)
    client.post(own, {"do": "dance"})
    client.post(own, {"do": "delete"})
    assert not TrainingSchedule.objects.exists()


def test_a_problem_s_granularity_and_time_column_are_edited_in_its_form(
    web: Web, bob: User, version: DatasetVersion
) -> None:
    client, problem = web(bob), version.dataset.problem
    assert problem is not None
    form = {"name": "Buyers", "kind": "classification", "target": "bought", "primary_metric": "roc_auc",
            "granularity": "key\r\nday", "time_column": "day"}  # fmt: skip
    assert client.post(f"/problems/{problem.pk}/edit", form).status_code == 302
    problem.refresh_from_db()
    assert (problem.granularity, problem.time_column) == (["key", "day"], "day")
    text = page(client, f"/problems/{problem.pk}/")
    assert "One row per" in text
    assert "key\nday" in page(client, f"/problems/{problem.pk}/edit")
