"""The estimator as an ONNX graph behind our row plan; a candidate where skl2onnx and onnxruntime are installed."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling import compiler
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.onnx_ops import INPUT
from mlregistry.ml.signature import Signature

if TYPE_CHECKING:
    import skl2onnx
    from skl2onnx.common import data_types
else:
    skl2onnx = lazily("skl2onnx")
    data_types = lazily("skl2onnx.common.data_types")

OPSETS = {"": 18, "ai.onnx.ml": 3}


def is_installed() -> bool:
    return find_spec("skl2onnx") is not None and find_spec("onnxruntime") is not None


def _compile(precision: str, pipeline: Any, signature: Signature) -> Form:
    """The whole model with the estimator's part in ONNX."""
    plan, options = compiler.plan_of(pipeline, signature)
    estimator = pipeline.steps[-1][1] if hasattr(pipeline, "steps") else pipeline
    return Form("model", options, parts=(plan, graph_of(estimator, precision)))


def graph_of(estimator: Any, precision: str) -> Form:
    """Unsupported when the converter refuses the estimator."""
    type_of = data_types.FloatTensorType if precision == "float32" else data_types.DoubleTensorType
    is_classifier = hasattr(estimator, "classes_")
    asked = {id(estimator): {"zipmap": False}} if is_classifier else None
    try:
        graph = skl2onnx.to_onnx(
            estimator, initial_types=[(INPUT, type_of([None, estimator.n_features_in_]))], options=asked,
            target_opset=OPSETS,
        )  # fmt: skip
    except Exception as error:  # the converter raises errors of many kinds
        raise Unsupported(f"skl2onnx refuses it: {str(error)[:200]}") from error
    bytes_of = np.frombuffer(graph.SerializeToString(), dtype=np.uint8)
    return Form("onnx", {"precision": precision, "output": 1 if is_classifier else 0}, {"graph": bytes_of})


double, single = partial(_compile, "float64"), partial(_compile, "float32")
