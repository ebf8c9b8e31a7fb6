"""What a runs table shows: columns, filter, order, time range, groups, widths. Read out of addresses and views.

The doors and the actions of saved views call it. Names are those of the filter grammar: `min(metrics.loss)`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import RUNS, parse, parse_order

MOST_COLUMNS, MOST_GROUPS, MOST_ORDERS = 60, 3, 3
LONGEST_FILTER = 5_000
WIDEST, NARROWEST = 800, 60
SPANS = {
    "1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}  # fmt: skip
DURATION = "duration_seconds"
SPAN_TITLES = {"": "any time", "1h": "last hour", "24h": "last day", "7d": "last week", "30d": "last month",
               "90d": "last 3 months"}  # fmt: skip
TITLES = {
    "run_id": "id", "run_name": "name", "status": "state", "user_id": "user", "artifact_uri": "artifacts",
    "start_time": "started", "end_time": "ended", DURATION: "duration",
}  # fmt: skip
ATTRIBUTES = ("status", "start_time", DURATION, "end_time", "user_id", "run_id", "artifact_uri")
GROUPING_ATTRIBUTES = ("status", "user_id")
SPELLED = {"attribute": "attributes", "metric": "metrics", "param": "params", "tag": "tags"}
PLAIN_KEY = re.compile(r"\w+(?:\.\w+)*", re.ASCII)
WORDS = ("columns", "filter", "order", "since", "group", "pinned", "widths")


@dataclass(frozen=True, slots=True)
class Column:
    """One thing of each run; `aggregate` is of a metric: last, min, max or best."""

    entity: str
    key: str
    aggregate: str = "last"

    @property
    def name(self) -> str:
        """As the grammar reads it, and as an address holds it."""
        plain = f"{SPELLED[self.entity]}.{quoted_key(self.key)}"
        return plain if self.aggregate == "last" else f"{self.aggregate}({plain})"

    @property
    def title(self) -> str:
        if self.entity == "attribute":
            return TITLES.get(self.key, self.key)
        return self.key if self.aggregate == "last" else f"{self.aggregate} {self.key}"

    @property
    def is_number(self) -> bool:
        return self.entity == "metric"

    @property
    def can_group(self) -> bool:
        return self.entity in ("param", "tag") or (
            self.entity == "attribute" and self.key in GROUPING_ATTRIBUTES
        )


@dataclass(frozen=True, slots=True)
class TableState:
    """`order` are terms of the grammar; `pinned` columns stay in sight beside the name; a width of 0 is the
    column's own, the first is the name's."""

    columns: tuple[Column, ...] = ()
    filter: str = ""
    order: tuple[str, ...] = ()
    since: str = ""
    group: tuple[Column, ...] = ()
    pinned: int = 0
    widths: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "columns": [column.name for column in self.columns], "filter": self.filter, "order": list(self.order),
            "since": self.since, "group": [column.name for column in self.group], "pinned": self.pinned,
            "widths": list(self.widths),
        }  # fmt: skip


def state_of(given: Mapping[str, Any], *, usual: Sequence[Column] = ()) -> TableState:
    """Of the words of an address or of JSON; Invalid names what is wrong. `usual` stands where no columns are named.

    The filter is taken as it is: whoever shows it says what is wrong with it.
    """
    unknown = sorted(set(given) - set(WORDS))
    if unknown:
        raise Invalid(
            f"There is no {unknown[0][:100]!r} in a table; known: {', '.join(WORDS)}.", field="state"
        )
    columns = _columns(_texts(given, "columns"), "columns", MOST_COLUMNS)
    group = _columns(_texts(given, "group"), "group", MOST_GROUPS)
    for column in group:
        if not column.can_group:
            raise Invalid(
                f"{column.name} is nothing to group by: params, tags, status and user are.", field="group"
            )
    filter, since = _text(given, "filter"), _text(given, "since")
    if len(filter) > LONGEST_FILTER:
        raise Invalid(
            f"The filter has {len(filter):,} characters; a table takes {LONGEST_FILTER:,}.", field="filter"
        )
    if since not in SPAN_TITLES:
        raise Invalid(f"The time range is one of {', '.join(SPANS)}, or empty.", field="since")
    found = columns or tuple(usual)
    return TableState(
        columns=found, filter=filter.strip(), order=_order(_texts(given, "order")), since=since, group=group,
        pinned=_pinned(given.get("pinned", 0), len(found)), widths=_widths(given.get("widths", ())),
    )  # fmt: skip


def checked_filter(filter: str) -> None:
    """Invalid, with its place, for a filter that cannot be read."""
    parse(filter, RUNS)


def column_of(name: str) -> Column:
    """The column of this name; Invalid for one that is none."""
    (found,) = parse_order([name], RUNS)
    return Column(found.entity, found.key, found.aggregate)


def quoted_key(key: str) -> str:
    """The key as the grammar reads it back: in back-ticks where it has other characters than letters."""
    if PLAIN_KEY.fullmatch(key):
        return key
    return f"`{key}`" if "`" not in key else f'"{key}"'


def can_be_named(key: str) -> bool:
    """Whether the grammar has a spelling for it."""
    return bool(key) and not ("`" in key and '"' in key)


def equals(column: Column, value: str | None) -> str | None:
    """The comparison that holds where the column has this value; None where the grammar has no spelling for it."""
    if value is None:
        return f"{column.name} IS NULL" if column.entity != "attribute" else f"{column.name} IN ('')"
    if "\\" in value:
        return None
    escaped = value.replace("'", "''")
    return f"{column.name} IN ('{escaped}')"


def combined(filter: str, more: Sequence[str]) -> str:
    """Runs for which the filter and each of the comparisons hold."""
    parts = [*([f"({filter})"] if filter.strip() else []), *more]
    return " AND ".join(parts)


def _columns(names: Sequence[str], field: str, most: int) -> tuple[Column, ...]:
    if len(names) > most:
        raise Invalid(f"{len(names)} columns in {field}; at most {most} are allowed.", field=field)
    try:
        return tuple(dict.fromkeys(column_of(name) for name in names if name.strip()))
    except Invalid as error:
        raise Invalid(f"{error.message} A column is named as in metrics.auc.", field=field) from error


def _order(terms: Sequence[str]) -> tuple[str, ...]:
    if len(terms) > MOST_ORDERS:
        raise Invalid(f"A table is ordered by at most {MOST_ORDERS} columns.", field="order")
    parse_order(list(terms), RUNS)
    return tuple(terms)


def _pinned(given: Any, n_columns: int) -> int:
    number = _whole(given, "pinned")
    if number < 0:
        raise Invalid("pinned is the number of columns that stay in sight.", field="pinned")
    return min(number, n_columns)


def _widths(given: Any) -> tuple[int, ...]:
    values = given if isinstance(given, list | tuple) else str(given).split(",") if given else []
    if len(values) > MOST_COLUMNS + 1:
        raise Invalid(f"At most {MOST_COLUMNS + 1} widths are allowed.", field="widths")
    found = (_whole(value or 0, "widths") for value in values)
    return tuple(max(NARROWEST, min(WIDEST, width)) if width else 0 for width in found)


def _whole(given: Any, field: str) -> int:
    if isinstance(given, bool) or not re.fullmatch(r"-?[0-9]{1,6}", str(given)):
        raise Invalid(f"{field}: {str(given)[:50]!r} is no whole number.", field=field)
    return int(given)


def _text(given: Mapping[str, Any], word: str) -> str:
    value = given.get(word, "")
    if not isinstance(value, str):
        raise Invalid(f"{word} is a text.", field=word)
    return value


def _texts(given: Mapping[str, Any], word: str) -> list[str]:
    value = given.get(word, ())
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise Invalid(f"{word} is a list of texts.", field=word)
    return list(value)
