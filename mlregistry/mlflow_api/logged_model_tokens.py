"""Page tokens of logged models, which tell what of the search is another than before. Called by logged_models.

The seal of the token itself refuses every other query; the marks behind it only find the words for that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mlregistry.errors import Invalid

MARK_LENGTH = 8
PARTS = {
    "experiment_ids": "Experiment IDs in the page token do not match the requested experiment IDs.",
    "order_by": "Order by in the page token does not match the requested order by.",
    "filter": "Filter string in the page token does not match the requested filter string.",
}


def marked(token: str, given: Mapping[str, Any]) -> str:
    """The token with a mark of each part of the search; "" stays."""
    return ".".join([token, *(_mark(given[part]) for part in PARTS)]) if token else ""


def unmarked(token: str, given: Mapping[str, Any]) -> str:
    """The token alone; Invalid tells which part of the search is another one."""
    plain, *marks = token.split(".")
    if len(marks) == len(PARTS):
        for (part, message), mark in zip(PARTS.items(), marks, strict=True):
            if mark != _mark(given[part]):
                raise Invalid(message, field="page_token")
    return plain


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value or "", sort_keys=True).encode()).hexdigest()[:MARK_LENGTH]
