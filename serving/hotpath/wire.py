"""MLflow's scoring formats: request bodies as rows, scores as an answer. `predict` calls both ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from mlregistry.errors import Invalid, MlregistryError, TooLarge
from serving.hotpath import decoding, strict_json, wishes
from serving.hotpath.csv_rows import read_csv
from serving.hotpath.decoding import Decoder
from serving.hotpath.row_formats import MAX_ROWS, Row, check_filled, read_rows, short

MAX_BYTES = 16 * 1024 * 1024
MAX_UNIT_ID = 256
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
EXTRAS = ("params", "unit_id")
PARAMS = ("unit_id", "probabilities", *wishes.CHECKS)
NO_PARAMS: Mapping[str, Any] = {}
encode = msgspec.json.Encoder().encode


class UnsupportedMedia(MlregistryError):
    """The body is in a form that the prediction path does not read."""

    status = 415
    code = "unsupported_media_type"


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request: rows as the client named them, the unit it is about, its params."""

    rows: Sequence[Row]
    unit_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


class Body(msgspec.Struct, frozen=True):
    """A body whose envelope is read but whose rows are not: the variant (and so the columns) comes later."""

    unit_id: str | None
    params: Mapping[str, Any]
    read: Callable[[tuple[Any, ...]], list[Row]]
    asked: Any = None  # what a protocol's answer needs to know of its request
    opened: decoding.Opened | None = None

    def rows(self, inputs: tuple[Any, ...], decoder: Decoder | None = None) -> Sequence[Row]:
        """The rows for a model with these input fields, at once where its decoder takes them."""
        if decoder is not None and self.opened is not None:
            found = decoder.rows(self.opened)
            if found is not None:
                return found
        return self.read(inputs)


def read(body: bytes, headers: Mapping[str, str], inputs: tuple[Any, ...]) -> Request:
    """Reads a whole request for a model with these input fields."""
    opened = open_body(body, headers)
    return Request(rows=opened.rows(inputs), unit_id=opened.unit_id, params=opened.params)


def open_body(body: bytes, headers: Mapping[str, str]) -> Body:
    """Reads the envelope: media type, size, format, unit id, params. Header names are lower-case."""
    check_size(body)
    media = media_type(headers)
    unit_id = headers.get("x-unit-id") or None
    if media == "text/csv":
        return Body(unit(unit_id, "X-Unit-Id"), {}, lambda inputs: _csv_rows(body, inputs))
    opened = decoding.open_envelope(body)
    if opened is not None:
        sent = NO_PARAMS if opened.params is None else params(opened.params)
        if unit_id is not None or opened.unit_id is not None or sent:
            unit_id = _unit_of(unit_id, opened.unit_id, sent)
        return Body(unit_id, sent, lambda inputs: _general_rows(body, inputs), None, opened)
    data = strict_json.decode(body)
    name = _format(data)
    sent = params(data.get("params"))
    return Body(
        _unit_of(unit_id, data.get("unit_id"), sent), sent, lambda inputs: read_rows(name, data[name], inputs)
    )


def _unit_of(headed: str | None, own: Any, sent: Mapping[str, Any]) -> str | None:
    """All that were sent are checked; the header's counts, then the body's, then the one in the params."""
    given = (("X-Unit-Id", headed), ("unit_id", own), ("params.unit_id", sent.get("unit_id")))
    units = [unit(value, where) for where, value in given if value is not None]
    return units[0] if units else None


def _general_rows(body: bytes, inputs: tuple[Any, ...]) -> list[Row]:
    data = strict_json.decode(body)
    name = _format(data)
    return read_rows(name, data[name], inputs)


def check_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BYTES // 2**20} MB.", field="body")


def _csv_rows(body: bytes, inputs: tuple[Any, ...]) -> list[Row]:
    rows = read_csv(body, inputs, max_rows=MAX_ROWS)
    check_filled(rows)
    return rows


def media_type(headers: Mapping[str, str]) -> str:
    """Which of the two media types the body is in; UnsupportedMedia names the header that says otherwise."""
    return _media(
        headers.get("content-type", "application/json"), headers.get("content-encoding", "identity")
    )


@lru_cache(maxsize=256)
def _media(content_type: str, content_encoding: str) -> str:
    media, _, options = content_type.partition(";")
    media = media.strip().lower() or "application/json"
    if media not in ("application/json", "text/csv"):
        raise UnsupportedMedia("Send application/json or text/csv.", field="Content-Type")
    charset = options.lower().replace('"', "").replace(" ", "").partition("charset=")[2].partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia("Send the body in UTF-8.", field="Content-Type")
    if content_encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedMedia("Send the body uncompressed.", field="Content-Encoding")
    return media


def _format(data: Any) -> str:
    if not isinstance(data, dict):
        raise Invalid(
            f"The body must be a JSON object with exactly one of {', '.join(FORMATS)}.", field="body"
        )
    unknown = [name for name in data if name not in FORMATS and name not in EXTRAS]
    if unknown:
        raise Invalid(f"The field “{short(unknown[0])}” is not known here.", field=short(unknown[0]))
    found = [name for name in FORMATS if name in data]
    if len(found) != 1:
        had = f"{len(found)} of them were sent" if found else "none was sent"
        raise Invalid(f"The body must hold exactly one of {', '.join(FORMATS)}; {had}.", field="body")
    return found[0]


def params(given: Any, *, where: str = "params") -> dict[str, Any]:
    """The parameters of a request; Invalid names the one that is unknown or wrong."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Invalid(f"“{where}” must be a JSON object.", field=where)
    unknown = [short(name) for name in given if name not in PARAMS]
    if unknown:
        raise Invalid(f"The parameter “{unknown[0]}” is not known here.", field=f"{where}.{unknown[0]}")
    if not isinstance(given.get("probabilities", True), bool):
        raise Invalid(f"“{where}.probabilities” must be true or false.", field=f"{where}.probabilities")
    wishes.check(given)
    return given


def unit(value: Any, where: str) -> str | None:
    """A unit id is a text or an integer; 42 and "42" are the same unit."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid(f"“{where}” must be a text or an integer.", field=where)
    if isinstance(value, int) and not strict_json.MIN_INTEGER <= value <= strict_json.MAX_INTEGER:
        raise Invalid(f"“{where}” does not fit into 64 bits.", field=where)
    text = str(value)
    if not 0 < len(text) <= MAX_UNIT_ID or not text.isprintable():
        raise Invalid(f"“{where}” must be 1 to {MAX_UNIT_ID} printable characters.", field=where)
    return text


def answer(
    scores: Mapping[str, Any], *, prediction_ids: Sequence[str] | msgspec.Raw, params: Mapping[str, Any]
) -> bytes:
    """The body of an answer. Probabilities are sent for every classifier unless the params decline them."""
    whole = {"predictions": scores["predictions"], **scores, "prediction_ids": prediction_ids}
    if params and not params.get("probabilities", True):
        for name in ("probabilities", "classes"):
            whole.pop(name, None)
    return encode(whole)
