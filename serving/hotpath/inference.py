"""The Open Inference Protocol v2 over REST: infer, model metadata and readiness.

Names and shapes are those of specification/protocol/inference_rest.md in github.com/kserve/open-inference-protocol.
Its binary extension is not spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from mlregistry.errors import Invalid, MlregistryError, NotFound
from serving.hotpath import decoding, matrices, problems, strict_json, tensors, wire
from serving.hotpath.protocols import Answer, Served
from serving.hotpath.row_formats import Row, short
from serving.hotpath.snapshot import Endpoint, Snapshot, Variant

FIELDS = ("id", "parameters", "inputs", "outputs")
LONGEST_ID = 256
OUTPUTS = ("predictions", "probabilities", "quantiles")
PLATFORM = "mlregistry"
JSON = {"Content-Type": "application/json"}
Size = Annotated[int, Meta(ge=0)]


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    shape: tuple[Size, Size]
    datatype: str
    data: Raw
    parameters: dict[str, Any] = {}


class _OneTensor(msgspec.Struct):
    inputs: tuple[_Tensor]


_one_tensor = msgspec.json.Decoder(_OneTensor).decode


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer repeats of its request: the id, and the outputs that were asked for (None: all)."""

    id: str | None
    outputs: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Inference:
    """One infer request; `version` as in the address."""

    version: int | None = None

    def open_body(self, body: bytes, headers: Mapping[str, str]) -> wire.Body:
        wire.check_size(body)
        if wire.media_type(headers) != "application/json":
            raise wire.UnsupportedMedia("Send application/json.", field="Content-Type")
        if headers.get("inference-header-content-length"):
            raise wire.UnsupportedMedia("Send the tensors as JSON.", field="Inference-Header-Content-Length")
        found = matrices.cut(body, matrices.DATA) if len(body) >= matrices.LEAST_BYTES else None
        opened = None if found is None else _of_one_matrix(*found)
        data = strict_json.decode(body if found is None or opened is None else found[0])
        sent = _inputs(data)
        parameters = _parameters(data)
        unit = parameters.pop("unit_id", None)
        headed = headers.get("x-unit-id") or None
        unit_id = wire.unit(headed, "X-Unit-Id") or wire.unit(unit, "parameters.unit_id")
        params = wire.params(parameters, where="parameters")
        if opened is None:
            return wire.Body(unit_id, params, lambda inputs: tensors.rows_of(sent, inputs), _asked(data))
        return wire.Body(unit_id, params, lambda inputs: _rows_of(body, inputs), _asked(data), opened)

    def answer(self, scores: Mapping[str, Any], opened: wire.Body, served: Served) -> bytes:
        asked: Asked = opened.asked
        outputs = _outputs(scores, opened.params)
        known = {output["name"]: output for output in outputs}
        if asked.outputs is not None:
            unknown = [name for name in asked.outputs if name not in known]
            if unknown:
                raise Invalid(f"The model gives no output “{short(unknown[0])}”.", field="outputs.name")
            outputs = [known[name] for name in asked.outputs]
        whole: dict[str, Any] = {
            "model_name": served.endpoint.name,
            "model_version": str(served.variant.model.version),
            "id": asked.id if asked.id is not None else served.id,
            "parameters": {"prediction_id": served.id},
            "outputs": outputs,
        }
        return msgspec.json.encode(whole)

    def problem(self, error: MlregistryError, *, request_id: str) -> Answer:
        """`{"error": …}`, with the status and headers of the other protocols."""
        status, headers, _ = problems.problem(error, request_id=request_id)
        field = f"{error.field}: " if error.field and error.field not in error.message else ""
        return status, {**headers, **JSON}, error_body(field + error.message)


def _of_one_matrix(rest: bytes, matrix: matrices.Matrix) -> decoding.Opened | None:
    """A request whose one tensor is this matrix, of rows × columns; None where that is not plain."""
    if b"\\" in rest:
        return None
    try:
        tensor = _one_tensor(rest).inputs[0]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    fits = tensor.datatype in tensors.FLOATS and 0 not in tensor.shape
    shaped = matrix.numbers.shape in ((1, tensor.shape[0] * tensor.shape[1]), tensor.shape)
    if not fits or not shaped or bytes(tensor.data) != matrices.STAND_IN:
        return None
    parts = (part.reshape(tensor.shape) for part in (matrix.numbers, matrix.whole))
    return decoding.Opened(matrices.STAND_IN, None, None, None, matrices.Matrix(*parts), tensor.name)


def _rows_of(body: bytes, inputs: tuple[Any, ...]) -> list[Row]:
    return tensors.rows_of(_inputs(strict_json.decode(body)), inputs)


def error_body(message: str) -> bytes:
    """The protocol's error object."""
    return msgspec.json.encode({"error": problems.clean(message)})


def metadata(endpoint: Endpoint, snapshot: Snapshot, *, version: int | None) -> dict[str, Any]:
    """The model behind an endpoint as the protocol describes it; of a version, or of the one with most traffic."""
    variant = variant_of(endpoint, version)
    signature = variant.model.signature
    classes = list(signature.get("classes") or ())
    inputs = [
        {"name": field["name"], "datatype": tensors.DATATYPES[field["type"]], "shape": [-1]}
        for field in signature.get("inputs", ())
    ]
    return {
        "name": endpoint.name,
        "versions": sorted({str(one.model.version) for one in endpoint.variants}, key=int),
        "platform": PLATFORM,
        "inputs": inputs,
        "outputs": _output_metadata(variant, classes),
    }


def is_ready(endpoint: Endpoint, snapshot: Snapshot, *, version: int | None) -> bool:
    """Whether what the address names can answer: the version, or all that stand behind the endpoint."""
    asked = endpoint.variants if version is None else (variant_of(endpoint, version),)
    return all(variant.model.version_id in snapshot.models for variant in asked)


def variant_of(endpoint: Endpoint, version: int | None) -> Variant:
    """The variant of a version; without one, the variant with the largest share."""
    if version is None:
        shares = endpoint.layout.shares()
        return max(endpoint.variants, key=lambda variant: shares.get(variant.key, 0))
    for variant in endpoint.variants:
        if variant.model.version == version:
            return variant
    raise NotFound(f"Version {version} does not stand behind “{endpoint.name}”.")


def _output_metadata(variant: Variant, classes: list[Any]) -> list[dict[str, Any]]:
    if classes:
        return [
            {"name": "predictions", "datatype": tensors.datatype_of(classes), "shape": [-1]},
            {"name": "probabilities", "datatype": "FP64", "shape": [-1, len(classes)]},
        ]
    datatype = {"recommendation": "BYTES", "clustering": "INT64"}.get(variant.model.kind, "FP64")
    return [{"name": "predictions", "datatype": datatype, "shape": [-1]}]


def _inputs(data: Any) -> list[Any]:
    if not isinstance(data, dict):
        raise Invalid("The body must be a JSON object with “inputs”.", field="body")
    unknown = [name for name in data if name not in FIELDS]
    if unknown:
        raise Invalid(f"The field “{short(unknown[0])}” is not known here.", field=short(unknown[0]))
    sent = data.get("inputs")
    if not isinstance(sent, list) or not sent:
        raise Invalid("“inputs” must be a list of tensors.", field="inputs")
    return sent


def _parameters(data: Mapping[str, Any]) -> dict[str, Any]:
    parameters = data.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Invalid("“parameters” must be an object.", field="parameters")
    # How a client encodes its own objects is no business of the model's.
    return {name: value for name, value in parameters.items() if name not in ("content_type", "headers")}


def _asked(data: Mapping[str, Any]) -> Asked:
    id, outputs = data.get("id"), data.get("outputs")
    if id is not None and (not isinstance(id, str) or len(id) > LONGEST_ID):
        raise Invalid(f"“id” must be a text of at most {LONGEST_ID} characters.", field="id")
    if outputs is None or outputs == []:
        return Asked(id, None)
    if not isinstance(outputs, list) or len(outputs) > len(OUTPUTS):
        raise Invalid(f"“outputs” must be a list of {', '.join(OUTPUTS)}.", field="outputs")
    for output in outputs:
        if not isinstance(output, dict) or output.get("name") not in OUTPUTS:
            raise Invalid(f"An output is one of {', '.join(OUTPUTS)}.", field="outputs.name")
        if not isinstance(output.get("parameters", {}), dict):
            raise Invalid("“parameters” must be an object.", field="outputs.parameters")
    return Asked(id, tuple(output["name"] for output in outputs))


def _outputs(scores: Mapping[str, Any], params: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [tensors.column_tensor("predictions", scores["predictions"])]
    probabilities, classes = scores.get("probabilities"), scores.get("classes")
    if probabilities is not None and params.get("probabilities", True):
        found.append(
            tensors.matrix_tensor("probabilities", probabilities, list(classes or ()), label="classes")
        )
    if quantiles := scores.get("quantiles"):
        levels = list(quantiles[0])
        rows = [[row[level] for level in levels] for row in quantiles]
        found.append(tensors.matrix_tensor("quantiles", rows, levels, label="levels"))
    return found
