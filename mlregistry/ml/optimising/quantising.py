"""Networks in 8 bits: every matrix of weights as whole numbers from −127 to 127 with a scale per neuron.

Weights alone: with activations in 8 bits too (ONNX Runtime's dynamic quantisation) their scale is taken over the whole
request, so that the answer to a row would depend on the rows beside it. The arithmetic stays in 64 bits, so that a row
alone and among others is answered alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling import onnx_forms
from mlregistry.ml.compiling.forms import Unsupported
from mlregistry.ml.optimising.inner import inner_of, with_inner
from mlregistry.ml.optimising.quantised import QuantisedClassifier, QuantisedRegressor
from mlregistry.ml.optimising.subject import Made, Subject

if TYPE_CHECKING:
    import onnx
else:
    onnx = lazily("onnx")

Array = npt.NDArray[Any]
LEVELS = 127


def quantise(subject: Subject) -> Iterator[Made]:
    """One candidate, which serves through ONNX Runtime alone."""
    network = inner_of(subject.pipeline)
    try:
        graph = bytes(onnx_forms.graph_of(network, "float64").arrays["graph"].tobytes())
    except Unsupported as error:
        raise Invalid(f"The network has no ONNX graph: {error}", field="methods") from error
    small, n_weights = in_8_bits(graph)
    packed, width = np.frombuffer(small, dtype=np.uint8), int(network.n_features_in_)
    made = (
        QuantisedClassifier(packed, width, network.classes_)
        if hasattr(network, "classes_")
        else QuantisedRegressor(packed, width)
    )
    yield Made(
        "quantise",
        "Weights in 8 bits",
        with_inner(subject.pipeline, made),
        f"{n_weights:,} weights in 8 bits with a scale per neuron, as an ONNX graph of {len(small):,} bytes"
        f" ({len(graph):,} in 64 bits).",
        facts={"n_weights": n_weights, "graph_bytes": len(small), "graph_bytes_before": len(graph)},
        notes=("It is served where onnxruntime is installed.",),
    )


def in_8_bits(graph: bytes) -> tuple[bytes, int]:
    """The graph with its matrices of weights in 8 bits, and how many weights these are."""
    model = onnx.load_from_string(graph)
    used = {name for node in model.graph.node if node.op_type in ("MatMul", "Gemm") for name in node.input}
    kept, nodes, n_weights = [], [], 0
    for tensor in list(model.graph.initializer):
        weights = onnx.numpy_helper.to_array(tensor)
        if tensor.name not in used or weights.ndim != 2 or weights.dtype != np.float64:
            kept.append(tensor)
            continue
        numbers, scale = _rounded(weights)
        name, n_weights = tensor.name, n_weights + weights.size
        parts = {"8": numbers, "scale": scale, "zero": np.zeros(len(scale), dtype=np.int8)}
        kept += [onnx.numpy_helper.from_array(value, f"{name}_{part}") for part, value in parts.items()]
        short = f"{name}_short"
        nodes += [
            onnx.helper.make_node("DequantizeLinear", [f"{name}_{part}" for part in parts], [short], axis=1),
            onnx.helper.make_node("Cast", [short], [name], to=onnx.TensorProto.DOUBLE),
        ]
    if not nodes:
        raise Invalid("The network has no matrix of weights that could be kept in 8 bits.", field="methods")
    old = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*nodes, *old])
    onnx.checker.check_model(model)
    return model.SerializeToString(), n_weights


def _rounded(weights: Array) -> tuple[Array, Array]:
    """Whole numbers and the scale of each column."""
    scale = np.abs(weights).max(axis=0) / LEVELS
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    return np.clip(np.round(weights / scale), -LEVELS, LEVELS).astype(np.int8), scale
