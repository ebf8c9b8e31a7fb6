"""A list of steps as JSON, checked: `parse` is the only way in; errors name the path. `schema` describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.steps.catalogue import KINDS, Columns, Kind
from mlregistry.ml.steps.options import check, check_columns, columns_schema
from mlregistry.ml.steps.options import schema as option_schema

MOST_STEPS = 100
NOT_OPTIONS = ("step", "columns")


@dataclass(frozen=True)
class Step:
    """One checked step with every option; `columns` is None for a kind that has none."""

    kind: str
    columns: Columns | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> Kind:
        return KINDS[self.kind]

    @property
    def on_rows(self) -> bool:
        """Whether it leaves out training rows."""
        return self.entry.make is None

    def to_json(self) -> dict[str, Any]:
        columns = {} if self.columns is None else {"columns": self.columns}
        return {"step": self.kind, **columns, **self.options}


def parse(data: Any, path: str = "steps") -> tuple[Step, ...]:
    """The steps; Invalid names the path of what is wrong, such as steps.2.method."""
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise Invalid(f"'{path}' is a list of steps.", field=path)
    if len(data) > MOST_STEPS:
        raise Invalid(f"A recipe has at most {MOST_STEPS} steps.", field=path)
    steps = tuple(_step(item, f"{path}.{place}") for place, item in enumerate(data))
    changed = False
    for place, step in enumerate(steps):
        if step.on_rows and changed:
            raise Invalid(
                f"Step {place + 1} ({step.entry.title}) leaves out rows; put it before the steps that change columns.",
                field=f"{path}.{place}",
            )
        changed = changed or not step.on_rows
    return steps


def _step(item: Any, path: str) -> Step:
    if isinstance(item, Step):
        return item
    if not isinstance(item, Mapping):
        raise Invalid(f'\'{path}\' is an object such as {{"step": "impute"}}.', field=path)
    name = item.get("step")
    if not isinstance(name, str) or name not in KINDS:
        raise Invalid(f"'{path}.step' is one of: {', '.join(KINDS)}.", field=f"{path}.step")
    kind = KINDS[name]
    known = [option.name for option in kind.options]
    for key in item:
        if key != "step" and key not in known and not (key == "columns" and _has_columns(kind)):
            fitting = ", ".join([*(["columns"] if _has_columns(kind) else []), *known]) or "none"
            shown = str(key)[:60]
            raise Invalid(
                f"The step {name} has no option '{shown}'; known: {fitting}.", field=f"{path}.{shown}"
            )
    options = {
        option.name: check(option, item.get(option.name, option.default), f"{path}.{option.name}")
        for option in kind.options
    }
    step = Step(name, _columns(kind, item.get("columns"), path), options)
    _check_together(step, path)
    return step


def _has_columns(kind: Kind) -> bool:
    return kind.needed or kind.columns is not None


def _columns(kind: Kind, given: Any, path: str) -> Columns | None:
    if not _has_columns(kind):
        return None
    if given is None or given in ([], ""):
        if kind.needed:
            raise Invalid(f"The step {kind.name} needs columns.", field=f"{path}.columns")
        return dict(kind.columns) if isinstance(kind.columns, dict) else kind.columns
    return check_columns(given, f"{path}.columns")


def _check_together(step: Step, path: str) -> None:
    options = step.options
    if step.kind == "bin" and options["method"] == "edges" and not options["edges"]:
        raise Invalid("The method edges needs the edges.", field=f"{path}.edges")
    if step.entry.needs_order and options["order"] in (options["group"] or ()):
        raise Invalid("The order column cannot be the group too.", field=f"{path}.group")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a list of steps."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Steps of a recipe",
        "type": "array",
        "maxItems": MOST_STEPS,
        "items": {"oneOf": [_kind_schema(kind) for kind in KINDS.values()]},
    }


def _kind_schema(kind: Kind) -> dict[str, Any]:
    properties: dict[str, Any] = {"step": {"const": kind.name}}
    if _has_columns(kind):
        properties["columns"] = columns_schema() | ({} if kind.columns is None else {"default": kind.columns})
    properties |= {option.name: option_schema(option) for option in kind.options}
    required = [option.name for option in kind.options if option.default is None and not option.nullable]
    return {
        "title": kind.title,
        "description": kind.text,
        "type": "object",
        "properties": properties,
        "required": ["step", *(["columns"] if kind.needed else []), *required],
        "additionalProperties": False,
    }
