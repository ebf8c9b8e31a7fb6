"""Prompts of the 3.x client: they are registered models with reserved tags, so they come with the registry."""

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_model, fresh, refused

pytestmark = pytest.mark.only_mlflow3
client = MlflowClient()


def test_a_registered_prompt_is_loaded_and_filled_in() -> None:
    name = fresh("prompt")
    first = mlflow.genai.register_prompt(name, "Say {{ word }}.", commit_message="first", tags={"lang": "en"})
    second = mlflow.genai.register_prompt(name, "Sing {{ word }}.", commit_message="second")
    assert (first.version, second.version) == (1, 2)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert (loaded.template, loaded.commit_message) == ("Say {{ word }}.", "first")
    assert loaded.format(word="hello") == "Say hello."
    assert mlflow.genai.load_prompt(name, version=2).template == "Sing {{ word }}."


def test_a_chat_prompt_keeps_its_messages() -> None:
    name = fresh("chat")
    messages = [
        {"role": "system", "content": "Be {{ mood }}."},
        {"role": "user", "content": "{{ question }}"},
    ]
    mlflow.genai.register_prompt(name, messages)
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1").template == messages


def test_an_alias_of_a_prompt_is_set_and_deleted() -> None:
    name = fresh("prompt")
    mlflow.genai.register_prompt(name, "one")
    mlflow.genai.register_prompt(name, "two")
    mlflow.genai.set_prompt_alias(name, "live", 2)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@live").template == "two"
    mlflow.genai.set_prompt_alias(name, "live", 1)
    assert client.get_prompt_version_by_alias(name, "live").template == "one"
    mlflow.genai.delete_prompt_alias(name, "live")
    with pytest.raises(mlflow.exceptions.MlflowException):
        client.get_prompt_version_by_alias(name, "live")


def test_prompts_and_models_are_kept_apart_in_searches() -> None:
    prompt, model = fresh("apart"), a_model("apart")
    mlflow.genai.register_prompt(prompt, "text")
    assert [found.name for found in client.search_registered_models(f"name='{model}'")] == [model]
    assert list(client.search_registered_models(f"name='{prompt}'")) == []
    assert [found.name for found in mlflow.genai.search_prompts(f"name='{prompt}'")] == [prompt]
    assert list(mlflow.genai.search_prompts(f"name='{model}'")) == []


def test_tags_of_a_prompt_and_of_its_version() -> None:
    name = fresh("tagged")
    mlflow.genai.register_prompt(name, "text", tags={"a": "1"})
    client.set_prompt_tag(name, "whole", "yes")
    client.set_prompt_version_tag(name, 1, "b", "2")
    assert client.get_prompt(name).tags["whole"] == "yes"
    assert client.get_prompt_version(name, 1).tags == {"a": "1", "b": "2"}
    client.delete_prompt_version_tag(name, 1, "a")
    client.delete_prompt_tag(name, "whole")
    assert client.get_prompt_version(name, 1).tags == {"b": "2"}
    assert "whole" not in client.get_prompt(name).tags


def test_versions_of_a_prompt_are_listed_and_deleted() -> None:
    name = fresh("listed")
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    client.delete_prompt_version(name, "1")
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert mlflow.genai.load_prompt(f"prompts:/{name}/2").template == "two"


def test_a_missing_prompt_can_be_allowed_or_is_refused() -> None:
    assert mlflow.genai.load_prompt(fresh("missing"), version=1, allow_missing=True) is None
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.genai.load_prompt(fresh("missing"), version=1)


def test_a_model_method_refuses_a_prompt_and_a_prompt_a_models_name() -> None:
    prompt, model = fresh("prompt"), a_model()
    mlflow.genai.register_prompt(prompt, "text")
    with pytest.raises(mlflow.exceptions.MlflowException):
        client.delete_registered_model(prompt)
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.genai.register_prompt(model, "text")
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(prompt)
