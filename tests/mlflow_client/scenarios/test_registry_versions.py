"""Model versions through `MlflowClient`: their making, changes, stages, search, and the sources they may have."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, a_run, fresh, raw, refused

client = MlflowClient()


def test_a_created_version_is_ready_and_read_back_whole() -> None:
    name, run = a_model(), a_run()
    source = f"runs:/{run.info.run_id}/model"
    created = client.create_model_version(
        name, source, run.info.run_id, tags={"k": "v"}, run_link="http://ci/1", description="first"
    )
    read = client.get_model_version(name, "1")
    for version in (created, read):
        assert (version.name, str(version.version), version.source) == (name, "1", source)
        assert (version.run_id, version.run_link) == (run.info.run_id, "http://ci/1")
        assert (version.description, version.tags) == ("first", {"k": "v"})
        assert (version.status, version.current_stage) == ("READY", "None")
    assert read.creation_timestamp == created.creation_timestamp > 1_500_000_000_000


def test_numbers_count_up_and_are_never_used_again() -> None:
    name = a_model(versions=3)
    client.delete_model_version(name, "3")
    assert str(client.create_model_version(name, "s3://bucket/model").version) == "4"
    assert sorted(str(found.version) for found in client.search_model_versions(f"name='{name}'")) == [
        "1",
        "2",
        "4",
    ]


def test_a_version_of_a_missing_model_is_refused() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.create_model_version(fresh("missing"), "s3://bucket/model")


@pytest.mark.parametrize("version", ["2", "999999"])
def test_a_missing_version_is_not_found(version: str) -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(a_model(versions=1), version)


def test_a_version_that_is_no_number_is_refused() -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version(a_model(versions=1), "first")


def test_an_update_changes_the_description_alone() -> None:
    name = a_model(versions=1)
    before = client.get_model_version(name, "1")
    client.update_model_version(name, "1", description="better")
    after = client.get_model_version(name, "1")
    assert (after.description, after.source) == ("better", before.source)
    assert after.last_updated_timestamp >= before.last_updated_timestamp
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.update_model_version(name, "2", description="x")


def test_a_deleted_version_is_gone_for_every_method() -> None:
    name = a_model(versions=1)
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_model_version(name, "1")
    for ask in (client.get_model_version, client.delete_model_version, client.get_model_version_download_uri):
        with refused("RESOURCE_DOES_NOT_EXIST"):
            ask(name, "1")
    assert client.get_registered_model(name).aliases == {}
    assert list(client.search_model_versions(f"name='{name}'")) == []


def test_tags_of_a_version_are_set_overwritten_and_deleted() -> None:
    name = a_model(versions=2)
    client.set_model_version_tag(name, "1", "reviewed", "no")
    client.set_model_version_tag(name, "1", "reviewed", "yes")
    client.set_model_version_tag(name, "1", "score", 0.5)
    assert client.get_model_version(name, "1").tags == {"reviewed": "yes", "score": "0.5"}
    assert client.get_model_version(name, "2").tags == {}
    client.delete_model_version_tag(name, "1", "score")
    client.delete_model_version_tag(name, "1", "never there")
    assert client.get_model_version(name, "1").tags == {"reviewed": "yes"}
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_model_version_tag(name, "3", "k", "v")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_model_version_tag(name, "1", "k" * 251, "v")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_model_version_tag(name, "1", "k", "v" * 100_001)


def test_a_version_answers_where_its_files_lie() -> None:
    name, run = a_model(), a_run()
    client.create_model_version(name, "s3://bucket/model")
    client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    assert client.get_model_version_download_uri(name, "1") == "s3://bucket/model"
    assert client.get_model_version_download_uri(name, "2") == f"{run.info.artifact_uri}/model"


@pytest.mark.parametrize(
    "source",
    [
        "/etc",
        "file:///etc",
        "etc/passwd",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%252e%252e/other",
        "mlflow-artifacts:/0/0123456789abcdef0123456789abcdef/artifacts/model",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "models:/m-0123456789abcdef0123456789abcdef",
    ],
)
def test_a_source_that_would_read_what_is_not_its_own_is_refused(source: str) -> None:
    with pytest.raises(Exception) as caught:
        client.create_model_version(a_model(), source)
    assert getattr(caught.value, "error_code", "") in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")


def test_a_source_of_another_run_is_refused() -> None:
    name, own, other = a_model(), a_run(), a_run()
    for source in (
        f"runs:/{other.info.run_id}/model",
        f"{other.info.artifact_uri}/model",
        f"{own.info.artifact_uri}/../../{other.info.run_id}/artifacts/model",
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            client.create_model_version(name, source, own.info.run_id)
    client.create_model_version(name, f"{own.info.artifact_uri}/model", own.info.run_id)


@pytest.mark.parametrize(
    "source", ["http://example.com/model", "https://example.com/model", "ftp://example.com/m"]
)
def test_a_source_on_a_web_host_is_refused(source: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_model_version(a_model(), source)


@pytest.mark.parametrize("source", ["s3://b/m", "gs://b/m", "wasbs://c@a.blob.core.windows.net/m", "dbfs:/m"])
def test_a_source_in_a_bucket_is_free(source: str) -> None:
    name = a_model()
    assert client.create_model_version(name, source).source == source


@pytest.mark.only_mlflow3
def test_a_version_of_a_logged_model_keeps_its_lineage() -> None:
    run = a_run()
    logged = client.create_logged_model(run.info.experiment_id, name="net", source_run_id=run.info.run_id)
    client.finalize_logged_model(logged.model_id, "READY")
    name = a_model()
    version = client.create_model_version(
        name, f"models:/{logged.model_id}", run.info.run_id, model_id=logged.model_id
    )
    assert (version.source, version.run_id) == (f"models:/{logged.model_id}", run.info.run_id)
    assert client.get_model_version_download_uri(name, "1") == logged.artifact_location
    other = client.create_logged_model(run.info.experiment_id)
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_model_version(name, f"models:/{logged.model_id}", model_id=other.model_id)


def test_a_copied_version_keeps_run_and_points_to_its_origin() -> None:
    run, origin, target = a_run(), a_model("origin"), fresh("target")
    client.create_model_version(origin, f"{run.info.artifact_uri}/model", run.info.run_id, description="d")
    client.set_registered_model_alias(origin, "champion", "1")
    first = client.copy_model_version(f"models:/{origin}/1", target)
    second = client.copy_model_version(f"models:/{origin}@champion", target)
    assert (first.name, str(first.version), first.source) == (target, "1", f"models:/{origin}/1")
    assert (str(second.version), second.run_id, second.description) == ("2", run.info.run_id, "d")
    assert client.get_model_version_download_uri(target, "2") == f"{run.info.artifact_uri}/model"
    with pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST"):
        client.copy_model_version(f"models:/{origin}/9", target)
    with pytest.raises(MlflowException, match="models:/"):
        client.copy_model_version("runs:/0/model", target)


def test_stages_move_in_any_spelling_and_archive_what_was_there() -> None:
    name = a_model(versions=3)
    assert client.get_model_version_stages(name, "1") == ["None", "Staging", "Production", "Archived"]
    assert client.transition_model_version_stage(name, "1", "production").current_stage == "Production"
    client.transition_model_version_stage(name, "2", "Production")
    assert [client.get_model_version(name, n).current_stage for n in "123"] == [
        "Production",
        "Production",
        "None",
    ]
    client.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    assert [client.get_model_version(name, n).current_stage for n in "123"] == [
        "Archived",
        "Archived",
        "Production",
    ]


def test_bad_stages_are_refused() -> None:
    name = a_model(versions=1)
    with refused("INVALID_PARAMETER_VALUE"):
        client.transition_model_version_stage(name, "1", "Somewhere")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.transition_model_version_stage(name, "2", "Staging")


@pytest.mark.only_ours  # MLflow answers this mistake with a 500, which its client repeats for minutes
def test_archiving_what_stands_in_no_real_stage_is_refused() -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.transition_model_version_stage(
            a_model(versions=1), "1", "None", archive_existing_versions=True
        )


def test_latest_versions_are_the_newest_of_each_stage() -> None:
    name = a_model(versions=4)
    client.transition_model_version_stage(name, "1", "Staging")
    client.transition_model_version_stage(name, "2", "Staging")
    client.transition_model_version_stage(name, "3", "Production")

    def latest(stages: list[str] | None = None) -> dict[str, str]:
        found = client.get_latest_versions(name, stages)
        return {version.current_stage: str(version.version) for version in found}

    assert latest() == {"Staging": "2", "Production": "3", "None": "4"}
    assert latest(["staging"]) == {"Staging": "2"}
    assert latest(["Archived"]) == {}
    assert latest(["Production", "None"]) == {"Production": "3", "None": "4"}
    with refused("INVALID_PARAMETER_VALUE"):
        latest(["Somewhere"])
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_latest_versions(fresh("missing"))


def test_latest_versions_are_also_told_to_a_get() -> None:
    name = a_model(versions=1)
    answer = raw("GET", "/api/2.0/mlflow/registered-models/get-latest-versions", query={"name": name})
    assert answer.status == 200
    assert b'"version"' in answer.body
