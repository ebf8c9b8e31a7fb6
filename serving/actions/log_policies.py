"""What an endpoint writes down and for how long: sample, redaction, retention. `endpoints.update_endpoint` calls it."""

import math
from collections.abc import Mapping
from typing import Any

from mlregistry.errors import Invalid
from serving.hotpath import redaction
from serving.models import Endpoint

MOST_DAYS = 36_500


def checked(endpoint: Endpoint, given: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint's fields for `sample` (0 to 1), `redact` (rule by column) and `retention_days` (None: for ever).

    What is left out of `given` stays as it is. Invalid names the field, and the column that no variant knows.
    """
    found: dict[str, Any] = {}
    if "sample" in given:
        found["log_sample"] = _sample(given["sample"])
    if "retention_days" in given:
        found["log_retention_days"] = _days(given["retention_days"])
    if "redact" in given:
        found["log_redact"] = _rules(endpoint, given["redact"])
    return found


def _sample(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid("The sample is a number from 0 to 1.", field="sample")
    if not 0 <= value <= 1:
        raise Invalid("The sample lies between 0 (nothing) and 1 (every unit).", field="sample")
    return float(value)


def _days(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise Invalid(f"Retention is a number of days from 1 to {MOST_DAYS:,}.", field="retention_days")
    return value


def _rules(endpoint: Endpoint, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise Invalid("redact is an object of columns and rules.", field="redact")
    rules = redaction.checked(given)
    known = {redaction.UNIT}
    for variant in endpoint.variants.select_related("version"):
        known |= {field["name"] for field in variant.version.served_signature.get("inputs", [])}
    for column in rules:
        if column not in known:
            raise Invalid(f"No variant of “{endpoint.name}” has a column “{column[:60]}”.", field="redact")
    return rules
