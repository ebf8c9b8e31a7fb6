"""Registered models through `MlflowClient`, method by method."""

import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, a_run, fresh, refused

client = MlflowClient()


def test_a_created_model_is_read_back_with_description_and_tags() -> None:
    name = fresh("model")
    created = client.create_registered_model(name, tags={"team": "credit"}, description="What it is for")
    read = client.get_registered_model(name)
    assert (created.name, created.description, created.tags) == (name, "What it is for", {"team": "credit"})
    assert (read.name, read.description, read.tags) == (name, "What it is for", {"team": "credit"})
    assert read.creation_timestamp == created.creation_timestamp > 1_500_000_000_000
    assert read.last_updated_timestamp >= read.creation_timestamp
    assert read.latest_versions == []
    assert read.aliases == {}


def test_a_name_is_taken_once() -> None:
    name = a_model()
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(name)


@pytest.mark.parametrize("name", ["", "with/slash", "with:colon"])
def test_a_bad_model_name_is_refused(name: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_registered_model(name)


@pytest.mark.parametrize(
    "name", ["with blank", "ünïcødé-模型", "50%+more", "semi;colon&amp=1", "dots.and-dashes_"]
)
def test_an_unusual_model_name_survives_the_way_there_and_back(name: str) -> None:
    unusual = fresh(name)
    client.create_registered_model(unusual)
    client.create_model_version(unusual, "s3://bucket/model")
    assert client.get_registered_model(unusual).name == unusual
    assert client.get_model_version(unusual, "1").name == unusual


def test_a_missing_model_is_not_found() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(fresh("missing"))


def test_a_rename_takes_versions_tags_and_aliases_along() -> None:
    old, new = a_model(versions=2, tags={"k": "v"}), fresh("renamed")
    client.set_registered_model_alias(old, "champion", "2")
    client.set_model_version_tag(old, "1", "checked", "yes")
    client.rename_registered_model(old, new)
    moved = client.get_registered_model(new)
    assert (moved.tags, moved.aliases) == ({"k": "v"}, {"champion": "2"})
    assert client.get_model_version(new, "1").tags == {"checked": "yes"}
    assert client.get_model_version_by_alias(new, "champion").version in (2, "2")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(old)
    assert client.create_registered_model(old).name == old


def test_a_rename_to_a_taken_or_bad_name_or_of_a_missing_model_is_refused() -> None:
    name, taken = a_model(), a_model()
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model(name, taken)
    with refused("INVALID_PARAMETER_VALUE"):
        client.rename_registered_model(name, "a/b")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.rename_registered_model(fresh("missing"), fresh("new"))


def test_an_update_changes_the_description_and_the_time() -> None:
    name = a_model(description="before")
    before = client.get_registered_model(name)
    updated = client.update_registered_model(name, description="after")
    assert updated.description == "after"
    assert client.get_registered_model(name).description == "after"
    assert updated.last_updated_timestamp >= before.last_updated_timestamp
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.update_registered_model(fresh("missing"), description="x")


def test_a_deleted_model_is_gone_with_its_versions_and_its_name_is_free() -> None:
    name = a_model(versions=2, tags={"k": "v"})
    client.delete_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(name, "1")
    assert list(client.search_model_versions(f"name='{name}'")) == []
    client.create_registered_model(name)
    assert client.create_model_version(name, "s3://bucket/again").version in (1, "1")
    assert client.get_registered_model(name).tags == {}
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_registered_model(fresh("missing"))


def test_tags_of_a_model_are_set_overwritten_and_deleted() -> None:
    name = a_model()
    client.set_registered_model_tag(name, "stage of work", "draft")
    client.set_registered_model_tag(name, "stage of work", "done")
    client.set_registered_model_tag(name, "count", 3)
    client.set_registered_model_tag(name, "empty", "")
    assert client.get_registered_model(name).tags == {"stage of work": "done", "count": "3", "empty": ""}
    client.delete_registered_model_tag(name, "count")
    client.delete_registered_model_tag(name, "never there")
    assert client.get_registered_model(name).tags == {"stage of work": "done", "empty": ""}


def test_tags_of_a_missing_model_and_oversized_tags_are_refused() -> None:
    name = a_model()
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.set_registered_model_tag(fresh("missing"), "k", "v")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_tag(name, "k" * 251, "v")
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_registered_model_tag(name, "k", "v" * 100_001)
    client.set_registered_model_tag(name, "k" * 250, "v" * 100_000)
    assert client.get_registered_model(name).tags == {"k" * 250: "v" * 100_000}


@pytest.fixture(scope="module")
def shelf() -> dict[str, str]:
    """Five models under one fresh prefix: their role to their name, in the order in which they were made."""
    stem = fresh("shelf")
    tags = {
        "a": {"kind": "tree"},
        "b": {"kind": "tree", "size": "big"},
        "c": {"kind": "linear"},
        "d": {},
        "E": {},
    }
    for role, its_tags in tags.items():
        client.create_registered_model(f"{stem}-{role}", tags=its_tags)
    client.update_registered_model(f"{stem}-c", description="touched last")
    return {"stem": stem, **{role: f"{stem}-{role}" for role in tags}}


@pytest.mark.parametrize(
    ("condition", "roles"),
    [
        ("name LIKE '{stem}%'", "Eabcd"),
        ("name = '{stem}-a'", "a"),
        ("name != '{stem}-a' AND name LIKE '{stem}%'", "Ebcd"),
        ("name ILIKE '{STEM}-E'", "E"),
        ("name LIKE '{STEM}%'", ""),
        ("name LIKE '{stem}-_' AND tags.kind = 'tree'", "ab"),
        ("name LIKE '{stem}%' AND tag.`kind` != 'tree'", "c"),
        ("name LIKE '{stem}%' AND tags.\"kind\" LIKE 'l%'", "c"),
        ("name LIKE '{stem}%' AND tags.kind ILIKE 'TR%' AND tags.size = 'big'", "b"),
        ("attribute.name = '{stem}-d'", "d"),
    ],
)
def test_a_model_search_filters(shelf: dict[str, str], condition: str, roles: str) -> None:
    found = client.search_registered_models(condition.format(STEM=shelf["stem"].upper(), **shelf))
    assert [model.name for model in found] == [shelf[role] for role in roles]


@pytest.mark.parametrize(
    "condition",
    [
        "name = unquoted",
        "name > 'a'",
        "run_id = 'a'",
        "name = ",
        "garbage",
        "metrics.x > 1",
    ],
)
def test_a_model_filter_outside_the_grammar_is_refused(condition: str) -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_registered_models(condition)


def test_a_model_search_orders_by_name_and_by_time(shelf: dict[str, str]) -> None:
    def ordered(*order_by: str) -> str:
        found = client.search_registered_models(f"name LIKE '{shelf['stem']}%'", order_by=list(order_by))
        return "".join(model.name[-1] for model in found)

    assert ordered("name DESC") == "dcbaE"
    assert ordered("name ASC") == "Eabcd"
    assert ordered("timestamp DESC")[0] == "c"
    assert ordered("last_updated_timestamp ASC", "name DESC")[-1] == "c"
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_registered_models(order_by=["run_id"])


def test_a_model_search_pages_without_loss_or_repetition(shelf: dict[str, str]) -> None:
    condition = f"name LIKE '{shelf['stem']}%'"
    page = client.search_registered_models(condition, max_results=2)
    names = [model.name for model in page]
    while page.token:
        page = client.search_registered_models(condition, max_results=2, page_token=page.token)
        assert 1 <= len(page) <= 2
        names += [model.name for model in page]
    assert names == [shelf[role] for role in "Eabcd"]


def test_a_page_of_more_than_a_thousand_models_is_refused() -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_registered_models(max_results=1001)


def test_a_tampered_page_token_is_refused() -> None:
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_registered_models(page_token="bm90IGEgdG9rZW4")


def test_a_found_model_carries_its_latest_versions_and_aliases() -> None:
    name = a_model(versions=3)
    client.set_registered_model_alias(name, "champion", "1")
    (found,) = client.search_registered_models(f"name='{name}'")
    assert [str(version.version) for version in found.latest_versions] == ["3"]
    assert found.aliases == {"champion": "1"}


def test_a_run_is_not_a_registered_model() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(a_run().info.run_id)
