"""MLflow's GraphQL through the door: the answers of REST in the shape that a query wants."""

from collections.abc import Callable
from typing import Any

import pytest

from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
DATASET = {"name": "d", "digest": "1", "source_type": "local", "source": "x"}


@pytest.fixture
def api(mlflow: Make, bob: User) -> Mlflow:
    return mlflow(bob)


def asked(api: Mlflow, query: str, **more: Any) -> Any:
    status, body = api.post("/graphql", {"query": query, **more})
    assert status == 200
    return body


def data(api: Mlflow, query: str, **more: Any) -> Any:
    body = asked(api, query, **more)
    assert body["errors"] is None
    return body["data"]


def error(api: Mlflow, query: str, **more: Any) -> str:
    body = asked(api, query, **more)
    assert not any((body["data"] or {}).values())
    return str(body["errors"][0])


def made(api: Mlflow) -> tuple[str, str]:
    experiment = api.post("experiments/create", {"name": "e"})[1]["experiment_id"]
    run = api.post("runs/create", {"experiment_id": experiment, "start_time": 5})[1]["run"]["info"]["run_id"]
    return experiment, run


def test_a_run_comes_with_its_experiment_and_the_versions_made_of_it(api: Mlflow) -> None:
    experiment, run = made(api)
    api.post("registered-models/create", {"name": "m"})
    api.post("model-versions/create", {"name": "m", "source": f"runs:/{run}/model", "run_id": run})
    query = f"""query Q @component(name: "Test") {{ mlflowGetRun(input: {{runId: "{run}"}}) {{
        __typename run {{ info {{ status startTime endTime }} experiment {{ experimentId name }}
        modelVersions {{ name version aliases }} inputs {{ datasetInputs {{ tags {{ key }} }} }} }}
        apiError {{ code }} }} }}"""
    assert data(api, query, operationName="Q")["mlflowGetRun"] == {
        "__typename": "MlflowGetRunResponse",
        "run": {
            "info": {"status": "RUNNING", "startTime": "5", "endTime": "0"},
            "experiment": {"experimentId": experiment, "name": "e"},
            "modelVersions": [{"name": "m", "version": "1", "aliases": []}],
            "inputs": {"datasetInputs": []},
        },
        "apiError": None,
    }


def test_numbers_are_text_where_mlflow_has_them_so_and_nan_is_null(api: Mlflow) -> None:
    _, run = made(api)
    for key, value in (("a", 2), ("b", "NaN")):
        metric = {"run_id": run, "key": key, "value": value, "timestamp": 1, "step": 3}
        api.post("runs/log-metric", metric)
    query = f'{{ mlflowGetRun(input: {{runId: "{run}"}}) {{ run {{ data {{ metrics {{ key value step }} }} }} }} }}'
    metrics = data(api, query)["mlflowGetRun"]["run"]["data"]["metrics"]
    assert sorted(metrics, key=str) == [
        {"key": "a", "value": 2.0, "step": "3"},
        {"key": "b", "value": None, "step": "3"},
    ]
    query = f'{{ mlflowGetMetricHistoryBulkInterval(input: {{runIds: ["{run}"], metricKey: "a"}})'
    history = data(api, query + " { metrics { value runId } } }")
    assert history["mlflowGetMetricHistoryBulkInterval"]["metrics"] == [{"value": 2.0, "runId": run}]


def test_searches_take_variables_defaults_and_fragments(api: Mlflow) -> None:
    experiment, run = made(api)
    query = """
    query Q($data: MlflowSearchRunsInput!, $most: Int = 1, $with: Boolean!) {
      mlflowSearchRuns(input: $data) { ...Runs }
      few: mlflowSearchRuns(input: {experimentIds: [], maxResults: $most}) { runs { info { runId } } }
      gone: test(inputString: "x") @skip(if: true) { output }
    }
    fragment Runs on MlflowSearchRunsResponse {
      runs { info { runId } ... on MlflowRun { info { status @include(if: $with) } } } # both are wanted
    }"""
    variables = {"data": {"experimentIds": [experiment]}, "with": True}
    assert data(api, query, variables=variables) == {
        "mlflowSearchRuns": {"runs": [{"info": {"runId": run, "status": "RUNNING"}}]},
        "few": {"runs": []},
    }


def test_files_datasets_experiments_and_versions_are_listed(api: Mlflow) -> None:
    experiment, run = made(api)
    api.raw("POST", "/ajax-api/2.0/mlflow/upload-artifact", b"12", query=f"run_uuid={run}&path=a.txt")
    api.raw("POST", "/ajax-api/2.0/mlflow/upload-artifact", b"12", query=f"run_uuid={run}&path=b/c.txt")
    api.post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": DATASET}]})
    query = f"""mutation {{
      mlflowListArtifacts(input: {{runId: "{run}"}}) {{ files {{ path isDir fileSize }} }}
      mlflowSearchDatasets(input: {{experimentIds: ["{experiment}"]}}) {{ datasetSummaries {{ name context }} }}
      mlflowGetExperiment(input: {{experimentId: "{experiment}"}}) {{ experiment {{ name tags {{ key }} }} }}
      mlflowSearchModelVersions(input: {{filter: "run_id = '{run}'"}}) {{ modelVersions {{ name }} }}
    }}"""
    assert data(api, query) == {
        "mlflowListArtifacts": {
            "files": [
                {"path": "a.txt", "isDir": False, "fileSize": "2"},
                {"path": "b", "isDir": True, "fileSize": "0"},
            ]
        },
        "mlflowSearchDatasets": {"datasetSummaries": [{"name": "d", "context": ""}]},
        "mlflowGetExperiment": {"experiment": {"name": "e", "tags": []}},
        "mlflowSearchModelVersions": {"modelVersions": []},
    }


def test_an_echo_shows_that_it_answers(api: Mlflow) -> None:
    assert data(api, 'query T {test(inputString: "a\\u00e9") { output }}')["test"] == {"output": "aé"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("query {" + " ".join(f"k{n}: test {{ output }}" for n in range(11)) + "}", "at most 10 root fields"),
        ("{ test { " + " ".join(f"k{n}: output" for n in range(11)) + " } }", "at most 10 aliases"),
        ("{ test " + "{ test " * 11 + "}" * 12, "maximum depth of 10"),
        ("{ test " + "{ test " * 500 + "}" * 501, "maximum depth of 10"),
        ("{ test { " + " ".join(f"f{n}" for n in range(1001)) + " } }", "maximum total selections of 1000"),
        ("{ test(inputString: " + "[" * 1000 + "]" * 1000 + ") { output } }", "Unexpected ["),
        ("{ test { ...F } } fragment F on Test { test { ...F } }", "maximum depth of 10"),
        ("{ ...F }", "Unknown fragment 'F'"),
        ("{ test", "Unexpected <EOF>"),
        ("{ test(inputString: ) { output } }", "Unexpected )"),
        ("{ test } }", "Unexpected }"),
        ("{ t%st }", "Unexpected character '%'"),
        ('{ test(inputString: "\\ud800") { output } }', "string cannot be read"),
        ("query A { test { output } } query B { test { output } }", "Unknown operation"),
        ("subscription { test { output } }", "Unexpected subscription"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{ test { nothing } }", "Cannot query field 'nothing' on type 'Test'"),
        ("{ test }", "must have a selection"),
        ("{ test { output { x } } }", "must not have a selection"),
        ("{ mlflowGetRun { run { info { runId } } } }", "needs the argument 'input'"),
        ('{ mlflowGetRun(input: {runId: "x"}) { run { info { runId } } } }', "Run with id=x not found"),
        ("{ mlflowGetRun(input: {runId: 5}) { run { info { runId } } } }", "Invalid value 5"),
        ("{ test(inputString: $unknown) { output } t: test { output } t: mlflowGetRun { run } }", "conflict"),
        ("#" * 100_001, "longer than 100,000"),
    ],
)
def test_what_cannot_be_answered_is_said_in_the_answer(api: Mlflow, query: str, words: str) -> None:
    assert words in error(api, query)


def test_fragments_that_multiply_are_read_once_at_each_level(api: Mlflow) -> None:
    text = "{ test { ...F0 } }"
    for number in range(40):
        text += f" fragment F{number} on Test {{ ...F{number + 1} ...F{number + 1} }}"
    assert data(api, text + " fragment F40 on Test { output }") == {"test": {"output": ""}}
    assert data(api, "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }") == {}


def test_other_teams_see_nothing_and_nobody_asks_without_a_login(
    api: Mlflow, mlflow: Make, charlie: User, vera: User
) -> None:
    _, run = made(api)
    query = f'{{ mlflowGetRun(input: {{runId: "{run}"}}) {{ run {{ info {{ runId }} }} }} }}'
    assert "not found" in error(mlflow(charlie), query)
    assert data(mlflow(vera, scopes=["read"]), query)["mlflowGetRun"]["run"]["info"]["runId"] == run
    assert mlflow().post("/graphql", {"query": query})[0] == 401
    assert api.post("/graphql", {})[0] == 400
