"""What the jail tells of a model that it opened. Whoever was inside may have written it: the reader believes no more
than the types and bounds here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mlregistry.errors import Invalid

MOST_BYTES = 8 * 2**20
LONGEST_TEXT = 2_000
MOST_LINES = 200
REPORT, MODEL, FORM, ATTEMPTS = "report.json", "model.skops", "compiled.npz", "attempts.txt"
Scalar = str | int | float | bool | None


class Kind(msgspec.Struct):
    """Of `compiling.parity.Kind`."""

    kind: str
    n_inputs: int = 0
    n_refused: int = 0
    n_wrong: int = 0
    worst: float | None = 0.0
    where: str = ""
    wrong: list[str] = []


class Tried(msgspec.Struct):
    """Of `compiling.measuring.Tried`."""

    name: str
    title: str
    verdict: str
    reason: str = ""
    size: int = 0
    seconds_one: float | None = None
    seconds_many: float | None = None
    worst: float | None = 0.0
    where: str = ""
    kinds: list[Kind] = []


class Report(msgspec.Struct):
    """Of the parity gate."""

    format: int
    winner: str
    precision: str
    most_rows: int | None
    n_inputs: int
    candidates: list[Tried]


class Findings(msgspec.Struct, forbid_unknown_fields=True):
    """`problem` says why it is refused; `attempts` what it tried to do besides; `asked` the names a pickle imports."""

    problem: str = ""
    estimator: str = ""
    steps: list[str] = []
    kind: str = ""
    classes: list[Scalar] = []
    feature_names: list[str] = []
    n_features: int | None = None
    written_with: dict[str, str] = {}
    opened_with: dict[str, str] = {}
    asked: list[str] = []
    attempts: list[str] = []
    notes: list[str] = []
    signature: dict[str, Any] | None = None
    signature_from: str = ""
    example: list[dict[str, Scalar]] = []
    report: Report | None = None
    has_form: bool = False
    has_skops: bool = False

    def shown(self) -> dict[str, Any]:
        """What people see of it, as JSON; signature, example and report are kept elsewhere."""
        names = (
            "estimator", "steps", "kind", "classes", "feature_names", "n_features", "written_with", "opened_with",
            "asked", "attempts", "notes", "signature_from",
        )  # fmt: skip
        return {name: bounded(getattr(self, name)) for name in names}


def write(findings: Findings, folder: Path) -> None:
    (folder / REPORT).write_bytes(msgspec.json.encode(findings))


def read(folder: Path) -> Findings | None:
    """None where the jail wrote nothing; Invalid for what is none of it."""
    path = folder / REPORT
    if path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise Invalid("The description of the opened model is too long.", field="file")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Findings)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Invalid(
            "What was opened described itself in a way that cannot be read.", field="file"
        ) from error


def bounded(value: Any, most: int = MOST_LINES) -> Any:
    """As a column of JSON holds it: texts of some length without NUL, lists and objects of some length."""
    if isinstance(value, str):
        return value.replace("\x00", "")[:LONGEST_TEXT]
    if isinstance(value, list):
        return [bounded(one, most) for one in value[:most]]
    if isinstance(value, dict):
        return {bounded(str(key)): bounded(one, most) for key, one in list(value.items())[:most]}
    return value
