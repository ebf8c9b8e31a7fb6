"""Compiles a fitted pipeline with its signature: the row plan, the estimator's form, and how its answer is told.

Candidates call it; Unsupported says which part has no compiled form.
"""

from __future__ import annotations

from typing import Any

from mlregistry.ml.compiling import (
    convert_blends,
    convert_boosters,
    convert_extreme,
    convert_kernels,
    convert_linear,
    convert_numbers,
    convert_quantised,
    convert_trees,
    convert_wrapped,
    converting,
)
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.trace_frames import transformed
from mlregistry.ml.compiling.trace_steps import TRACERS
from mlregistry.ml.compiling.tracing import begin
from mlregistry.ml.signature import CLUSTER, RANKING, Signature, plain

MODULES = (
    convert_blends, convert_boosters, convert_extreme, convert_kernels, convert_linear, convert_numbers,
    convert_quantised, convert_trees, convert_wrapped,
)  # fmt: skip
for _module in MODULES:
    converting.register(_module.TABLE)


def compile_model(pipeline: Any, signature: Signature) -> Form:
    """A form of the operation `model`: its parts are the plan and the head."""
    plan, options = plan_of(pipeline, signature)
    estimator = steps_of(pipeline)[-1]
    return Form("model", options, parts=(plan, converting.convert(estimator, wish_of(options))))


def form_of(estimator: Any, wish: str) -> Form:
    """The form of one estimator alone, from its matrix to what `wish` names."""
    return converting.convert(estimator, wish)


def steps_of(pipeline: Any) -> list[Any]:
    """The fitted steps, the estimator last."""
    steps = [step for _, step in getattr(pipeline, "steps", [("estimator", pipeline)])]
    return [
        step for step in steps if step is not None and not (isinstance(step, str) and step == "passthrough")
    ]


def plan_of(pipeline: Any, signature: Signature) -> tuple[Form, dict[str, Any]]:
    """The plan from rows to the estimator's matrix, and how the model's answer is told."""
    if signature.output.type == RANKING:
        raise Unsupported("recommendations have no compiled form")
    *steps, estimator = steps_of(pipeline)
    trace = begin(signature)
    for step in steps:
        tracer = TRACERS.get(type(step).__name__)
        if tracer is not None and type(step).__module__.startswith("mlregistry."):
            tracer(trace, step)
        elif type(step).__module__.startswith("mlregistry.ml.steps"):
            raise Unsupported(f"the step {type(step).__name__} has no compiled form")
        else:
            trace.columns = transformed(trace, step, trace.columns)
    return trace.finished(), answer_of(estimator, signature)


def answer_of(estimator: Any, signature: Signature) -> dict[str, Any]:
    """What the head's columns are: probabilities, values, quantiles or clusters."""
    if signature.output.type == CLUSTER:
        return {"answers": "clusters"}
    if hasattr(estimator, "predict_quantiles"):
        return {"answers": "quantiles", "levels": [f"{level:.4g}" for level in estimator.levels_]}
    if not signature.classes:
        return {"answers": "values"}
    options: dict[str, Any] = {
        "answers": "probabilities", "classes": [plain(value) for value in estimator.classes_]
    }  # fmt: skip
    threshold = getattr(estimator, "threshold_", None)
    if threshold is not None:
        options["threshold"] = float(threshold)
    return options


def wish_of(options: dict[str, Any]) -> str:
    """What is asked of the estimator for such an answer."""
    found = {"clusters": converting.LABELS, "probabilities": converting.PROBABILITIES}
    return found.get(options["answers"], converting.VALUES)
