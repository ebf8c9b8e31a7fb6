"""What each noun may be searched by: its entities, its attributes, their types and other names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr.tokens import short

NUMBER_OPERATORS = ("=", "!=", ">", ">=", "<", "<=")
TEXT_OPERATORS = (
    "=", "!=", "LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE", "RLIKE", "NOT RLIKE", "IN", "NOT IN",
)  # fmt: skip
NULL_OPERATORS = ("IS NULL", "IS NOT NULL")
DATASET_KEYS = ("name", "digest", "context")

ATTRIBUTE = {"attribute": "attribute", "attributes": "attribute"}
TAG = {"tag": "tag", "tags": "tag"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column of the noun under its canonical name."""

    name: str
    kind: str = "text"  # "text" "number"
    aliases: tuple[str, ...] = ()
    filterable: bool = True
    orderable: bool = True


@dataclass(frozen=True)
class Grammar:
    """The table of one noun. `numbers_as_text`: a bare number given for text is read as that text."""

    noun: str
    entities: dict[str, str]  # every spelling → canonical
    attributes: tuple[Attribute, ...]
    orderable_entities: tuple[str, ...] = ("attribute",)
    numbers_as_text: bool = False
    order_key: str = "attribute key"  # what a wrong name in an order is called

    def resolve(self, name: str, *, field: str) -> tuple[str, str, str]:
        """(entity, key, kind) of a name as written, such as ``metrics.`my key` ``."""
        spelled, dot, rest = name.partition(".")
        if not dot:
            spelled, rest = "attribute", name
        entity = self.entities.get(_without_ticks(spelled))
        if entity is None:
            raise _unknown("entity type", spelled, sorted(self.entities), field=field)
        key = _without_ticks(_without_quotes(rest))
        if entity == "attribute":
            return self._resolve_attribute(key, field=field)
        if entity == "dataset" and key not in DATASET_KEYS:
            raise _unknown("dataset key", key, DATASET_KEYS, field=field)
        if not key:
            raise Invalid(f"Invalid {entity} key '': name one, as in {spelled}.key.", field=field)
        return entity, key, "number" if entity == "metric" else "text"

    def operators(self, entity: str, kind: str) -> tuple[str, ...]:
        """The operators that fit."""
        if kind == "number":
            return NUMBER_OPERATORS
        return (*TEXT_OPERATORS, *NULL_OPERATORS) if entity in ("tag", "param") else TEXT_OPERATORS

    def _resolve_attribute(self, key: str, *, field: str) -> tuple[str, str, str]:
        ordering = field == "order_by"
        fitting = [each for each in self.attributes if (each.orderable if ordering else each.filterable)]
        for each in fitting:
            if key == each.name or key in each.aliases:
                return "attribute", each.name, each.kind
        what = self.order_key if ordering else "attribute key"
        raise _unknown(what, key, [each.name for each in fitting], field=field)


def _without_quotes(text: str) -> str:
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _without_ticks(text: str) -> str:
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == "`" else text


def _unknown(what: str, found: str, known: Iterable[str], *, field: str) -> Invalid:
    listed = ", ".join(known)
    return Invalid(f"Invalid {what} '{short(found)}' specified. Choose one of: {listed}.", field=field)


RUNS = Grammar(
    noun="runs",
    entities={
        **ATTRIBUTE, "attr": "attribute", "run": "attribute",
        "metric": "metric", "metrics": "metric",
        "param": "param", "params": "param", "parameter": "param", "parameters": "param",
        **TAG, "dataset": "dataset", "datasets": "dataset",
    },
    attributes=(
        Attribute("run_id"),
        Attribute("run_name", aliases=("run name", "Run name", "Run Name")),
        Attribute("status"),
        Attribute("user_id"),
        Attribute("artifact_uri"),
        Attribute("start_time", "number", aliases=("created", "Created")),
        Attribute("end_time", "number"),
        Attribute("duration_seconds", "number", aliases=("duration",)),
    ),
    orderable_entities=("attribute", "metric", "param", "tag"),
)  # fmt: skip

EXPERIMENTS = Grammar(
    noun="experiments",
    entities={**ATTRIBUTE, **TAG},
    attributes=(
        Attribute("name"),
        Attribute("experiment_id"),
        Attribute("creation_time", "number"),
        Attribute("last_update_time", "number"),
    ),
)

REGISTERED_MODELS = Grammar(
    noun="registered models",
    entities={**ATTRIBUTE, **TAG},
    attributes=(
        Attribute("name"),
        Attribute("last_updated_timestamp", "number", aliases=("timestamp",), filterable=False),
    ),
    order_key="order by key",
)

MODEL_VERSIONS = Grammar(
    noun="model versions",
    entities={**ATTRIBUTE, **TAG},
    attributes=(
        Attribute("name"),
        Attribute("version_number", "number"),
        Attribute("run_id", orderable=False),
        Attribute("source_path", orderable=False),
        Attribute("creation_timestamp", "number", filterable=False),
        Attribute("last_updated_timestamp", "number", filterable=False),
    ),
)

LOGGED_MODELS = Grammar(
    noun="logged models",
    entities={"attributes": "attribute", "attribute": "attribute", "metrics": "metric", "params": "param",
              "tags": "tag"},
    attributes=(
        Attribute("name"),
        Attribute("model_id"),
        Attribute("model_type"),
        Attribute("status"),
        Attribute("source_run_id"),
        Attribute("creation_timestamp", "number", aliases=("creation_time", "creation_timestamp_ms")),
        Attribute(
            "last_updated_timestamp", "number", aliases=("last_updated_time", "last_updated_timestamp_ms")
        ),
    ),
    orderable_entities=("attribute", "metric"),
    numbers_as_text=True,
)  # fmt: skip
