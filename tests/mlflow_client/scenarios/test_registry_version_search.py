"""Searching model versions through `MlflowClient`: filters, order, pages, and what the grammar refuses."""

import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, a_run, refused

client = MlflowClient()


@pytest.fixture(scope="module")
def stock() -> dict[str, str]:
    """Two models with 3 and 2 versions, one of a run, some tagged."""
    run, one, two = a_run(), a_model("stock-one"), a_model("stock-two")
    client.create_model_version(one, f"{run.info.artifact_uri}/model", run.info.run_id, tags={"size": "big"})
    client.create_model_version(one, "s3://bucket/Shared", tags={"size": "small", "blank key": "x"})
    client.create_model_version(one, "s3://bucket/other")
    client.create_model_version(two, "s3://bucket/Shared", tags={"size": "small"})
    client.create_model_version(two, "s3://bucket/last")
    return {"one": one, "two": two, "run": run.info.run_id}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = '{one}'", "one/3 one/2 one/1"),
        ("name LIKE '{one}'", "one/3 one/2 one/1"),
        ("run_id = '{run}'", "one/1"),
        ("run_id IN ('{run}')", "one/1"),
        ("name = '{one}' AND version_number = 2", "one/2"),
        ("name = '{one}' AND version_number >= 2", "one/3 one/2"),
        ("name = '{one}' AND version_number != 2", "one/3 one/1"),
        ("name = '{one}' AND tags.size = 'small'", "one/2"),
        ("name = '{one}' AND tags.size != 'small'", "one/1"),
        ("name = '{one}' AND tag.`blank key` = 'x'", "one/2"),
        ("name = '{one}' AND source_path = 's3://bucket/Shared'", "one/2"),
        ("name = '{two}' AND source_path LIKE 's3://%/Sh%'", "two/1"),
        ("name = '{two}' AND source_path ILIKE 's3://%/sh%'", "two/1"),
        ("name = '{two}' AND source_path LIKE 's3://%/sh%'", ""),
        ("name = 'nobody has this name'", ""),
    ],
)
def test_a_version_search_filters(stock: dict[str, str], condition: str, expected: str) -> None:
    found = client.search_model_versions(condition.format(**stock), order_by=["version_number DESC"])
    assert " ".join(f"{_role(stock, each.name)}/{each.version}" for each in found) == expected


def _role(stock: dict[str, str], name: str) -> str:
    return next(role for role, value in stock.items() if value == name)


@pytest.mark.parametrize(
    "condition",
    [
        "version_number = 'two'",
        "name < 'a'",
        "unknown = 'x'",
        "run_id IN (1, 2)",
        "run_id IN ()",
        "tags.size > 'a'",
        "name",
    ],
)
def test_a_version_filter_outside_the_grammar_is_refused(condition: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_model_versions(condition)


def test_a_version_search_pages_in_the_order_asked_for(stock: dict[str, str]) -> None:
    numbers: list[str] = []
    token = None
    while True:
        page = client.search_model_versions(
            f"name='{stock['one']}'", max_results=1, order_by=["version_number ASC"], page_token=token
        )
        numbers += [str(version.version) for version in page]
        token = page.token
        if not token:
            break
    assert numbers == ["1", "2", "3"]
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_model_versions(max_results=200_001)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_model_versions(order_by=["tags.size"])
