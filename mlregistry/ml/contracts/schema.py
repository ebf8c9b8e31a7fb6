"""The contract's rules about single values as a pandera schema. Used by values; pandera comes at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily

from . import canonical
from .document import NOW, ColumnRule, Contract
from .parsing import moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd
    import pandera.pandas as pa
else:
    pa, pd = lazily("pandera.pandas"), lazily("pandas")


def of_contract(contract: Contract, types: Mapping[str, str], *, now: datetime) -> pa.DataFrameSchema:
    """A schema of the columns that are in a table of these stored types and have rules about values.

    Patterns are not in it: pandera would run them in Python's `re`, which a hostile one can stall.
    """
    columns = {
        rule.name: pa.Column(None, checks=checks, nullable=True, required=False)
        for rule in contract.columns
        if rule.name in types and (checks := _checks(rule, types[rule.name], now))
    }
    return pa.DataFrameSchema(columns)


def _checks(rule: ColumnRule, stored: str, now: datetime) -> list[Any]:
    checks: list[Any] = []
    if rule.min is not None:
        checks.append(pa.Check.ge(rule.min, name="min", error=f"values of {rule.min:g} or more"))
    if rule.max is not None:
        checks.append(pa.Check.le(rule.max, name="max", error=f"values of {rule.max:g} or less"))
    if rule.categories is not None:
        allowed = allowed_values(rule, stored)
        text = f"one of {len(allowed):,} categories"
        checks.append(pa.Check.isin(allowed, name="categories", error=text))
    if rule.min_length is not None or rule.max_length is not None:
        text = f"{rule.min_length or 0:,} to {rule.max_length or 0:,} characters"
        if rule.max_length is None:
            text = f"{rule.min_length:,} characters or more"
        checks.append(pa.Check.str_length(rule.min_length, rule.max_length, name="length", error=text))
    for name, compare, text in (
        ("earliest", pa.Check.ge, "times from {} on"),
        ("latest", pa.Check.le, "times up to {}"),
    ):
        bound = getattr(rule, name)
        if bound is not None:
            checks.append(compare(_timestamp(bound, now), name=name, error=text.format(bound)))
    return checks


def allowed_values(rule: ColumnRule, stored: str) -> list[Any]:
    """The categories in the form in which `canonical.value` reads the column."""
    categories = list(rule.categories or ())
    if canonical.numbers_only(rule, stored) or rule.type == "numeric":
        return categories
    if stored == "boolean":
        return [str(item).lower() for item in categories]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in categories]


def _timestamp(bound: str, now: datetime) -> pd.Timestamp:
    return pd.Timestamp(now if bound == NOW else moment(bound)).tz_convert("UTC").tz_localize(None)
