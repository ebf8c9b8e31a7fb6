"""The tag that lists the versions made of a logged model, each once. Called when tags are set and versions registered.

After the server has noted a version, MLflow's client reads the tag and adds the version again, with its number as text.
"""

import json
from collections.abc import Mapping
from typing import Any

from mlregistry.lib.tag_names import MODEL_VERSIONS


def tidied(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags as given, but with each version in the list once; a list that cannot be read stays as it is."""
    entries = _entries(tags.get(MODEL_VERSIONS, ""))
    if entries is None or len(once := _once(entries)) == len(entries):
        return dict(tags)
    return {**tags, MODEL_VERSIONS: json.dumps(once)}


def with_version(tags: Mapping[str, str], name: str, number: int) -> dict[str, str]:
    """The tags with this version in the list."""
    entries = _entries(tags.get(MODEL_VERSIONS, "")) or []
    return {**tags, MODEL_VERSIONS: json.dumps(_once([*entries, {"name": name, "version": number}]))}


def _entries(text: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else None


def _once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of their first mention; a number counts before the same as text."""
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        key = (str(entry.get("name")), str(entry.get("version")))
        if key not in kept or not isinstance(entry.get("version"), str):
            kept[key] = entry
    return list(kept.values())
