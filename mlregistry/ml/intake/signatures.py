"""The signature of a model that comes from outside: as its uploader gives it, as MLmodel says, or from the model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.signature import CLUSTER, CONVERSIONS, Field, Signature, plain

MLFLOW_TYPES = {
    "integer": "integer", "long": "integer", "float": "float", "double": "float", "string": "string",
    "boolean": "boolean", "datetime": "datetime",
}  # fmt: skip
DTYPES = {"f": "float", "i": "integer", "u": "integer", "b": "boolean", "s": "string", "o": "string"}
MOST_INPUTS = 5_000
MOST_CLASSES = 1_000
MOST_CATEGORIES = 100
LONGEST_NAME = 500
OUTPUT = "prediction"


@dataclass(frozen=True)
class Wanted:
    """What is said of a model before it is opened; classes in the order of the probabilities."""

    inputs: tuple[Field, ...] = ()
    classes: tuple[Any, ...] = ()
    output: str = OUTPUT

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [field.to_json() for field in self.inputs], "classes": list(self.classes),
            "output": {"name": self.output},
        }  # fmt: skip


def wanted(data: object) -> Wanted:
    """From a request: `inputs` with name and type (ours or MLflow's), and perhaps `classes` and `output`."""
    if not isinstance(data, Mapping) or not isinstance(data.get("inputs"), list):
        raise Invalid(
            'The signature is a JSON object such as {"inputs": [{"name": "age", "type": "float"}]}.',
            field="signature",
        )
    unknown = set(map(str, data)) - {"inputs", "classes", "output"}
    if unknown:
        raise Invalid(f"The signature has no field “{min(unknown)[:60]}”.", field="signature")
    output = data.get("output") or {}
    name = output.get("name", OUTPUT) if isinstance(output, Mapping) else output
    return Wanted(
        _fields(data["inputs"]), _scalars(data.get("classes") or [], "classes", MOST_CLASSES), _name(name)
    )


def of_mlmodel(document: Mapping[str, Any]) -> Wanted | None:
    """From the file MLmodel, whose signature holds JSON as text; None for one without."""
    told = document.get("signature")
    if not isinstance(told, Mapping) or not isinstance(told.get("inputs"), str):
        return None
    try:
        columns = json.loads(told["inputs"])
    except (ValueError, RecursionError):
        return None
    if not isinstance(columns, list) or not columns or not all(isinstance(one, Mapping) for one in columns):
        return None
    spec = columns[0].get("tensor-spec")
    if spec is not None:
        return _of_tensor(spec) if len(columns) == 1 else None
    named = [{**one, "name": one.get("name", f"x{place}")} for place, one in enumerate(columns)]
    return Wanted(_fields(named))


def _of_tensor(spec: Any) -> Wanted | None:
    shape = spec.get("shape") if isinstance(spec, Mapping) else None
    if not isinstance(shape, list) or len(shape) != 2 or not isinstance(shape[1], int) or shape[1] < 1:
        return None
    type = DTYPES.get(str(spec.get("dtype"))[:1])
    return Wanted(unnamed(shape[1], type)) if type else None


def unnamed(n_features: int, type: str = "float") -> tuple[Field, ...]:
    """Inputs of a model that was fitted on a matrix; None is allowed, for some models take it."""
    if not 1 <= n_features <= MOST_INPUTS:
        raise Invalid(
            f"The model takes {n_features:,} columns; 1 to {MOST_INPUTS:,} can be served.", field="signature"
        )
    return tuple(Field(f"x{place}", type, required=False) for place in range(n_features))


def completed(said: Wanted | None, *, names: Sequence[str], n_features: int | None, classes: Sequence[Any],
              is_clusterer: bool, known: Mapping[str, Sequence[Any]]) -> Signature:  # fmt: skip
    """What was said, held against what the model knows of itself: names, number of columns, classes, categories."""
    inputs = said.inputs if said and said.inputs else ()
    if not inputs and names:
        inputs = tuple(Field(name, "string" if name in known else "float", required=False) for name in names)
    if not inputs and n_features:
        inputs = unnamed(n_features)
    if not inputs:
        raise Invalid("The model does not say what columns it takes; give a signature.", field="signature")
    inputs = _ordered(inputs, names, n_features)
    inputs = tuple(_with_categories(field, known.get(field.name, ())) for field in inputs)
    labels = tuple(plain(value) for value in classes)
    if said and said.classes and labels and tuple(said.classes) != labels:
        raise Invalid(f"The model's classes are {_listed(labels)}, in this order.", field="signature")
    labels = labels or (said.classes if said else ())
    output = Field(said.output if said else OUTPUT, _output_type(labels, is_clusterer), True, labels)
    return Signature(inputs, output, labels)


def checked(data: object) -> Signature:
    """A whole signature that came out of a jail."""
    if not isinstance(data, Mapping) or not isinstance(data.get("output"), Mapping):
        raise Invalid("The model's signature cannot be read.", field="signature")
    found = wanted({name: data.get(name) for name in ("inputs", "classes", "output")})
    type = str(data["output"].get("type"))
    if type not in {*CONVERSIONS, CLUSTER}:
        raise Invalid("The model's signature names an output that cannot be served.", field="signature")
    return Signature(found.inputs, Field(found.output, type, True, found.classes), found.classes)


def _fields(columns: Sequence[Any]) -> tuple[Field, ...]:
    if not 1 <= len(columns) <= MOST_INPUTS:
        raise Invalid(f"A signature names 1 to {MOST_INPUTS:,} inputs.", field="signature")
    fields = tuple(_field(column, place) for place, column in enumerate(columns, start=1))
    names = [field.name for field in fields]
    twice = (
        next((name for name in names if names.count(name) > 1), None)
        if len(set(names)) < len(names)
        else None
    )
    if twice is not None:
        raise Invalid(f"The signature names the input “{twice}” twice.", field="signature")
    return fields


def _field(column: Any, place: int) -> Field:
    if not isinstance(column, Mapping):
        raise Invalid(f"Input {place} of the signature is no object with name and type.", field="signature")
    type = MLFLOW_TYPES.get(str(column.get("type")))
    if type is None:
        known = ", ".join(sorted(set(MLFLOW_TYPES)))
        raise Invalid(
            f"Input {place} of the signature has no type that is served: {known}.", field="signature"
        )
    required = column.get("required", True)
    if not isinstance(required, bool):
        raise Invalid(f"“required” of input {place} is true or false.", field="signature")
    categories = _scalars(column.get("categories") or [], "categories", MOST_CATEGORIES)
    return Field(_name(column.get("name")), type, required, categories)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > LONGEST_NAME or not value.isprintable():
        raise Invalid(
            f"A name in the signature is a text of 1 to {LONGEST_NAME} characters.", field="signature"
        )
    return value


def _scalars(values: Any, what: str, most: int) -> tuple[Any, ...]:
    if not isinstance(values, list) or len(values) > most:
        raise Invalid(f"The {what} of the signature are a list of at most {most:,}.", field="signature")
    if not all(isinstance(value, str | int | float) and "\x00" not in str(value) for value in values):
        raise Invalid(f"The {what} of the signature are texts, numbers, true or false.", field="signature")
    return tuple(value[:LONGEST_NAME] if isinstance(value, str) else value for value in values)


def _ordered(inputs: tuple[Field, ...], names: Sequence[str], n_features: int | None) -> tuple[Field, ...]:
    if names:
        by_name = {field.name: field for field in inputs}
        missing = [name for name in names if name not in by_name]
        extra = [name for name in by_name if name not in set(names)]
        if missing or extra:
            word = f"lacks the column “{missing[0]}”" if missing else f"names the column “{extra[0]}”"
            raise Invalid(
                f"The signature {word}; the model was fitted on {_listed(names)}.", field="signature"
            )
        return tuple(by_name[name] for name in names)
    if n_features is not None and n_features != len(inputs):
        raise Invalid(
            f"The signature names {len(inputs):,} inputs; the model was fitted on {n_features:,} columns.",
            field="signature",
        )
    return inputs


def _with_categories(field: Field, known: Sequence[Any]) -> Field:
    if field.type != "string" or field.categories or not known or len(known) > MOST_CATEGORIES:
        return field
    return replace(field, categories=tuple(sorted(str(value) for value in known if isinstance(value, str))))


def _output_type(classes: Sequence[Any], is_clusterer: bool) -> str:
    if is_clusterer:
        return CLUSTER
    if not classes:
        return "float"
    kinds = {bool: "boolean", int: "integer", float: "float"}
    return kinds.get(type(classes[0]), "string")


def _listed(names: Sequence[Any]) -> str:
    shown = ", ".join(str(name)[:60] for name in names[:8])
    return f"{shown} and {len(names) - 8:,} more" if len(names) > 8 else shown
