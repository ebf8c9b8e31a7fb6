"""The events that MLflow's webhooks know, each with an example of its data. Called by actions and doors."""

from typing import Any

MODEL = {"name": "churn"}
VERSION = {**MODEL, "version": "3"}
PROMPT = {"name": "greeting"}
PROMPT_VERSION = {**PROMPT, "version": "2"}
TAG = {"key": "reviewed"}
TAG_SET = {**TAG, "value": "yes"}
ALIAS = {"alias": "champion"}
NEW = {"tags": {"owner": "growth"}, "description": "A test of this webhook"}

EVENTS: dict[str, dict[str, Any]] = {
    "registered_model.created": {**MODEL, **NEW},
    "model_version.created": {
        **VERSION,
        "source": "models:/m-0123456789abcdef0123456789abcdef",
        "run_id": "0123456789abcdef0123456789abcdef",
        **NEW,
    },
    "model_version_tag.set": {**VERSION, **TAG_SET},
    "model_version_tag.deleted": {**VERSION, **TAG},
    "model_version_alias.created": {**MODEL, **ALIAS, "version": "3"},
    "model_version_alias.deleted": {**MODEL, **ALIAS},
    "prompt.created": {**PROMPT, **NEW},
    "prompt_version.created": {**PROMPT_VERSION, "template": "Good morning, {{name}}!", **NEW},
    "prompt_tag.set": {**PROMPT, **TAG_SET},
    "prompt_tag.deleted": {**PROMPT, **TAG},
    "prompt_version_tag.set": {**PROMPT_VERSION, **TAG_SET},
    "prompt_version_tag.deleted": {**PROMPT_VERSION, **TAG},
    "prompt_alias.created": {**PROMPT, **ALIAS, "version": "2"},
    "prompt_alias.deleted": {**PROMPT, **ALIAS},
    # Subscribed to by clients of MLflow's gateway; nothing here announces it.
    "budget_policy.exceeded": {
        "budget_policy_id": "bp-0123456789",
        "budget_unit": "USD",
        "budget_amount": 50.0,
        "current_spend": 50.25,
        "duration_unit": "DAYS",
        "duration_value": 7,
        "target_scope": "WORKSPACE",
        "workspace": "default",
        "target_value": None,
        "window_start": 1767225600000,
    },
}
