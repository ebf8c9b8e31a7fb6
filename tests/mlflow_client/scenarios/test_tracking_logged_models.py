"""MLflow 3's logged models: create, finalize, params, tags, metrics, outputs, files, search, delete."""

import uuid
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import GENERATION, Refused

if GENERATION >= 3:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

pytestmark = pytest.mark.only_mlflow3
ABSENT = "m-" + "0123456789abcdef" * 2


@pytest.fixture
def model(client: MlflowClient, experiment: str, run: str) -> str:
    """The id of a pending logged model of `run`."""
    made = client.create_logged_model(experiment, name="forest", source_run_id=run, params={"depth": "3"})
    return str(made.model_id)


def test_a_logged_model_is_created_pending(experiment: str, run: str, client: MlflowClient) -> None:
    made = client.create_logged_model(
        experiment, name="forest", source_run_id=run, tags={"a": "b"}, params={"c": "d"}, model_type="agent"
    )
    model = client.get_logged_model(made.model_id)
    assert (len(model.model_id), model.model_id[:2]) == (34, "m-")
    assert (model.name, model.experiment_id, model.source_run_id) == ("forest", experiment, run)
    assert (model.status.value, model.model_type) == ("PENDING", "agent")
    assert (model.tags["a"], model.params) == ("b", {"c": "d"})
    assert model.artifact_location.endswith(f"/models/{model.model_id}/artifacts")
    assert model.creation_timestamp > 1_600_000_000_000


def test_a_logged_model_without_a_name_gets_one(experiment: str, client: MlflowClient) -> None:
    assert client.create_logged_model(experiment).name


@pytest.mark.parametrize("bad", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_a_name_that_cannot_be(bad: str, experiment: str, client: MlflowClient, refused: Refused) -> None:
    refused("INVALID_PARAMETER_VALUE", client.create_logged_model, experiment, name=bad)


@pytest.mark.parametrize("status", ["READY", "FAILED"])
def test_a_logged_model_is_finalized(status: str, model: str, client: MlflowClient) -> None:
    assert client.finalize_logged_model(model, status).status.value == status
    found = client.get_logged_model(model)
    assert found.status.value == status
    assert found.last_updated_timestamp >= found.creation_timestamp


def test_tags_are_set_replaced_and_deleted(model: str, client: MlflowClient, refused: Refused) -> None:
    client.set_logged_model_tags(model, {"a": "1", "b": "2"})
    client.set_logged_model_tags(model, {"a": "3"})
    assert client.get_logged_model(model).tags.items() >= {"a": "3", "b": "2"}.items()
    client.delete_logged_model_tag(model, "a")
    assert "a" not in client.get_logged_model(model).tags
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_logged_model_tag, model, "a")


def test_params_are_added(model: str, client: MlflowClient) -> None:
    client.log_model_params(model, {f"p{number}": str(number) for number in range(150)})
    params = client.get_logged_model(model).params
    assert (len(params), params["depth"], params["p149"]) == (151, "3", "149")


def test_metrics_with_a_model_id_are_on_the_run_and_on_the_model(
    model: str, run: str, client: MlflowClient
) -> None:
    client.log_metric(run, "score", 0.5, step=1, model_id=model)
    client.log_metric(run, "score", 0.7, step=2, model_id=model)
    client.log_batch(run, metrics=[Metric("loss", 0.1, 5, 1, model_id=model)])
    client.log_metric(run, "on train", 0.9, dataset_name="irises", dataset_digest="1", model_id=model)
    found = {metric.key: metric for metric in client.get_logged_model(model).metrics}
    assert {key: metric.value for key, metric in found.items()} == {
        "score": 0.7,
        "loss": 0.1,
        "on train": 0.9,
    }
    assert (found["on train"].dataset_name, found["on train"].dataset_digest) == ("irises", "1")
    assert found["score"].run_id == run
    assert client.get_run(run).data.metrics["score"] == 0.7


def test_models_are_outputs_and_inputs_of_runs(
    model: str, run: str, experiment: str, client: MlflowClient
) -> None:
    client.log_outputs(run, [LoggedModelOutput(model, step=4)])
    outputs = client.get_run(run).outputs.model_outputs
    assert {(item.model_id, item.step) for item in outputs} == {(model, 4)}
    user = client.create_run(experiment).info.run_id
    client.log_inputs(user, models=[LoggedModelInput(model)])
    assert [item.model_id for item in client.get_run(user).inputs.model_inputs] == [model]


def test_files_of_a_logged_model_are_logged_and_listed(
    model: str, client: MlflowClient, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("a")
    client.log_model_artifact(model, str(tmp_path / "deep" / "a.txt"))
    client.log_model_artifacts(model, str(tmp_path))
    assert {item.path for item in client.list_logged_model_artifacts(model)} == {"a.txt", "deep"}
    client.finalize_logged_model(model, "READY")
    local = mlflow.artifacts.download_artifacts(f"models:/{model}")
    assert (Path(local) / "deep" / "a.txt").read_text() == "a"


def test_a_deleted_logged_model_is_gone(
    model: str, experiment: str, client: MlflowClient, refused: Refused
) -> None:
    client.delete_logged_model(model)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, model)
    assert list(client.search_logged_models([experiment])) == []


def test_a_logged_model_that_is_not_there(client: MlflowClient, refused: Refused) -> None:
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, ABSENT)
    refused("RESOURCE_DOES_NOT_EXIST", client.finalize_logged_model, ABSENT, "READY")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_logged_model, ABSENT)


@pytest.fixture(scope="module")
def models() -> tuple[str, dict[str, str]]:
    """An experiment and three of its logged models, by name."""
    client = MlflowClient()
    experiment = client.create_experiment(f"models {uuid.uuid4().hex[:12]}")
    run = client.create_run(experiment).info.run_id
    ids = {}
    for number, name in enumerate(("alpha", "beta", "gamma")):
        made = client.create_logged_model(
            experiment,
            name=name,
            source_run_id=run,
            params={"n": str(number)},
            tags={"kind": f"k{number % 2}"},
        )
        ids[name] = made.model_id
        if name != "gamma":
            client.log_metric(run, "score", number, model_id=made.model_id)
            client.log_metric(
                run, "auc", 1 - number, dataset_name="irises", dataset_digest="1", model_id=made.model_id
            )
    client.finalize_logged_model(ids["alpha"], "READY")
    return experiment, ids


MODEL_FILTERS = [
    ("name = 'alpha'", {"alpha"}),
    ("name LIKE '%a' AND params.n = '1'", {"beta"}),
    ("tags.kind = 'k0'", {"alpha", "gamma"}),
    ("metrics.score >= 0", {"alpha", "beta"}),
    ("metrics.score > 0", {"beta"}),
    ("attributes.name IN ('beta', 'gamma')", {"beta", "gamma"}),
    ("name NOT IN ('beta', 'gamma')", {"alpha"}),
    ("name != 'alpha' AND creation_time > 0", {"beta", "gamma"}),
    ("name ILIKE 'ALPHA'", {"alpha"}),
]


@pytest.mark.parametrize(("text", "expected"), MODEL_FILTERS, ids=[text for text, _ in MODEL_FILTERS])
def test_a_filter_finds_models(
    text: str, expected: set[str], models: tuple[str, dict[str, str]], client: MlflowClient
) -> None:
    assert {found.name for found in client.search_logged_models([models[0]], text)} == expected


@pytest.mark.only_ours
def test_models_are_found_by_their_status(models: tuple[str, dict[str, str]], client: MlflowClient) -> None:
    """MLflow compares the word with the number that it stores, and finds nothing."""
    [found] = client.search_logged_models([models[0]], "status = 'READY'")
    assert found.name == "alpha"


def test_models_are_found_by_a_metric_on_a_dataset(
    models: tuple[str, dict[str, str]], client: MlflowClient
) -> None:
    irises = [{"dataset_name": "irises", "dataset_digest": "1"}]
    found = client.search_logged_models([models[0]], "metrics.auc > 0.5", datasets=irises)
    assert [model.name for model in found] == ["alpha"]
    other = [{"dataset_name": "tulips", "dataset_digest": "1"}]
    assert list(client.search_logged_models([models[0]], "metrics.auc > 0.5", datasets=other)) == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], ["gamma", "beta", "alpha"]),
        ([{"field_name": "name"}], ["alpha", "beta", "gamma"]),
        ([{"field_name": "name", "ascending": False}], ["gamma", "beta", "alpha"]),
        ([{"field_name": "creation_time", "ascending": True}], ["alpha", "beta", "gamma"]),
        ([{"field_name": "metrics.score", "ascending": False}], ["beta", "alpha", "gamma"]),
        ([{"field_name": "metrics.score", "ascending": True}], ["alpha", "beta", "gamma"]),
        (
            [
                {
                    "field_name": "metrics.auc",
                    "dataset_name": "irises",
                    "dataset_digest": "1",
                    "ascending": False,
                }
            ],
            ["alpha", "beta", "gamma"],
        ),
    ],
)
def test_models_are_ordered_and_come_in_pages(
    order: list[dict[str, object]],
    expected: list[str],
    models: tuple[str, dict[str, str]],
    client: MlflowClient,
) -> None:
    found = client.search_logged_models([models[0]], order_by=order or None)
    assert [model.name for model in found] == expected
    first = client.search_logged_models([models[0]], order_by=order or None, max_results=2)
    rest = client.search_logged_models(
        [models[0]], order_by=order or None, max_results=2, page_token=first.token
    )
    assert [model.name for model in [*first, *rest]] == expected
    assert not rest.token


def test_a_search_that_cannot_be(
    models: tuple[str, dict[str, str]], client: MlflowClient, refused: Refused
) -> None:
    for text in ("nonsense.a = 1", "name > 'a'", "name ="):
        refused("INVALID_PARAMETER_VALUE", client.search_logged_models, [models[0]], text)
    page = client.search_logged_models([models[0]], max_results=1)
    refused(
        "INVALID_PARAMETER_VALUE",
        client.search_logged_models,
        [models[0]],
        "name = 'a'",
        page_token=page.token,
    )


@pytest.mark.only_ours
def test_a_metric_is_compared_with_numbers_alone(
    experiment: str, client: MlflowClient, refused: Refused
) -> None:
    """MLflow answers 500 here."""
    refused("INVALID_PARAMETER_VALUE", client.search_logged_models, [experiment], "metrics.score > 'x'")


def test_the_fluent_api_initializes_tags_and_finalizes(name: str) -> None:
    mlflow.set_experiment(name)
    model = mlflow.initialize_logged_model(name="fluent", tags={"a": "b"}, model_type="agent")
    mlflow.log_model_params({"p": "1"}, model_id=model.model_id)
    mlflow.set_logged_model_tags(model.model_id, {"c": "d"})
    mlflow.finalize_logged_model(model.model_id, "READY")
    found = mlflow.get_logged_model(model.model_id)
    assert (found.status.value, found.params["p"], found.tags["c"]) == ("READY", "1", "d")
    [listed] = mlflow.search_logged_models(filter_string="name = 'fluent'", output_format="list")
    assert listed.model_id == model.model_id
