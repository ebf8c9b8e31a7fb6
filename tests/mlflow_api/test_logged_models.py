"""MLflow's logged models over its wire: rules of names, status, params, tags, metrics, deletion and search."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.models import LoggedModel
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
PLACE = "logged-models"


@pytest.fixture
def api(mlflow: Make, bob: User) -> Mlflow:
    return mlflow(bob)


@pytest.fixture
def experiment_id(api: Mlflow) -> str:
    return str(api.post("experiments/create", {"name": "x"})[1]["experiment_id"])


@pytest.fixture
def run_id(api: Mlflow, experiment_id: str) -> str:
    made = api.post("runs/create", {"experiment_id": experiment_id, "start_time": 1})[1]
    return str(made["run"]["info"]["run_id"])


def pairs(**given: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in given.items()]


def made(api: Mlflow, experiment_id: str, **body: Any) -> str:
    status, answer = api.post(PLACE, {"experiment_id": experiment_id, **body})
    assert status == 200, answer
    return str(answer["model"]["info"]["model_id"])


def measure(api: Mlflow, run_id: str, model_id: str, key: str, value: Any, **more: Any) -> tuple[int, Any]:
    body = {"run_id": run_id, "key": key, "value": value, "timestamp": 1, "model_id": model_id, **more}
    return api.post("runs/log-metric", body)


def names(api: Mlflow, experiment_id: str, **query: Any) -> list[str]:
    status, answer = api.post(f"{PLACE}/search", {"experiment_ids": [experiment_id], **query})
    assert status == 200, answer
    return [model["info"]["name"] for model in answer.get("models", [])]


def test_a_logged_model_is_made_pending_with_its_place_and_read_again(
    api: Mlflow, experiment_id: str, run_id: str
) -> None:
    body = {"experiment_id": experiment_id, "name": "net", "model_type": "agent", "source_run_id": run_id,
            "params": pairs(b="2", a="1"), "tags": pairs(t="v")}  # fmt: skip
    status, answer = api.post(PLACE, body)
    info = answer["model"]["info"]
    model_id = info["model_id"]
    assert status == 200
    assert (model_id[:2], len(model_id)) == ("m-", 34)
    assert info["creation_timestamp_ms"] == info["last_updated_timestamp_ms"]
    assert answer["model"] == {
        "info": {
            **info, "experiment_id": experiment_id, "name": "net", "model_type": "agent", "source_run_id": run_id,
            "status": "LOGGED_MODEL_PENDING", "tags": pairs(t="v"),
            "artifact_uri": f"mlflow-artifacts:/{experiment_id}/models/{model_id}/artifacts",
        },
        "data": {"params": pairs(a="1", b="2")},
    }  # fmt: skip
    assert api.get(f"{PLACE}/{model_id}") == (200, answer)


def test_an_empty_name_is_generated_and_unset_fields_are_empty_or_left_out(
    api: Mlflow, experiment_id: str
) -> None:
    model = api.post(PLACE, {"experiment_id": experiment_id})[1]["model"]
    assert model["info"]["name"]
    assert (model["info"]["model_type"], model["info"]["source_run_id"], model["data"]) == ("", "", {})
    assert not {"tags", "status_message"} & set(model["info"])


def test_names_with_illegal_characters_are_refused(api: Mlflow, experiment_id: str) -> None:
    for name in ("a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", " ", "x" * 501, "a\x00b", "a\nb", 5):
        status, error = api.post(PLACE, {"experiment_id": experiment_id, "name": name})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), name


def test_a_logged_model_needs_an_active_experiment(api: Mlflow, experiment_id: str) -> None:
    for body, status in (
        ({}, 400), ({"experiment_id": "abc"}, 400), ({"experiment_id": "987654"}, 404),
    ):  # fmt: skip
        assert api.post(PLACE, body)[0] == status, body
    api.post("experiments/delete", {"experiment_id": experiment_id})
    status, error = api.post(PLACE, {"experiment_id": experiment_id})
    assert status == 400
    assert "must be in the 'active' state" in error["message"]


def test_finalize_sets_the_status_by_word_or_number(api: Mlflow, experiment_id: str) -> None:
    place = f"{PLACE}/{made(api, experiment_id)}"
    status, answer = api.patch(place, {"model_id": "ignored", "status": "LOGGED_MODEL_READY"})
    assert (status, answer["model"]["info"]["status"]) == (200, "LOGGED_MODEL_READY")
    assert api.patch(place, {"status": 3})[1]["model"]["info"]["status"] == "LOGGED_MODEL_UPLOAD_FAILED"
    wrong: dict[str, Any]
    for wrong in (
        {},
        {"status": 9},
        {"status": 0},
        {"status": "READY"},
        {"status": "LOGGED_MODEL_"},
        {"status": []},
    ):
        assert api.patch(place, wrong)[0] == 400, wrong


def test_deletion_is_soft_repeatable_and_hides_the_model_unless_asked(
    api: Mlflow, experiment_id: str
) -> None:
    model_id = made(api, experiment_id, name="gone")
    assert api.delete(f"{PLACE}/{model_id}") == (200, {})
    assert api.delete(f"{PLACE}/{model_id}") == (200, {})
    status, error = api.get(f"{PLACE}/{model_id}")
    assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert f"Logged model with ID '{model_id}' not found." in error["message"]
    assert api.get(f"{PLACE}/{model_id}", allow_deleted="true")[1]["model"]["info"]["name"] == "gone"
    assert names(api, experiment_id) == []


def test_params_are_written_once_and_the_same_again_is_no_error(api: Mlflow, experiment_id: str) -> None:
    place = f"{PLACE}/{made(api, experiment_id, params=pairs(a='1'))}"
    assert api.post(f"{place}/params", {"params": pairs(b="2", c="")}) == (200, {})
    assert api.post(f"{place}/params", {"params": pairs(a="1", d="4")}) == (200, {})
    status, error = api.post(f"{place}/params", {"params": pairs(e="5", a="other")})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    params = api.get(place)[1]["model"]["data"]["params"]
    assert params == pairs(a="1", b="2", c="", d="4")
    for wrong in (pairs(a="1") * 2, [{"value": "x"}], [{"key": "k", "value": 5}], [5], pairs(**{"k" * 256: "v"}),
                  pairs(k="x" * 100_001), pairs(k="\x00")):  # fmt: skip
        assert api.post(f"{place}/params", {"params": wrong})[0] == 400, wrong


def test_tags_are_overwritten_by_patch_and_a_missing_one_is_not_found(
    api: Mlflow, experiment_id: str
) -> None:
    model_id = made(api, experiment_id, tags=pairs(t="v"))
    place = f"{PLACE}/{model_id}"
    assert api.patch(f"{place}/tags", {"tags": [*pairs(t="w", u="1", **{"a/b": "x"}), *pairs(u="2")]}) == (
        200,
        {},
    )
    assert api.patch(f"{place}/tags", {}) == (200, {})
    assert api.get(place)[1]["model"]["info"]["tags"] == pairs(**{"a/b": "x", "t": "w", "u": "2"})
    for key in ("t", "a/b"):
        assert api.delete(f"{place}/tags/{key}") == (200, {})
        status, error = api.delete(f"{place}/tags/{key}")
        assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert api.get(place)[1]["model"]["info"]["tags"] == pairs(u="2")
    assert api.patch(f"{place}/tags", {"tags": [{"value": "x"}]})[0] == 400


def test_unknown_models_are_not_found_by_any_verb(api: Mlflow) -> None:
    for model_id in ("m-" + "0" * 32, "m-x", "0" * 32, "M-" + "0" * 32):
        place = f"{PLACE}/{model_id}"
        assert api.get(place)[0] == 404
        assert api.delete(place)[0] == 404
        assert api.patch(place, {"status": 2})[0] == 404
        assert api.patch(f"{place}/tags", {"tags": pairs(a="b")})[0] == 404
        assert api.post(f"{place}/params", {"params": pairs(a="b")})[0] == 404
        assert api.delete(f"{place}/tags/a")[0] == 404


def test_metrics_arrive_with_a_model_id_and_the_latest_of_each_dataset_is_shown(
    api: Mlflow, experiment_id: str, run_id: str
) -> None:
    model_id = made(api, experiment_id)
    on = {"dataset_name": "d", "dataset_digest": "g"}
    assert measure(api, run_id, model_id, "acc", 0.9, step=7) == (200, {})
    assert measure(api, run_id, model_id, "acc", 0.5, **on)[0] == 200
    assert measure(api, run_id, model_id, "acc", 0.6, **{**on, "timestamp": 2})[0] == 200
    assert measure(api, run_id, model_id, "acc", 0.6, **{**on, "timestamp": 2})[0] == 200
    assert measure(api, run_id, model_id, "loss", "NaN")[0] == 200
    point = {"model_id": model_id, "run_id": run_id, "timestamp": 1, "step": 0}
    assert api.get(f"{PLACE}/{model_id}")[1]["model"]["data"]["metrics"] == [
        {**point, "key": "acc", "value": 0.9, "step": 7},
        {**point, "key": "acc", "value": 0.6, "timestamp": 2, **on},
        {**point, "key": "loss", "value": "NaN"},
    ]
    assert len(api.get("metrics/get-history", run_id=run_id, metric_key="acc")[1]["metrics"]) == 3


def test_metrics_of_an_unknown_model_are_not_found_and_nothing_is_written(api: Mlflow, run_id: str) -> None:
    for model_id in ("m-" + "0" * 32, "m-z"):
        status, error = measure(api, run_id, model_id, "acc", 0.5)
        assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "metrics" not in api.get("runs/get", run_id=run_id)[1]["run"]["data"]


def test_a_batch_carries_metrics_of_models_and_of_none(api: Mlflow, experiment_id: str, run_id: str) -> None:
    model_id = made(api, experiment_id)
    point = {"key": "acc", "value": 0.5, "timestamp": 1, "step": 0}
    metrics = [
        point,
        {**point, "key": "f1", "model_id": model_id, "dataset_name": "d", "dataset_digest": "g"},
    ]
    assert api.post("runs/log-batch", {"run_id": run_id, "metrics": metrics}) == (200, {})
    assert [m["key"] for m in api.get(f"{PLACE}/{model_id}")[1]["model"]["data"]["metrics"]] == ["f1"]
    long = [{**metrics[1], "dataset_digest": "g" * 37}]
    assert api.post("runs/log-batch", {"run_id": run_id, "metrics": long})[0] == 400


@pytest.fixture
def three(api: Mlflow, experiment_id: str, run_id: str) -> dict[str, str]:
    """Models a, b, c; acc of a falls from 0.9 to 0.3, b has 0.8 on d and 0.2 on e, c has none."""
    models = {
        "a": made(api, experiment_id, name="a", model_type="x", source_run_id=run_id, params=pairs(lr="1")),
        "b": made(api, experiment_id, name="b", tags=pairs(stage="test"), params=pairs(lr="2")),
        "c": made(api, experiment_id, name="c"),
    }
    measure(api, run_id, models["a"], "acc", 0.9, timestamp=1)
    measure(api, run_id, models["a"], "acc", 0.3, timestamp=2)
    measure(api, run_id, models["b"], "acc", 0.8, dataset_name="d", dataset_digest="1", timestamp=3)
    measure(api, run_id, models["b"], "acc", 0.2, dataset_name="e", dataset_digest="2", timestamp=4)
    api.patch(f"{PLACE}/{models['b']}", {"status": 2})
    return models


def test_search_is_newest_first_and_filters_by_attributes_params_tags_and_metrics(
    api: Mlflow, experiment_id: str, run_id: str, three: dict[str, str]
) -> None:
    for filter, wanted in {
        "": "cba", "name = 'b'": "b", "attributes.name != 'b'": "ca", "name LIKE 'B'": "", "name ILIKE 'B'": "b",
        "name IN ('a', 'c')": "ca", "name NOT IN ('a', 'c')": "b", f"model_id = '{three['c']}'": "c",
        "model_type = 'x'": "a", f"source_run_id = '{run_id}'": "a", "status = 'READY'": "b", "status = '2'": "b",
        "status = 'LOGGED_MODEL_READY'": "b", "status IN ('PENDING', 'FAILED')": "ca", "creation_time > 5": "cba",
        "creation_timestamp < 5": "", "params.lr = '1'": "a", "params.lr = 2": "b", "params.lr != '1'": "b",
        "tags.stage = 'test'": "b", "tags.`stage` LIKE 't%'": "b", "metrics.acc > 0.5": "b", "metrics.acc < 0.25": "b",
        "metrics.acc = 0.9": "", "metrics.acc <= 0.3 AND name != 'b'": "a", "max(metrics.acc) >= 0.9": "a",
        "min(metrics.acc) < 0.25": "b", "best(metrics.acc) > 0.85": "a", "metrics.none > 0": "",
        "name = 'a' OR name = 'b'": "ba", "NOT (name = 'a')": "cb",
    }.items():  # fmt: skip
        assert "".join(names(api, experiment_id, filter=filter)) == wanted, filter


def test_datasets_narrow_the_metrics_of_a_filter_or_ask_for_any(
    api: Mlflow, experiment_id: str, three: dict[str, str]
) -> None:
    d, e = {"dataset_name": "d"}, {"dataset_name": "e", "dataset_digest": "2"}
    low = "metrics.acc < 0.5"
    for filter, datasets, wanted in (
        (low, [], "ba"), (low, [d], ""), (low, [e], "b"), (low, [d, e], "b"), ("", [d], "b"),
        ("", [{**d, "dataset_digest": "9"}], ""),
        ("name = 'b'", [e], "b"), ("", [{"dataset_name": "none"}], ""),
    ):  # fmt: skip
        found = names(api, experiment_id, filter=filter, datasets=datasets)
        assert "".join(found) == wanted, (filter, datasets)
    status, error = api.post(
        f"{PLACE}/search", {"experiment_ids": [experiment_id], "datasets": [{"dataset_digest": "2"}]}
    )
    assert status == 400
    assert "`dataset_name` in the `datasets` clause must be specified" in error["message"]


def test_nan_differs_from_every_number_and_compares_with_none(
    api: Mlflow, experiment_id: str, run_id: str
) -> None:
    measure(api, run_id, made(api, experiment_id, name="n"), "acc", "NaN")
    assert names(api, experiment_id, filter="metrics.acc != 5") == ["n"]
    for filter in ("metrics.acc > -5", "metrics.acc < 5", "metrics.acc = 0"):
        assert names(api, experiment_id, filter=filter) == []


def test_search_orders_by_attributes_and_metrics_with_missing_ones_last(
    api: Mlflow, experiment_id: str, run_id: str, three: dict[str, str]
) -> None:
    measure(api, run_id, made(api, experiment_id, name="nan"), "acc", "NaN")
    acc = {"field_name": "metrics.acc"}
    for order_by, wanted in (
        ([{"field_name": "name"}], "abcnan"), ([{"field_name": "name", "ascending": False}], "nancba"),
        ([acc], "banan c"), ([{**acc, "ascending": False}], "abnan c"),
        ([{**acc, "dataset_name": "d"}], "bnan ca"), ([{**acc, "dataset_name": "e", "dataset_digest": "2"}], "bnan ca"),
        ([{"field_name": "creation_time"}], "abcnan"), ([{"field_name": "model_type", "ascending": False}], "anan cb"),
        ([{"field_name": "name"}, {"field_name": "name"}], "abcnan"),
    ):  # fmt: skip
        assert "".join(names(api, experiment_id, order_by=order_by)) == wanted.replace(" ", ""), order_by
    for wrong in ({"field_name": "foo"}, {"field_name": "params.lr"}, {}):
        status, error = api.post(f"{PLACE}/search", {"experiment_ids": [experiment_id], "order_by": [wrong]})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), wrong


@pytest.mark.parametrize(
    "order_by", [[], [{"field_name": "metrics.acc"}], [{"field_name": "name", "ascending": False}]]
)
def test_pages_hold_every_model_once_in_order(
    api: Mlflow, experiment_id: str, run_id: str, three: dict[str, str], order_by: list[dict[str, Any]]
) -> None:
    measure(api, run_id, made(api, experiment_id, name="nan"), "acc", "NaN")
    query: dict[str, Any] = {"experiment_ids": [experiment_id], "max_results": 1, "order_by": order_by}
    found: list[str] = []
    while len(found) < 9:
        answer = api.post(f"{PLACE}/search", query)[1]
        found += [model["info"]["name"] for model in answer["models"]]
        if "next_page_token" not in answer:
            break
        query = {**query, "page_token": answer["next_page_token"]}
    assert found == names(api, experiment_id, order_by=order_by)


def test_a_token_of_another_query_and_other_wrong_searches_are_refused(
    api: Mlflow, experiment_id: str, three: dict[str, str]
) -> None:
    query = {"experiment_ids": [experiment_id], "max_results": 1}
    token = {**query, "page_token": api.post(f"{PLACE}/search", query)[1]["next_page_token"]}
    assert api.post(f"{PLACE}/search", token)[0] == 200
    other = api.post("experiments/create", {"name": "other"})[1]["experiment_id"]
    for wrong in (
        {**token, "filter": "name = 'a'"}, {**token, "order_by": [{"field_name": "name"}]},
        {**token, "experiment_ids": [other]}, {**token, "datasets": [{"dataset_name": "d"}]},
        {**query, "page_token": "zz"}, {**query, "max_results": -1}, {**query, "filter": "foo = 'x'"},
        {**query, "filter": "metrics.acc LIKE 'x'"}, {**query, "filter": "name > 'x'"}, {**query, "order_by": ["name"]},
        {"experiment_ids": ["abc"]}, {}, {"experiment_ids": [5]}, {**query, "filter": "name = '" + "x" * 100_000 + "'"},
    ):  # fmt: skip
        status, error = api.post(f"{PLACE}/search", wrong)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), wrong


def test_unknown_experiments_have_no_models_and_zero_is_the_default_one(api: Mlflow) -> None:
    assert api.post(f"{PLACE}/search", {"experiment_ids": []}) == (200, {})
    assert api.post(f"{PLACE}/search", {"experiment_ids": ["987654", str(2**70)]}) == (200, {})
    made(api, "0", name="in default")
    found = api.post(f"{PLACE}/search", {"experiment_ids": ["0"], "max_results": 0})[1]["models"]
    assert [(model["info"]["name"], model["info"]["experiment_id"]) for model in found] == [
        ("in default", "0")
    ]


def test_a_search_takes_the_same_number_of_queries_for_one_model_and_for_many(
    api: Mlflow, experiment_id: str, run_id: str
) -> None:
    counts = []
    for n in (1, 9):
        for _ in range(n):
            measure(api, run_id, made(api, experiment_id, params=pairs(a="1")), "acc", 0.5)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            names(api, experiment_id, filter="metrics.acc > 0")
        counts.append(len(queries))
    assert counts == [3, 3]


def test_another_team_s_model_is_not_there(
    mlflow: Make, api: Mlflow, experiment_id: str, run_id: str, charlie: User
) -> None:
    model_id = made(api, experiment_id)
    stranger = mlflow(charlie)
    place = f"{PLACE}/{model_id}"
    assert stranger.get(place)[0] == 404
    assert stranger.delete(place)[0] == 404
    assert stranger.patch(place, {"status": 2})[0] == 404
    assert stranger.patch(f"{place}/tags", {"tags": pairs(a="b")})[0] == 404
    assert stranger.post(f"{PLACE}/search", {"experiment_ids": [experiment_id]}) == (200, {})
    assert stranger.post(PLACE, {"experiment_id": experiment_id})[0] == 404
    theirs = stranger.post("runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
    assert measure(stranger, theirs, model_id, "acc", 1.0)[0] == 404
    assert api.post(PLACE, {"experiment_id": experiment_id, "source_run_id": theirs})[0] == 200
    assert LoggedModel.objects.get(source_run_key=theirs).source_run is None


def test_viewers_read_but_do_not_write_and_nobody_does_without_a_login(
    mlflow: Make, api: Mlflow, experiment_id: str, bob: User, vera: User
) -> None:
    place = f"{PLACE}/{made(api, experiment_id)}"
    viewer = mlflow(vera)
    assert viewer.get(place)[0] == 200
    assert viewer.post(f"{PLACE}/search", {"experiment_ids": [experiment_id]})[0] == 200
    for client in (viewer, mlflow(bob, scopes=["read"])):
        for status, error in (
            client.post(PLACE, {"experiment_id": experiment_id}), client.delete(place),
            client.patch(place, {"status": 2}), client.patch(f"{place}/tags", {"tags": []}),
            client.delete(f"{place}/tags/a"), client.post(f"{place}/params", {}),
        ):  # fmt: skip
            assert (status, error["error_code"]) == (403, "PERMISSION_DENIED")
    assert mlflow().get(place)[0] == 401
    assert mlflow().post(f"{PLACE}/search", {"experiment_ids": [experiment_id]})[0] == 401
