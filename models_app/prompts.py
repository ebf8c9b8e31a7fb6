"""Prompts of MLflow's clients: registered models with reserved tags. Called by actions and queries."""

from collections.abc import Mapping

IS_PROMPT = "mlflow.prompt.is_prompt"
TEXT = "mlflow.prompt.text"
TYPE = "_mlflow_prompt_type"
SOURCES = frozenset({"dummy-source", "prompt-template"})


def is_prompt(tags: Mapping[str, str]) -> bool:
    return str(tags.get(IS_PROMPT, "")).lower() == "true"
