"""Runs the estimator of a form as an ONNX graph, where onnxruntime is installed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling.forms import Array, Form, Run, finite_or_refuse, need

if TYPE_CHECKING:
    import onnxruntime
else:
    onnxruntime = lazily("onnxruntime")

MOST_BYTES = 1024 * 2**20
INPUT = "values"
DTYPES: dict[str, Any] = {"float32": np.float32, "float64": np.float64}


def onnx(form: Form, parts: list[Run]) -> Run:
    """Runs the graph on one thread. A session does not survive a fork, so each process makes its own."""
    precision, output = DTYPES[form.options["precision"]], int(form.options["output"])
    name = str(form.options.get("input", INPUT))
    if find_spec("onnxruntime") is None:
        raise Invalid("The package onnxruntime is not installed here.", field="op")
    graph = form.arrays["graph"]
    need(graph.dtype == np.uint8 and graph.ndim == 1 and len(graph) <= MOST_BYTES and output in (0, 1), form)
    sessions: dict[int, Any] = {}

    def run(values: Array) -> Array:
        session = sessions.get(os.getpid())
        if session is None:
            sessions.clear()
            session = sessions[os.getpid()] = session_of(graph.tobytes())
        cast = values.astype(precision)
        finite_or_refuse(cast)
        found = np.asarray(session.run(None, {name: cast})[output], dtype=np.float64)
        return found.reshape(len(values), -1)

    return run


def session_of(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


OPS: dict[str, Any] = {"onnx": onnx}
