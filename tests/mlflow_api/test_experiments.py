"""MLflow's experiments over its wire: rules of names, lifecycle, tags and search."""

import time
from collections.abc import Callable

from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]


def test_an_experiment_is_made_read_and_found_by_name(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    status, made = api.post("experiments/create", {"name": "churn", "tags": [{"key": "a", "value": "b"}]})
    assert (status, made["experiment_id"].isdigit()) == (200, True)
    status, got = api.get("experiments/get", experiment_id=made["experiment_id"])
    experiment = got["experiment"]
    assert status == 200
    assert experiment["name"] == "churn"
    assert experiment["lifecycle_stage"] == "active"
    assert experiment["tags"] == [{"key": "a", "value": "b"}]
    assert experiment["artifact_location"] == f"mlflow-artifacts:/{made['experiment_id']}"
    assert isinstance(experiment["creation_time"], int)
    assert api.get("experiments/get-by-name", experiment_name="churn")[1]["experiment"] == experiment


def test_zero_is_the_default_experiment_of_the_team(mlflow: Make, bob: User, charlie: User) -> None:
    for user in (bob, charlie):
        status, got = mlflow(user).get("experiments/get", experiment_id="0")
        assert (status, got["experiment"]["experiment_id"], got["experiment"]["name"]) == (
            200,
            "0",
            "Default",
        )


def test_a_missing_name_is_not_found_and_a_taken_one_exists_already(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    status, error = api.get("experiments/get-by-name", experiment_name="none")
    assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    made = api.post("experiments/create", {"name": "x"})[1]["experiment_id"]
    api.post("experiments/delete", {"experiment_id": made})
    status, error = api.post("experiments/create", {"name": "x"})
    assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "SELECT" not in error["message"]


def test_names_are_given_short_and_of_one_line(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for body in ({}, {"name": ""}, {"name": "x" * 501}, {"name": 5}, {"name": "a\x00b"}, {"name": "a\nb"}):
        status, error = api.post("experiments/create", body)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), body


def test_ids_that_are_no_numbers_are_invalid_and_others_missing(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    assert api.get("experiments/get", experiment_id="abc")[0] == 400
    for text in ("987654321", str(2**70), "-1"):
        assert api.get("experiments/get", experiment_id=text)[0] == 404


def test_a_second_delete_is_not_found_and_restore_brings_all_runs_back(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    made = api.post("experiments/create", {"name": "x"})[1]
    assert api.post("experiments/delete", made) == (200, {})
    assert api.post("experiments/delete", made)[0] == 404
    assert api.post("experiments/update", {**made, "new_name": "y"})[0] == 400
    assert api.post("experiments/set-experiment-tag", {**made, "key": "k", "value": "v"})[0] == 400
    assert api.post("experiments/restore", made) == (200, {})
    assert api.post("experiments/restore", made)[0] == 404
    assert api.post("experiments/update", {**made, "new_name": "y"}) == (200, {})


def test_tags_are_set_overwritten_and_deleted_and_the_note_is_the_description(
    mlflow: Make, bob: User
) -> None:
    api = mlflow(bob)
    made = api.post("experiments/create", {"name": "x"})[1]
    for key, value in (("k", "1"), ("k", "2"), ("mlflow.note.content", "why")):
        assert api.post("experiments/set-experiment-tag", {**made, "key": key, "value": value})[0] == 200
    tags = {tag["key"]: tag["value"] for tag in api.get("experiments/get", **made)[1]["experiment"]["tags"]}
    assert tags == {"k": "2", "mlflow.note.content": "why"}
    assert api.post("experiments/delete-experiment-tag", {**made, "key": "k"}) == (200, {})
    assert api.post("experiments/delete-experiment-tag", {**made, "key": "k"})[0] == 404
    long = {**made, "key": "k", "value": "x" * 20_001}
    assert api.post("experiments/set-experiment-tag", long)[0] == 400


def test_locations_on_web_servers_or_with_parameters_are_refused(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for place in (
        "http://x/y",
        "ftp://x/y",
        "s3://b/x;y=1",
        "/data/x?y=1",
        "s3://b/x#y",
        "s3://b/../x",
        "runs:/a",
    ):
        assert api.post("experiments/create", {"name": place, "artifact_location": place})[0] == 400, place
    made = api.post("experiments/create", {"name": "s", "artifact_location": "s3://bucket/x/"})[1]
    assert api.get("experiments/get", **made)[1]["experiment"]["artifact_location"] == "s3://bucket/x"


def test_search_filters_orders_and_pages(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    api.get("experiments/get", experiment_id="0")
    for name in "abcd":
        time.sleep(0.002)  # the default order is by milliseconds
        api.post(
            "experiments/create",
            {"name": name, "tags": [{"key": "group", "value": "1" if name in "ab" else "2"}]},
        )
    names = [row["name"] for row in api.post("experiments/search", {"max_results": 10})[1]["experiments"]]
    assert names == ["d", "c", "b", "a", "Default"]
    query = {"max_results": 1, "filter": "tags.group = '1' AND name != 'z'", "order_by": ["name ASC"]}
    first = api.post("experiments/search", query)[1]
    second = api.get("experiments/search", page_token=first["next_page_token"], **query)[1]
    assert [first["experiments"][0]["name"], second["experiments"][0]["name"]] == ["a", "b"]
    assert "next_page_token" not in second
    assert api.post("experiments/search", {"max_results": 5, "filter": "name = 'none'"}) == (200, {})


def test_search_refuses_wrong_limits_filters_orders_and_tokens(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    good = {"max_results": 10}
    for wrong in (
        {"max_results": 0}, {"max_results": 50_001}, {"max_results": -1}, {"max_results": "x"},
        {**good, "filter": "size > 3"}, {**good, "filter": "name ~~ 'x'"}, {**good, "order_by": ["size"]},
        {**good, "order_by": ["name", "name DESC"]}, {**good, "page_token": "abc"}, {**good, "view_type": "SOME"},
        {**good, "filter": "name = 'x" * 40_000}, {**good, "filter": "name RLIKE '('"},
    ):  # fmt: skip
        status, error = api.post("experiments/search", wrong)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), wrong


def test_deleted_experiments_are_seen_by_their_view(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    made = api.post("experiments/create", {"name": "gone"})[1]
    api.post("experiments/delete", made)
    for view, n in (("ACTIVE_ONLY", 0), ("DELETED_ONLY", 1), ("ALL", 1), (2, 1)):
        query = {"max_results": 10, "view_type": view, "filter": "name != 'Default'"}
        found = api.post("experiments/search", query)[1]
        assert len(found.get("experiments", [])) == n, view


def test_another_team_s_experiment_is_not_there(mlflow: Make, bob: User, charlie: User) -> None:
    made = mlflow(bob).post("experiments/create", {"name": "ours"})[1]
    stranger = mlflow(charlie)
    assert stranger.get("experiments/get", **made)[0] == 404
    assert stranger.post("experiments/delete", made)[0] == 404
    assert stranger.get("experiments/get-by-name", experiment_name="ours")[0] == 404
    assert stranger.post("experiments/search", {"max_results": 10, "filter": "name = 'ours'"}) == (200, {})


def test_the_name_of_the_default_experiment_is_taken_from_the_start(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    assert api.post("experiments/create", {"name": "Default"})[1]["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert [
        row["experiment_id"] for row in api.post("experiments/search", {"max_results": 5})[1]["experiments"]
    ] == ["0"]


def test_viewers_read_but_do_not_write_and_nobody_else_does_either(
    mlflow: Make, bob: User, vera: User
) -> None:
    made = mlflow(bob).post("experiments/create", {"name": "x"})[1]
    viewer = mlflow(vera)
    assert viewer.get("experiments/get", **made)[0] == 200
    assert viewer.post("experiments/create", {"name": "y"})[1]["error_code"] == "PERMISSION_DENIED"
    assert mlflow(bob, scopes=["read"]).post("experiments/create", {"name": "y"})[0] == 403
    status, error = mlflow().get("experiments/get", **made)
    assert (status, error["error_code"]) == (401, "UNAUTHENTICATED")
