"""ONNX files from outside: checked by onnx and onnxruntime inside the jail, then answered like a model of ours."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling import tracing
from mlregistry.ml.compiling.forms import Form
from mlregistry.ml.compiling.onnx_ops import DTYPES, session_of
from mlregistry.ml.signature import Signature, plain

if TYPE_CHECKING:
    import onnx
else:
    onnx = lazily("onnx")

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
ENDLESS = frozenset({"Loop", "Scan", "If", "SequenceMap", "ZipMap"})
MOST_NODES = 20_000
LABELS = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")


def why_not() -> str:
    """Why ONNX files cannot be checked here; empty when they can."""
    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    return f'the server lacks {" and ".join(missing)}: pip install "mlregistry[onnx]"' if missing else ""


class OnnxModel:
    """Predicts as scikit-learn's estimators do. `output` is the place of the numbers among the graph's outputs."""

    told_as = "ONNX graph"

    def __init__(self, path: Path, classes: tuple[Any, ...] = ()) -> None:
        self.graph = path.read_bytes()
        described = checked_graph(path)
        self.versions = _versions(described)
        self.session = session_of(self.graph)
        self.input, self.precision, self.n_features_in_ = _input(self.session)
        outputs = self.session.get_outputs()
        self.output = len(outputs) - 1
        if len(outputs) > 2:
            raise Invalid("The graph has more than two outputs; labels and probabilities, or values, are served.",
                          field="file")  # fmt: skip
        if len(outputs) == 2:
            found = _labels(described) or list(classes)
            self.classes_ = np.array(found, dtype=object) if found else self._counted()

    def predict_proba(self, values: Any) -> Any:
        return self._run(values)[self.output].astype(np.float64)

    def predict(self, values: Any) -> Any:
        if self.output:
            return self.classes_[self.predict_proba(values).argmax(axis=1)]
        return self._run(values)[0].astype(np.float64).reshape(len(values), -1)[:, 0]

    def labels_differ(self, values: Any) -> bool:
        """Whether the graph's own labels are others than the likeliest classes."""
        labels = [plain(value) for value in np.asarray(self._run(values)[0]).ravel()]
        return labels != [plain(value) for value in self.predict(values)]

    def _run(self, values: Any) -> list[Any]:
        cast = np.ascontiguousarray(np.asarray(values, dtype=np.float64).astype(DTYPES[self.precision]))
        if not np.isfinite(cast).all():
            raise ValueError("a value is missing or infinite")
        return list(self.session.run(None, {self.input: cast}))

    def _counted(self) -> Any:
        width = self._run(np.zeros((1, self.n_features_in_)))[self.output].shape[-1]
        return np.array(list(range(int(width))), dtype=object)


def checked_graph(path: Path) -> Any:
    """The graph without its session; Invalid for what is none, or holds more than arithmetic."""
    try:
        found = onnx.load(str(path), load_external_data=False)
        onnx.checker.check_model(found)
    except Exception as error:  # protobuf and the checker raise errors of many kinds
        raise Invalid(
            f"The file is no ONNX model: {str(error).splitlines()[0][:200]}", field="file"
        ) from error
    nodes = list(found.graph.node)
    if len(nodes) > MOST_NODES or len(found.functions):
        raise Invalid("The graph is too large, or defines functions of its own.", field="file")
    for node in nodes:
        if node.domain not in DOMAINS:
            raise Invalid(
                f"The graph needs operators of “{node.domain[:60]}”, which are not run here.", field="file"
            )
        if node.op_type in ENDLESS:
            hint = "; export it with zipmap=False" if node.op_type == "ZipMap" else ""
            raise Invalid(f"The graph uses {node.op_type}, which is not run here{hint}.", field="file")
    if any(tensor.data_location for tensor in found.graph.initializer):
        raise Invalid("The graph's weights lie in another file; save them in the model.", field="file")
    return found


def _input(session: Any) -> tuple[str, str, int]:
    inputs = session.get_inputs()
    kinds = {"tensor(float)": "float32", "tensor(double)": "float64"}
    if len(inputs) != 1 or inputs[0].type not in kinds or len(inputs[0].shape) != 2:
        raise Invalid(
            "The graph must take one matrix of numbers, rows × columns; it takes other input.", field="file"
        )
    width = inputs[0].shape[1]
    if not isinstance(width, int) or width < 1:
        raise Invalid("The graph does not say how many columns it takes.", field="file")
    return str(inputs[0].name), kinds[inputs[0].type], width


def _labels(model: Any) -> list[Any]:
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in LABELS:
                return list(attribute.ints) or [text.decode("utf-8", "replace") for text in attribute.strings]
    return []


def _versions(model: Any) -> dict[str, str]:
    found = {f"opset {one.domain or 'ai.onnx'}": str(one.version) for one in model.opset_import}
    maker = f"{model.producer_name} {model.producer_version}".strip()
    return {**({"producer": maker} if maker else {}), **found}


def opened_with() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("onnx", "onnxruntime")}


def form_of(model: OnnxModel, signature: Signature) -> Form:
    """The graph behind a plan that hands it the columns in order."""
    trace = tracing.begin(signature)
    options: dict[str, Any] = {"answers": "values"}
    if signature.classes:
        options = {"answers": "probabilities", "classes": list(signature.classes)}
    head = Form(
        "onnx", {"precision": model.precision, "output": model.output, "input": model.input},
        {"graph": np.frombuffer(model.graph, dtype=np.uint8)},
    )  # fmt: skip
    return Form("model", options, parts=(trace.finished(), head))
