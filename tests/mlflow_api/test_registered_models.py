"""MLflow's registered models over its wire: names, tags, aliases, rename, search, prompts."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mlregistry.accounts.models import AuditEvent, User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")


def code(answer: tuple[int, dict[str, str]]) -> tuple[int, str]:
    return answer[0], answer[1].get("error_code", "")


def model(api: Mlflow, name: str = "churn", *, versions: int = 0, **more: object) -> str:
    assert api.post("registered-models/create", {"name": name, **more})[0] == 200
    for _ in range(versions):
        assert api.post("model-versions/create", {"name": name, "source": "s3://bucket/model"})[0] == 200
    return name


def test_a_model_is_made_and_read_as_mlflow_shows_it(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    body = {"name": "churn", "description": "who leaves", "tags": [{"key": "k", "value": "v"}]}
    status, made = api.post("registered-models/create", body)
    shown = made["registered_model"]
    assert status == 200
    assert set(shown) == {"name", "creation_timestamp", "last_updated_timestamp", "description", "tags"}
    assert shown["tags"] == [{"key": "k", "value": "v"}]
    assert type(shown["creation_timestamp"]) is int
    assert api.get("registered-models/get", name="churn") == (200, made)
    assert AuditEvent.objects.filter(action="model.create", via="mlflow", user=bob).exists()


def test_a_taken_name_exists_already_for_models_and_prompts(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, "x")
    status, error = api.post("registered-models/create", {"name": "x"})
    assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "Registered Model (name=x) already exists" in error["message"]
    prompt = {"name": "x", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    status, error = api.post("registered-models/create", prompt)
    assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "prompt" in error["message"]


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a:b", ".", "..", "../x", "a\x00b", "a\nb", "x" * 257, 5, None]
)
def test_names_are_not_blank_and_hold_no_slash_or_colon(mlflow: Make, bob: User, name: object) -> None:
    api = mlflow(bob)
    assert code(api.post("registered-models/create", {"name": name})) == INVALID
    model(api, "fine")
    assert code(api.post("registered-models/rename", {"name": "fine", "new_name": name})) == INVALID


def test_a_name_is_kept_with_its_blanks(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, " x ")
    assert api.get("registered-models/get", name=" x ")[1]["registered_model"]["name"] == " x "
    assert code(api.get("registered-models/get", name="x")) == MISSING


def test_a_missing_model_is_not_found_by_any_route(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    gone = {"name": "none"}
    answers = [
        api.get("registered-models/get", **gone),
        api.patch("registered-models/update", {**gone, "description": "d"}),
        api.post("registered-models/rename", {**gone, "new_name": "y"}),
        api.delete("registered-models/delete", gone),
        api.post("registered-models/get-latest-versions", gone),
        api.post("registered-models/set-tag", {**gone, "key": "k", "value": "v"}),
        api.delete("registered-models/delete-tag", {**gone, "key": "k"}),
        api.delete("registered-models/alias", {**gone, "alias": "a"}),
        api.get("registered-models/alias", **gone, alias="a"),
        api.post("model-versions/create", {**gone, "source": "s3://b/m"}),
    ]
    assert {code(answer) for answer in answers} == {MISSING}
    assert all("Registered Model with name=none not found" in answer[1]["message"] for answer in answers)


def test_an_update_sets_the_description_and_without_one_clears_it(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, description="old")
    changed = api.patch("registered-models/update", {"name": "churn", "description": "new"})[1]
    assert changed["registered_model"]["description"] == "new"
    cleared = api.patch("registered-models/update", {"name": "churn"})[1]
    assert "description" not in cleared["registered_model"]


def test_renaming_takes_versions_and_aliases_along_and_frees_the_old_name(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=2)
    model(api, "other")
    api.post("registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})
    status, renamed = api.post("registered-models/rename", {"name": "churn", "new_name": "loss"})
    assert (status, renamed["registered_model"]["name"]) == (200, "loss")
    assert renamed["registered_model"]["latest_versions"][0]["name"] == "loss"
    assert api.get("registered-models/alias", name="loss", alias="champion")[0] == 200
    assert code(api.get("registered-models/get", name="churn")) == MISSING
    taken = api.post("registered-models/rename", {"name": "loss", "new_name": "other"})
    assert code(taken) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "SELECT" not in taken[1]["message"]
    assert api.post("registered-models/rename", {"name": "loss", "new_name": "loss"})[0] == 200


def test_deleting_a_model_takes_its_versions_and_the_name_is_free(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=2)
    assert api.delete("registered-models/delete", {"name": "churn"}) == (200, {})
    assert code(api.get("model-versions/get", name="churn", version="1")) == MISSING
    model(api, versions=1)
    assert api.get("model-versions/get", name="churn", version="1")[0] == 200


def test_tags_of_a_model_are_set_overwritten_and_deleted_once_or_twice(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    for key, value in (("k", "1"), ("k", "2"), ("empty", "")):
        assert api.post("registered-models/set-tag", {"name": "churn", "key": key, "value": value}) == (
            200,
            {},
        )
    tags = api.get("registered-models/get", name="churn")[1]["registered_model"]["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {"k": "2", "empty": ""}
    for _ in range(2):
        assert api.delete("registered-models/delete-tag", {"name": "churn", "key": "k"}) == (200, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "v"), ("x" * 251, "v"), ("a%b", "v"), ("../x", "v"), ("k", "x" * 100_001), ("k", 5)],
)
def test_a_tag_has_a_plain_key_and_at_most_100000_characters(
    mlflow: Make, bob: User, key: str, value: object
) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    tag = {"key": key, "value": value}
    assert code(api.post("registered-models/set-tag", {"name": "churn", **tag})) == INVALID
    assert code(api.post("model-versions/set-tag", {"name": "churn", "version": "1", **tag})) == INVALID
    assert code(api.post("registered-models/create", {"name": "y", "tags": [tag]})) == INVALID


def test_an_alias_is_set_moved_read_by_one_statement_and_deleted(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=2)
    for version in ("1", "2"):
        body = {"name": "churn", "alias": "champion", "version": version}
        assert api.post("registered-models/alias", body) == (200, {})
    with CaptureQueriesContext(connection) as queries:
        status, got = api.get("registered-models/alias", name="churn", alias="champion")
    assert (status, got["model_version"]["version"], got["model_version"]["aliases"]) == (
        200,
        "2",
        ["champion"],
    )
    assert sum("pointer" in query["sql"] for query in queries) == 1
    assert [
        query for query in queries if "models_app" in query["sql"] and "pointer" not in query["sql"]
    ] == []
    shown = api.get("registered-models/get", name="churn")[1]["registered_model"]
    assert shown["aliases"] == [{"alias": "champion", "version": "2"}]
    assert "aliases" not in shown["latest_versions"][0]
    for _ in range(2):  # a missing alias is deleted without an error
        assert api.delete("registered-models/alias", {"name": "churn", "alias": "champion"}) == (200, {})


def test_an_alias_that_is_missing_is_an_invalid_value_not_a_missing_thing(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    status, error = api.get("registered-models/alias", name="churn", alias="none")
    assert (status, error["error_code"]) == INVALID
    assert "Registered model alias none not found" in error["message"]


def test_the_alias_latest_reads_the_highest_version(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    assert code(api.get("registered-models/alias", name="churn", alias="latest")) == MISSING
    api.post("model-versions/create", {"name": "churn", "source": "s3://b/1"})
    api.post("model-versions/create", {"name": "churn", "source": "s3://b/2"})
    assert (
        api.get("registered-models/alias", name="churn", alias="Latest")[1]["model_version"]["version"] == "2"
    )


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V12", "a b", "a/b", "", "x" * 256])
def test_reserved_and_unusable_aliases_are_refused(mlflow: Make, bob: User, alias: str) -> None:
    api = mlflow(bob)
    model(api, versions=1)
    body = {"name": "churn", "alias": alias, "version": "1"}
    assert code(api.post("registered-models/alias", body)) == INVALID


def test_an_alias_of_a_missing_version_is_not_found(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api)
    assert (
        code(api.post("registered-models/alias", {"name": "churn", "alias": "a", "version": "7"})) == MISSING
    )
    assert (
        code(api.post("registered-models/alias", {"name": "churn", "alias": "a", "version": "x"})) == INVALID
    )


def test_latest_versions_are_the_newest_of_each_stage(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, versions=4)
    for version, stage in (("1", "Staging"), ("2", "staging"), ("3", "Production")):
        body = {"name": "churn", "version": version, "stage": stage}
        assert api.post("model-versions/transition-stage", body)[0] == 200

    def latest(**body: object) -> list[tuple[str, str]]:
        got = api.post("registered-models/get-latest-versions", {"name": "churn", **body})[1]
        return [(row["version"], row["current_stage"]) for row in got.get("model_versions", [])]

    assert latest() == [("2", "Staging"), ("3", "Production"), ("4", "None")]
    assert latest(stages=["STAGING"]) == [("2", "Staging")]
    assert latest(stages=["Archived"]) == []
    got = api.get("registered-models/get-latest-versions", name="churn", stages=["None", "Staging"])[1]
    assert [row["version"] for row in got["model_versions"]] == ["2", "4"]
    assert (
        code(api.post("registered-models/get-latest-versions", {"name": "churn", "stages": ["x"]})) == INVALID
    )


def test_a_search_filters_by_name_and_tag_and_orders_by_name_or_time(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for name in ("b", "A", "a"):
        model(api, name, tags=[{"key": "k", "value": name}])

    def names(**query: object) -> list[str]:
        status, got = api.get("registered-models/search", **query)
        assert status == 200, got
        return [row["name"] for row in got.get("registered_models", [])]

    assert names() == ["A", "a", "b"]
    assert names(order_by=["name DESC"]) == ["b", "a", "A"]
    assert names(order_by=["timestamp DESC", "name ASC"]) == ["a", "A", "b"]
    assert names(filter="name = 'a'") == ["a"]
    assert names(filter="name ILIKE 'a%'") == ["A", "a"]
    assert names(filter="name LIKE 'a%'") == ["a"]
    assert names(filter="name IN ('a', 'b')") == ["a", "b"]
    assert names(filter="tags.k = 'b' OR name = 'a'") == ["a", "b"]
    assert names(filter="tags.k != 'b'") == ["A", "a"]
    assert names(filter="tags.other != 'b'") == []
    assert names(filter="tag.`mlflow.prompt.is_prompt` != 'true'") == ["A", "a", "b"]


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "run_id = 'x'"}, {"filter": "name > 'x'"}, {"filter": "name = x"}, {"filter": "metrics.a > 1"},
        {"order_by": "creation_time"}, {"order_by": ["name", "name DESC"]}, {"max_results": 0},
        {"max_results": 1001}, {"max_results": "x"}, {"page_token": "nonsense"}, {"filter": "name LIKE"},
    ],
)  # fmt: skip
def test_a_wrong_search_is_refused(mlflow: Make, bob: User, query: dict[str, object]) -> None:
    api = mlflow(bob)
    model(api)
    assert code(api.get("registered-models/search", **query)) == INVALID


def test_pages_of_a_search_follow_each_other_and_tokens_belong_to_their_search(
    mlflow: Make, bob: User
) -> None:
    api = mlflow(bob)
    for number in range(5):
        model(api, f"m{number}")
    seen, token = [], ""
    while True:
        got = api.get("registered-models/search", max_results=2, page_token=token)[1]
        seen += [row["name"] for row in got["registered_models"]]
        token = got.get("next_page_token", "")
        if not token:
            break
        assert code(api.get("registered-models/search", filter="name != 'x'", page_token=token)) == INVALID
    assert seen == ["m0", "m1", "m2", "m3", "m4"]
    assert api.get("registered-models/search", filter="name = 'none'") == (200, {})


def test_a_page_of_models_costs_three_statements_whatever_its_length(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    for number in range(6):
        model(api, f"m{number}", versions=2)
    with CaptureQueriesContext(connection) as queries:
        api.get("registered-models/search")
    assert sum("models_app" in query["sql"] for query in queries) == 3


def test_prompts_are_found_only_by_a_search_that_asks_for_them(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    model(api, "model")
    model(api, "prompt", tags=[{"key": "mlflow.prompt.is_prompt", "value": "true"}])

    def names(filter: str) -> list[str]:
        got = api.get("registered-models/search", filter=filter)[1]
        return [row["name"] for row in got.get("registered_models", [])]

    tag = "tags.`mlflow.prompt.is_prompt`"
    assert names("") == names(f"{tag} != 'true'") == names(f"{tag} = 'false'") == ["model"]
    assert names(f"{tag} = 'true'") == names(f"{tag} = 'true' AND name ILIKE 'p%'") == ["prompt"]
    assert names("name = 'prompt'") == []


def test_viewers_read_and_do_not_write(mlflow: Make, bob: User, vera: User) -> None:
    model(mlflow(bob), versions=1)
    api = mlflow(vera)
    assert api.get("registered-models/get", name="churn")[0] == 200
    assert api.get("registered-models/search")[0] == 200
    assert api.post("registered-models/get-latest-versions", {"name": "churn"})[0] == 200
    for answer in (
        api.post("registered-models/create", {"name": "x"}),
        api.post("registered-models/rename", {"name": "churn", "new_name": "x"}),
        api.patch("registered-models/update", {"name": "churn", "description": "d"}),
        api.delete("registered-models/delete", {"name": "churn"}),
        api.post("registered-models/set-tag", {"name": "churn", "key": "k", "value": "v"}),
        api.delete("registered-models/delete-tag", {"name": "churn", "key": "k"}),
        api.post("registered-models/alias", {"name": "churn", "alias": "a", "version": "1"}),
        api.delete("registered-models/alias", {"name": "churn", "alias": "a"}),
    ):
        assert code(answer) == (403, "PERMISSION_DENIED")


def test_another_team_sees_nothing_and_may_use_the_same_name(mlflow: Make, bob: User, charlie: User) -> None:
    model(mlflow(bob), versions=1)
    api = mlflow(charlie)
    assert code(api.get("registered-models/get", name="churn")) == MISSING
    assert api.get("registered-models/search") == (200, {})
    model(api)
    assert code(api.get("model-versions/get", name="churn", version="1")) == MISSING
    assert mlflow().get("registered-models/get", name="churn")[0] == 401
